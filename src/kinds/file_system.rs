//! The EFS file system.

use aws_sdk_efs::types::{BackupPolicy, FileSystemDescription, LifeCycleState, Status};

use super::names;
use super::prelude::*;
use crate::engine::inventory::Inventory;

/// A file system. Outputs: `id`, `arn`.
///
/// Its address is `file-system/<name>` and its creation token `context.names.creation_token(<name>)`: with the same
/// token EFS refuses a second one after a lost answer. The deployment's is `main`; one that a restored one has replaced
/// is `kept-<intent id>`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileSystem {
    pub creation_token: String,
    pub encrypted: bool,
    /// ARN of a key; `None` takes EFS's own, `aws/elasticfilesystem`.
    pub kms_key: Option<String>,
    /// `generalPurpose`.
    pub performance: String,
    /// `elastic` or `bursting`.
    pub throughput: String,
    /// AWS Backup's automatic daily backup.
    pub backup: bool,
}

impl Spec for FileSystem {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        gone_after: &["mount-target", "access-point", "file-system-policy"],
        stopped_after: &["service"],
        // A restored one was created with another token.
        write_once: &["creation_token"],
        immutable: &["encrypted", "kms_key", "performance"],
        seconds: Seconds { create: 1.0, ready: 5.0, gone: 10.0, patience: 600.0 },
        ..Kind::new("file-system", Part::Storage)
    };
}

#[async_trait]
impl Resource for FileSystem {
    const TAGGING: Tagging = Tagging::Efs;
    const ACT: Option<Action> = Some(Action::Promote);

    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let all = all(context).await?;
        let ours = all.iter().filter_map(|one| {
            let tags = tags::read(one.tags());
            let address = tags::address_of(context, Self::KIND.name, &tags)?;
            let found = Found::new(one.file_system_id()).at(address).output("arn", one.file_system_arn()).tags(tags);
            Some((one, found.phase(phase(one.life_cycle_state()))))
        });
        let found = ours.map(|(one, found)| async move {
            if depth == Depth::Phase {
                return Ok(found);
            }
            Ok::<_, Failure>(found.spec(Self {
                creation_token: one.creation_token().to_owned(),
                encrypted: one.encrypted().unwrap_or_default(),
                kms_key: one.kms_key_id().map(str::to_owned),
                performance: one.performance_mode().as_str().to_owned(),
                throughput: one.throughput_mode().map(|mode| mode.as_str().to_owned()).unwrap_or_default(),
                backup: is_backed_up(context, one.file_system_id()).await?,
            }))
        });
        try_join_all(found).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let efs = &context.aws.efs;
        let call = efs
            .create_file_system()
            .creation_token(&self.creation_token)
            .encrypted(self.encrypted)
            .set_kms_key_id(self.kms_key.clone())
            .performance_mode(self.performance.as_str().into())
            .throughput_mode(self.throughput.as_str().into())
            .backup(self.backup)
            .set_tags(Some(tags::write(&target.tags)));
        let answer = call.send().await.answer()?;
        Ok(made(answer.file_system_id(), &[("arn", answer.file_system_arn().unwrap_or_default())]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let efs = &context.aws.efs;
        // Before the throughput: while that is being changed, EFS takes no policy.
        if target.is_due("backup") {
            let status = if self.backup { Status::Enabled } else { Status::Disabled };
            let policy = BackupPolicy::builder().status(status).build().map_err(incomplete)?;
            efs.put_backup_policy().file_system_id(&target.id).backup_policy(policy).send().await.answer()?;
        }
        // EFS allows it once in 24 hours (EFS API reference, UpdateFileSystem), so only a real change is sent.
        if target.changed("throughput") {
            let mode = self.throughput.as_str().into();
            efs.update_file_system().file_system_id(&target.id).throughput_mode(mode).send().await.answer()?;
        }
        Ok(())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.efs.delete_file_system().file_system_id(&target.id).send().await.done()
    }

    /// Makes a kept one the deployment's again; the present one gets its name.
    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        swap(context, &target.id, target.address.name()).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        // Of a file system that is yet to be created AWS knows nothing but its tags.
        let create = Grant::new(Use::Make, "elasticfilesystem", &["CreateFileSystem"]).tagged(&place.names.deployment);
        let systems = Grants::new(place, "elasticfilesystem", &["file-system/*"])
            .see(&["DescribeFileSystems", "DescribeBackupPolicy"])
            .also(create.called("CreateFileSystem"))
            .tag_new("CreateFileSystem")
            .retag()
            .change(&["PutBackupPolicy", "UpdateFileSystem"])
            .erase(&["DeleteFileSystem"])
            .also(place.linking(principals::EFS));
        let uses = ["CreateGrant", "GenerateDataKeyWithoutPlaintext", "Decrypt"];
        let key = place.key.iter().flat_map(|key| {
            let seen = Grant::new(Use::See, "kms", &["DescribeKey"]).on([key.clone()]);
            [seen, place.key_through(Use::Make, key, "elasticfilesystem", &uses, "EncryptFileSystem")]
        });
        systems.and(key)
    }
}

