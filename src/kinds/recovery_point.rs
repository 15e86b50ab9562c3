//! A backup of a file system: the job that makes one recovery point in a vault.

use aws_sdk_backup::types::{BackupJob, BackupJobState, Lifecycle, RecoveryPointStatus};
use serde_json::json;

use crate::engine::compare;

use super::backup_vault::BackupVault;
use super::file_system::FileSystem;
use super::names;
use super::prelude::*;
use super::role::Role;

/// How long AWS may take to begin, in minutes: the shortest window there is (AWS Backup API reference, StartBackupJob).
const BEGINS_WITHIN: i64 = 60;

/// A recovery point. Outputs: `id` and `job` (the job's id), `arn` (the recovery point's).
///
/// Its address is `recovery-point/<intent id>`. The idempotency token does not depend on the run, so that a resumed
/// upgrade gets the job of the first run. Deletion takes the ARN as the id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// The vault's name.
    pub vault: Ref<BackupVault>,
    /// ARN of the file system.
    pub file_system: Ref<FileSystem>,
    /// ARN of the role with which AWS Backup reads the file system.
    pub role: Ref<Role>,
    /// Days until AWS deletes it; `None` keeps it.
    pub delete_after: Option<u32>,
}

/// The address of the recovery point of an upgrade, a restore or a backup by hand.
pub fn address(intent: &str) -> Address {
    Address::new(RecoveryPoint::KIND.name, intent)
}

/// The intent that a recovery point with these tags belongs to, if it is the deployment's.
pub fn intent_of(context: &Context, tags: &Tags) -> Option<String> {
    tags::address_of(context, RecoveryPoint::KIND.name, tags).map(|address| address.name().to_owned())
}

/// The ARN of the newest completed recovery point of a file system for this intent: how it is found again after a
/// crash. The file system is given by ARN.
pub async fn find(context: &Context, file_system: &str, intent: &str) -> Result<Option<String>, Failure> {
    let call = context.aws.backup.list_recovery_points_by_backup_vault().backup_vault_name(context.names.stack());
    let points = call.by_resource_arn(file_system).into_paginator().items().send().try_collect();
    let mut points: Vec<_> = points.await.unless_gone()?.unwrap_or_default();
    points.retain(|point| point.status() == Some(&RecoveryPointStatus::Completed));
    points.sort_by_key(|point| point.creation_date().map(|date| std::cmp::Reverse(date.secs())));
    for arn in points.iter().filter_map(|point| point.recovery_point_arn()) {
        let tags = tags::of_backup(context, arn).await?;
        if intent_of(context, &tags).as_deref() == Some(intent) {
            return Ok(Some(arn.to_owned()));
        }
    }
    Ok(None)
}

/// An idempotency token that is the same for every run, for a job that must not be started twice. It depends on what
/// the job is to do, and on how many such jobs have failed.
pub(super) fn token(context: &Context, target: &Target, job: &impl Serialize, failed: usize) -> String {
    compare::digest(&json!([context.names.deployment, target.address, job, failed]))
}

impl Spec for RecoveryPoint {
    const KIND: Kind = Kind {
        job: true,
        uses_later: true,
        // A small file system takes minutes, mostly before the copy begins; the first backup of a large one, hours.
        seconds: Seconds { create: 1.0, ready: 300.0, gone: 0.0, patience: 43_200.0 },
        ..Kind::new("recovery-point", Part::Storage)
    };
}

#[async_trait]
impl Resource for RecoveryPoint {
    const ACT: Option<Action> = Some(Action::Stop);

