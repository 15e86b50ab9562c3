//! Where recovery points are kept: a vault of AWS Backup.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::tags;

/// A vault. Outputs: `id` (the name), `name`, `arn`, `holds` (`3 recovery points`; absent when it is empty).
///
/// Its name must be `context.names.stack()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BackupVault {
    pub name: String,
    /// ARN of the key that encrypts recovery points; `None` takes AWS Backup's own, `aws/backup`.
    pub kms_key: Option<String>,
}

/// The address of the deployment's vault.
pub fn address() -> Address {
    Address::new(BackupVault::KIND.name, "main")
}

impl Spec for BackupVault {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        dispensable: true,
        immutable: &["name", "kms_key"],
        ..Kind::new("backup-vault", Part::Storage)
    };
}

#[async_trait]
impl Resource for BackupVault {
    /// By a list: of a vault that does not exist, DescribeBackupVault says AccessDenied (seen by the Terraform AWS
    /// provider, which takes the one for the other).
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages = context.aws.backup.list_backup_vaults().into_paginator().items().send();
        let vaults = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("backup ListBackupVaults"))?;
        let name = context.names.stack();
        let mut found = Vec::new();
        for vault in vaults.iter().filter(|vault| vault.backup_vault_name() == Some(&name)) {
            let arn = required("backup DescribeBackupVault", "BackupVaultArn", vault.backup_vault_arn())?;
            let tags = tags::backup::read(context, arn).await?;
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let mut entry = Found::new(address, &name).output("name", &name).output("arn", arn).tags(tags);
            match vault.number_of_recovery_points() {
                0 => {}
                1 => entry = entry.output("holds", "1 recovery point"),
                many => entry = entry.output("holds", &format!("{many} recovery points")),
            }
            let kms_key = vault.encryption_key_arn().map(str::to_owned);
            found.push(entry.spec(Self { name: name.clone(), kms_key }));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .backup
            .create_backup_vault()
            .backup_vault_name(&self.name)
            .set_encryption_key_arn(self.kms_key.clone())
            .creator_request_id(&target.token)
            .set_backup_vault_tags(Some(tags::backup::write(&target.tags)));
        let answer = call.send().await.map_err(on("backup CreateBackupVault"))?;
        let arn = required("backup CreateBackupVault", "BackupVaultArn", answer.backup_vault_arn())?;
        Ok(made(&self.name, &[("name", &self.name), ("arn", arn)]))
    }

    /// Nothing can be changed in place; there is nothing to do.
    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    /// AWS deletes no vault that holds something. Until the last recovery point has gone it says so, and the engine
    /// comes back.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let backup = &context.aws.backup;
        let pages =
            backup.list_recovery_points_by_backup_vault().backup_vault_name(&target.id).into_paginator().items();
        let points = pages.send().collect::<Result<Vec<_>, _>>().await;
        let points = unless_gone(points.map_err(on("backup ListRecoveryPointsByBackupVault")))?.unwrap_or_default();
        for arn in points.iter().filter_map(|point| point.recovery_point_arn()) {
            let call = backup.delete_recovery_point().backup_vault_name(&target.id).recovery_point_arn(arn);
            unless_gone(call.send().await.map_err(on("backup DeleteRecoveryPoint")))?;
        }
        let call = backup.delete_backup_vault().backup_vault_name(&target.id);
        call.send().await.map_err(on("backup DeleteBackupVault"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        let arn = target.outputs.get("arn").map(String::as_str).unwrap_or_default();
        tags::backup::set(context, arn, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let vault = place.names.arn("backup", &format!("backup-vault:{}", place.names.stack()));
        // In whichever key's name: unverified (AWS knowledge centre, on access denied when a vault is created).
        let key = place.key.clone().unwrap_or_else(|| place.any_key());
        let uses = ["CreateGrant", "GenerateDataKey", "Decrypt", "RetireGrant", "DescribeKey"];
        let create = Grant::new(Use::Make, "backup", &["CreateBackupVault", "TagResource"]).on([vault.clone()]);
        place
            .grants_on("backup", vec![vault])
            .see(&["ListBackupVaults", "ListTags"])
            .also(create.tagged(&place.names.deployment))
            .also(Grant::new(Use::Make, "backup-storage", &["MountCapsule"]))
            .also(place.key_through(Use::Make, &key, "backup", &uses, "EncryptBackups"))
            .retag()
            .erase(&["DeleteBackupVault"])
            .named(Use::Erase, &["ListRecoveryPointsByBackupVault"])
            .at(&["recovery-point:*"])
            .erase(&["DeleteRecoveryPoint"])
            .done()
    }
}