/// Whether the address is of one that a restored one has replaced.
pub fn is_former(address: &Address) -> bool {
    address.kind() == FileSystem::KIND.name && address.name().starts_with(FORMER)
}

/// The one that the deployment works with: its id and its throughput mode.
pub fn in_use(inventory: &Inventory) -> Option<(String, String)> {
    let live = inventory.live.iter().find(|live| live.address == main() && !live.is_going())?;
    Some((live.id.clone(), live.spec["throughput"].as_str().unwrap_or_default().to_owned()))
}

/// The name of the one that the restored one of an intent replaces.
pub(super) fn former(intent: &str) -> String {
    format!("{FORMER}{intent}")
}

/// What the names of those begin with.
const FORMER: &str = "kept-";
/// The name of the one that the deployment works with.
const MAIN: &str = "main";

/// The name, inside addresses, of something that belongs to a file system: its own where that is the deployment's, else
/// with the file system's in front (`kept-0a1b2c3d-mongo-data`). So what belongs to a former one is never wanted.
pub(super) fn child(owner: &Address, name: &str) -> String {
    if owner.name() == MAIN { name.to_owned() } else { format!("{}-{name}", owner.name()) }
}

/// The same, read from AWS.
pub async fn find(context: &Context) -> Result<Option<(String, String)>, Failure> {
    let all = all(context).await?;
    let is_main = |one: &&FileSystemDescription| {
        tags::address_of(context, FileSystem::KIND.name, &tags::read(one.tags())) == Some(main())
    };
    let mode = |one: &FileSystemDescription| one.throughput_mode().map(|mode| mode.as_str().to_owned());
    Ok(all.iter().find(is_main).map(|one| (one.file_system_id().to_owned(), mode(one).unwrap_or_default())))
}

/// Every file system of the account, ours or not.
pub(super) async fn all(context: &Context) -> Result<Vec<FileSystemDescription>, Failure> {
    context.aws.efs.describe_file_systems().into_paginator().items().send().try_collect().await.answer()
}

/// The phase of one file system, tagged or not.
pub(super) async fn phase_of(context: &Context, id: &str) -> Result<Phase, Failure> {
    let answer = context.aws.efs.describe_file_systems().file_system_id(id).send().await.unless_gone()?;
    let seen = answer.as_ref().and_then(|answer| answer.file_systems().first());
    Ok(seen.map_or_else(|| Phase::Failed(format!("{id} no longer exists")), |seen| phase(seen.life_cycle_state())))
}

/// Makes a file system the deployment's, `file-system/main`; the one before gets the address `file-system/<name>`, and
/// keeps its data. Can be repeated, wherever it was interrupted:
///
/// 1. the new one gets all tags of the old one but the address;
/// 2. the old one gets its new address;
/// 3. the new one gets the address. Only between 2 and 3 there is none of that address; a new one cannot be created
///    then by mistake, because EFS refuses a second one with the first one's creation token.
pub async fn swap(context: &Context, promoted: &str, name: &str) -> Result<(), Failure> {
    let all = all(context).await?;
    let seen = all.iter().map(|one| (one.file_system_id().to_owned(), tags::read(one.tags())));
    let mains = seen.filter(|(_, tags)| tags::address_of(context, FileSystem::KIND.name, tags) == Some(main()));
    for (id, tags) in retagged(mains, promoted, name) {
        tags::set(FileSystem::TAGGING, context, &id, &tags, &[]).await?;
    }
    Ok(())
}