    /// Only those that this run has started, or was given.
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let found = context.each(Self::KIND.name, "job").map(|(address, job)| async move {
            let call = context.aws.backup.describe_backup_job().backup_job_id(job);
            Ok::<_, Failure>(call.send().await.unless_gone()?.map(|seen| {
                let why = seen.status_message().unwrap_or_default();
                let phase = phase(seen.state(), seen.percent_done(), why);
                let found = Found::new(job).at(address.clone()).output("job", job).phase(phase);
                found.output_if("arn", seen.recovery_point_arn())
            }))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    /// With the token of a failed job, AWS would answer with that job: each failure changes the token.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let has_failed = |job: &&BackupJob| matches!(phase(job.state(), None, ""), Phase::Failed(_));
        let failed = jobs(context).await?.iter().filter(has_failed).count();
        let mut tags = target.tags.clone();
        tags.insert(names::DEPLOYMENT.to_owned(), context.names.deployment.clone());
        tags.insert(names::ADDRESS.to_owned(), target.address.to_string());
        let after = self.delete_after.map(|days| Lifecycle::builder().delete_after_days(days.into()).build());
        let call = context
            .aws
            .backup
            .start_backup_job()
            .backup_vault_name(self.vault.text())
            .resource_arn(self.file_system.text())
            .iam_role_arn(self.role.text())
            .idempotency_token(token(context, target, self, failed))
            .start_window_minutes(BEGINS_WITHIN)
            .set_lifecycle(after)
            .set_recovery_point_tags(Some(tags.into_iter().collect()));
        let answer = call.send().await.answer()?;
        let job = member(&answer, "BackupJobId", |answer| answer.backup_job_id())?;
        let arn = member(&answer, "RecoveryPointArn", |answer| answer.recovery_point_arn())?;
        Ok(made(job, &[("job", job), ("arn", arn)]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.backup.delete_recovery_point().backup_vault_name(context.names.stack());
        call.recovery_point_arn(&target.id).send().await.done_or_gone()
    }

    /// Stops the jobs of the vault that are still running: their recovery points would be inconsistent once something
    /// writes again. An aborted job leaves no completed recovery point, so that [`find`] skips it (unverified).
    async fn act(context: &Context, _target: &Target) -> Result<(), Failure> {
        for job in jobs(context).await? {
            if let (Some(id), Phase::Pending(_)) = (job.backup_job_id(), phase(job.state(), None, "")) {
                let stopped = context.aws.backup.stop_backup_job().backup_job_id(id).send().await;
                // It may just have ended.
                stopped.done_or(|failure| failure.code == "InvalidRequestException")?;
            }
        }
        Ok(())
    }

    fn grants(place: &Place) -> Grants<'_> {
        let vault = format!("backup-vault:{}", place.names.stack());
        let reads = ["DescribeBackupJob", "ListBackupJobs", "ListRecoveryPointsByBackupVault", "ListTags"];
        Grants::new(place, "backup", &[&vault])
            .also(Grant::new(Use::Upgrade, "backup", &reads))
            .also(Grant::new(Use::Upgrade, "backup", &["StopBackupJob"]))
            .named(Use::Upgrade, &["StartBackupJob"])
            .at(&["recovery-point:*"])
            .tagged(Use::Upgrade, &["TagResource"])
            .own(Use::Upgrade, &["DeleteRecoveryPoint"])
            .retag()
            .also(place.passing_to_backup())
    }
}

/// The jobs of the deployment's vault in the last 30 days.
async fn jobs(context: &Context) -> Result<Vec<BackupJob>, Failure> {
    let pages = context.aws.backup.list_backup_jobs().by_backup_vault_name(context.names.stack());
    Ok(pages.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default())
}

fn phase(state: Option<&BackupJobState>, percent: Option<&str>, why: &str) -> Phase {
    match state {
        Some(BackupJobState::Completed) => Phase::Ready,
        Some(state @ (BackupJobState::Created | BackupJobState::Pending | BackupJobState::Running)) => {
            Phase::Pending(progress(state.as_str(), percent))
        }
        state => Phase::Failed(ended(state.map_or("its state is unknown", BackupJobState::as_str), why)),
    }
}

/// `RUNNING, 10 %`. AWS reports `10.0` for backups and `10.00%` for restores.
pub(super) fn progress(state: &str, percent: Option<&str>) -> String {
    let percent = percent.map(|text| text.trim_end_matches('%')).and_then(|text| text.parse::<f64>().ok());
    percent.filter(|done| *done > 0.0).map_or_else(|| state.to_owned(), |done| format!("{state}, {done:.0} %"))
}

/// `FAILED: because`.
pub(super) fn ended(state: &str, why: &str) -> String {
    let why = why.trim_end_matches('.');
    if why.is_empty() { state.to_owned() } else { format!("{state}: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_pending_until_it_completes_or_fails() {
        let of = |state: &str, percent, why| phase(Some(&BackupJobState::from(state)), percent, why);
        assert_eq!(of("COMPLETED", Some("100.0"), ""), Phase::Ready);
        assert_eq!(of("CREATED", None, ""), Phase::Pending("CREATED".into()));
        assert_eq!(of("RUNNING", Some("10.04"), ""), Phase::Pending("RUNNING, 10 %".into()));
        assert_eq!(of("EXPIRED", None, "no window."), Phase::Failed("EXPIRED: no window".into()));
        // Some of the data is missing from it.
        assert_eq!(of("PARTIAL", None, ""), Phase::Failed("PARTIAL".into()));
        assert_eq!(phase(None, None, ""), Phase::Failed("its state is unknown".into()));
        assert_eq!(progress("RUNNING", Some("10.00%")), "RUNNING, 10 %");
    }
}
