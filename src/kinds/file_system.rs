//! The EFS file system.

use async_trait::async_trait;
use aws_sdk_efs::types::{BackupPolicy, LifeCycleState, Status};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::aws::error::{incomplete, on, unless_gone};
use crate::engine::failure::Failure;
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Lifecycle, Part, Seconds, Spec};
use crate::engine::run::Made;

use super::resource::{At, Cx, Depth, Found, Resource, Seen, Tags, made};
use super::tags;

/// A file system. Outputs: `id`, `arn`.
///
/// Its address is `file-system/<name>` and its creation token `cx.names.creation_token(<name>)`: by that token EFS
/// refuses a second one after a lost answer.
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
        gone_after: &["mount-target", "access-point", "file-system-policy", "service"],
        immutable: &["creation_token", "encrypted", "kms_key", "performance"],
        seconds: Seconds { create: 1.0, ready: 5.0, gone: 10.0, patience: 600.0 },
        ..Kind::new("file-system", Part::Storage)
    };
}

#[async_trait]
impl Resource for FileSystem {
    async fn list(cx: &Cx, depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages = cx.aws.efs.describe_file_systems().into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("efs DescribeFileSystems"))?;
        let ours = all.iter().filter_map(|file_system| {
            let tags = tags::efs::read(file_system.tags());
            Some((tags::address_of(cx, Self::KIND.name, &tags)?, tags, file_system))
        });
        let found = ours.map(|(address, tags, file_system)| async move {
            let id = file_system.file_system_id();
            let found = Found::new(address, id)
                .output("arn", file_system.file_system_arn().unwrap_or_default())
                .phase(phase(file_system.life_cycle_state()))
                .tags(tags);
            if depth == Depth::Phase {
                return Ok(found);
            }
            Ok(found.spec(Self {
                creation_token: file_system.creation_token().to_owned(),
                encrypted: file_system.encrypted().unwrap_or_default(),
                kms_key: file_system.kms_key_id().map(str::to_owned),
                performance: file_system.performance_mode().as_str().to_owned(),
                throughput: file_system.throughput_mode().map(|mode| mode.as_str().to_owned()).unwrap_or_default(),
                backup: is_backed_up(cx, id).await?,
            }))
        });
        Ok(try_join_all(found).await?.into())
    }

    async fn create(&self, cx: &Cx, at: &At) -> Result<Made, Failure> {
        let call = cx
            .aws
            .efs
            .create_file_system()
            .creation_token(&self.creation_token)
            .encrypted(self.encrypted)
            .set_kms_key_id(self.kms_key.clone())
            .performance_mode(self.performance.as_str().into())
            .throughput_mode(self.throughput.as_str().into())
            .backup(self.backup)
            .set_tags(Some(tags::efs::write(&at.tags)));
        let answer = call.send().await.map_err(on("efs CreateFileSystem"))?;
        Ok(made(answer.file_system_id(), &[("arn", answer.file_system_arn().unwrap_or_default())]))
    }

    async fn update(&self, cx: &Cx, at: &At) -> Result<Made, Failure> {
        // EFS allows it once in 24 hours (EFS API reference, UpdateFileSystem), so that only a real change is sent.
        if at.changed("throughput") {
            let mode = self.throughput.as_str().into();
            let call = cx.aws.efs.update_file_system().file_system_id(&at.id).throughput_mode(mode);
            call.send().await.map_err(on("efs UpdateFileSystem"))?;
        }
        if at.changes.is_empty() || at.changed("backup") {
            let status = if self.backup { Status::Enabled } else { Status::Disabled };
            let call = cx.aws.efs.put_backup_policy().file_system_id(&at.id);
            let call = call.backup_policy(BackupPolicy::builder().status(status).build().map_err(incomplete)?);
            call.send().await.map_err(on("efs PutBackupPolicy"))?;
        }
        Ok(Made { id: at.id.clone(), outputs: at.outputs.clone() })
    }

    async fn delete(cx: &Cx, at: &At) -> Result<(), Failure> {
        cx.aws.efs.delete_file_system().file_system_id(&at.id).send().await.map_err(on("efs DeleteFileSystem"))?;
        Ok(())
    }

    async fn retag(cx: &Cx, at: &At, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::efs::set(cx, &at.id, set, remove).await
    }
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

async fn is_backed_up(cx: &Cx, id: &str) -> Result<bool, Failure> {
    let call = cx.aws.efs.describe_backup_policy().file_system_id(id);
    let answer = unless_gone(call.send().await.map_err(on("efs DescribeBackupPolicy")))?;
    let status = answer.as_ref().and_then(|answer| answer.backup_policy()).map(BackupPolicy::status);
    Ok(matches!(status, Some(Status::Enabled | Status::Enabling)))
}