/// The tags to set on each, in this order, from those that are `file-system/main` now.
fn retagged(mains: impl Iterator<Item = (String, Tags)>, promoted: &str, name: &str) -> Vec<(String, Tags)> {
    let target = |address: Address| Tags::from([(names::ADDRESS.to_owned(), address.to_string())]);
    let mut all = Vec::new();
    for (id, mut tags) in mains.filter(|(id, _)| id != promoted) {
        tags.retain(|key, _| key != names::ADDRESS && !key.starts_with("aws:"));
        all.push((promoted.to_owned(), tags));
        all.push((id, target(Address::new(FileSystem::KIND.name, name))));
    }
    all.push((promoted.to_owned(), target(main())));
    all
}

fn main() -> Address {
    Address::new(FileSystem::KIND.name, MAIN)
}

/// What a state of EFS means: file systems, mount targets and access points share them.
pub(super) fn phase(state: &LifeCycleState) -> Phase {
    match state {
        LifeCycleState::Available => Phase::Ready,
        LifeCycleState::Creating | LifeCycleState::Updating => Phase::Pending(state.as_str().to_owned()),
        LifeCycleState::Deleting | LifeCycleState::Deleted => Phase::Deleting(state.as_str().to_owned()),
        other => Phase::Failed(format!("its state is {}", other.as_str())),
    }
}

async fn is_backed_up(context: &Context, id: &str) -> Result<bool, Failure> {
    let answer = context.aws.efs.describe_backup_policy().file_system_id(id).send().await.unless_gone()?;
    let status = answer.as_ref().and_then(|answer| answer.backup_policy()).map(BackupPolicy::status);
    Ok(matches!(status, Some(Status::Enabled | Status::Enabling)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Account = BTreeMap<String, Tags>;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn address(account: &Account, id: &str) -> Option<String> {
        account[id].get(names::ADDRESS).cloned()
    }

    /// A swap that is interrupted after `writes` of its writes.
    fn swap_until(account: &mut Account, promoted: &str, name: &str, writes: usize) {
        let is_main = |tags: &Tags| tags.get(names::ADDRESS).is_some_and(|address| address == main().as_str());
        let mains = account.clone().into_iter().filter(|(_, tags)| is_main(tags));
        for (id, tags) in retagged(mains, promoted, name).into_iter().take(writes) {
            account.entry(id).or_default().extend(tags);
        }
    }

    #[test]
    fn an_interrupted_swap_is_finished_by_the_next_and_undone_by_its_reverse() {
        for cut in 0..=3 {
            let mut account = Account::from([
                ("fs-old".into(), tags(&[(names::ADDRESS, "file-system/main"), ("team", "soc"), ("aws:x", "y")])),
                ("fs-new".into(), Tags::new()),
            ]);
            swap_until(&mut account, "fs-new", "kept-1", cut);
            let mains = account.keys().filter(|id| address(&account, id).as_deref() == Some("file-system/main"));
            assert!(mains.count() <= 1, "two at once after {cut}");
            swap_until(&mut account, "fs-new", "kept-1", 9);
            assert_eq!(address(&account, "fs-old").as_deref(), Some("file-system/kept-1"));
            assert_eq!(account["fs-new"], tags(&[(names::ADDRESS, "file-system/main"), ("team", "soc")]));
            swap_until(&mut account, "fs-old", "kept-1", cut);
            swap_until(&mut account, "fs-old", "kept-1", 9);
            assert_eq!(address(&account, "fs-old").as_deref(), Some("file-system/main"));
            assert_eq!(address(&account, "fs-new").as_deref(), Some("file-system/kept-1"));
        }
    }

    #[test]
    fn only_what_belongs_to_another_file_system_has_its_name() {
        assert_eq!(child(&main(), "mongo-data"), "mongo-data");
        assert_eq!(child(&Address::new("file-system", "kept-1"), "mongo-data"), "kept-1-mongo-data");
    }
}
