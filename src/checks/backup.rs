//! Whether AWS Backup may do what an upgrade or a backup asks of it.

use crate::engine::inventory::{Inventory, Phase};
use crate::engine::plan::Finding;
use crate::existing::{Existing, Lookup, Named};

use super::finding::{self, refusal, warning};
use super::{identity, storage};

/// The account's choice for a region, by name: whether AWS Backup is for EFS at all.
pub fn opted_in(choice: &Named<bool>) -> Option<Finding> {
    let region = &choice.name;
    match &choice.lookup {
        Lookup::Found(true) => None,
        Lookup::Found(false) | Lookup::Missing => Some(refusal(
            "backup/not-opted-in",
            format!("AWS Backup is not opted in to EFS in {region}: there would be no recovery point to go back to"),
            format!(
                "aws backup update-region-settings --region {region} --resource-type-opt-in-preference EFS=true; or ask \
                 whoever decides that for the account"
            ),
        )),
        Lookup::Unread(why) => {
            Some(finding::unread(&format!("whether AWS Backup is opted in to EFS in {region}"), why))
        }
        Lookup::Denied(why) => Some(warning(
            "backup/not-checked",
            format!("whether AWS Backup is opted in to EFS in {region} cannot be checked: {why}"),
            "allow backup:DescribeRegionSettings to whoever runs ce-aws; if it is not, the backup fails before anything \
             else is done",
        )),
    }
}

/// Whether there is a vault of the deployment's cannot be read. `needed` says that a recovery point is to be made.
pub fn unread(inventory: &Inventory, needed: bool) -> Option<Finding> {
    let why = inventory.unread.get("backup-vault")?;
    let what = "whether the deployment has a backup vault";
    Some(if needed {
        refusal(
            "backup/no-vault",
            format!("{what} cannot be read, so that there would be no recovery point to go back to: {why}"),
            "see that AWS Backup answers in this account and region; --no-backup upgrades without a recovery point",
        )
    } else {
        finding::unread(what, why)
    })
}

/// The role that the user brings for it, and the key that encrypts what it keeps.
pub fn role(existing: &Existing) -> Vec<Finding> {
    let Existing { backup_role, key, .. } = existing;
    let role = backup_role.iter().flat_map(|role| identity::role(role, identity::Which::Backup));
    role.chain(key.iter().flat_map(storage::key)).collect()
}

/// A backup of what is in use. Source: Amazon EFS user guide, "Backup consistency".
pub fn running(inventory: &Inventory, file: &str) -> Option<Finding> {
    let service = inventory.live.iter().find(|live| live.address.kind() == "service")?;
    (service.phase != Phase::Idle).then(|| {
        warning(
            "backup/running",
            "Cloud Exchange may write while AWS copies the files: what changes meanwhile can be in the backup twice, in \
             part or not at all, so that MongoDB may be unable to start from it"
                .to_owned(),
            format!("for a backup that is whole: ce-aws stop {file}, ce-aws backup create {file}, ce-aws start {file}"),
        )
    })
}
