//! Whether AWS Backup can make the recovery point of an upgrade or a backup.

use crate::engine::inventory::{Inventory, Phase};
use crate::engine::plan::Finding;
use crate::existing::{Existing, Lookup, Named};

use super::finding::{self, refusal, warning};
use super::{identity, storage};

/// Whether AWS Backup is opted in to EFS in a region, which the lookup names.
pub fn opted_in(choice: &Named<bool>) -> Option<Finding> {
    let region = &choice.name;
    let what = format!("whether AWS Backup is opted in to EFS in {region}");
    match &choice.lookup {
        Lookup::Found(true) => None,
        Lookup::Found(false) | Lookup::Missing => Some(refusal(
            "backup/not-opted-in",
            format!("AWS Backup is not opted in to EFS in {region}, so there would be no recovery point"),
            format!("aws backup update-region-settings --region {region} --resource-type-opt-in-preference EFS=true"),
        )),
        Lookup::Unread(why) => Some(finding::unread(&what, why)),
        Lookup::Denied(why) => Some(warning(
            "backup/not-checked",
            format!("the caller may not read {what}: {why}"),
            "grant the caller backup:DescribeRegionSettings; without the opt-in, the backup fails before any other \
             change",
        )),
    }
}

/// The deployment's backup vault could not be read. `needed`: a recovery point will be created.
pub fn unread(inventory: &Inventory, needed: bool) -> Option<Finding> {
    let why = inventory.unread.get("backup-vault")?;
    let what = "whether the deployment has a backup vault";
    Some(if needed {
        refusal(
            "backup/no-vault",
            format!("{what} could not be checked, so there would be no recovery point: {why}"),
            "make sure that AWS Backup works in this account and region; --no-backup upgrades without a recovery point",
        )
    } else {
        finding::unread(what, why)
    })
}

/// The existing role for AWS Backup, and the key that encrypts recovery points.
pub fn role(existing: &Existing) -> Vec<Finding> {
    let Existing { backup_role, key, .. } = existing;
    let role = backup_role.iter().flat_map(|role| identity::role(role, identity::Which::Backup));
    role.chain(key.iter().flat_map(storage::key)).collect()
}

/// A backup while Cloud Exchange runs. Source: Amazon EFS user guide, "Backup consistency".
pub fn running(inventory: &Inventory, file: &str) -> Option<Finding> {
    let service = inventory.live.iter().find(|live| live.address.kind() == "service")?;
    (service.phase != Phase::Idle).then_some(warning(
        "backup/running",
        "Cloud Exchange may write while AWS copies the files: files that change can be duplicated, incomplete or \
             missing in the backup, and MongoDB may be unable to start from it"
            .to_owned(),
        format!("for a consistent backup: ce-aws stop {file}, ce-aws backup create {file}, ce-aws start {file}"),
    ))
}
