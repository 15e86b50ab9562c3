//! A restore of a recovery point into a new file system.

use std::collections::HashMap;

use aws_sdk_backup::types::{RestoreJobStatus, RestoreJobsListMember};
use aws_sdk_efs::types::FileSystemDescription;

use super::file_system;
use super::prelude::*;
use super::recovery_point::{RecoveryPoint, ended, progress, token};
use super::role::Role;

/// A restore. Outputs: `id` and `job` (the job's id); when it is ready `file_system` and `file_system_arn`, the new
/// one's.
///
/// Its address is `restore/<intent id>`. AWS restores everything into a directory `aws-backup-restore_<datetime>` below
/// the root of the new file system (AWS Backup developer guide, "Restore an Amazon EFS file system"): it has to be
/// moved before Cloud Exchange starts, which would find an empty database otherwise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Restore {
    /// ARN of the recovery point.
    pub recovery_point: Ref<RecoveryPoint>,
    /// ARN of the role with which AWS Backup creates the file system.
    pub role: Ref<Role>,
    /// Id of the file system that was backed up.
    pub source: String,
    /// `context.names.creation_token(<intent id>)`: identifies the new file system.
    pub creation_token: String,
    pub encrypted: bool,
    /// ARN of a key; `None` is EFS's own.
    pub kms_key: Option<String>,
    /// `generalPurpose`.
    pub performance: String,
}

/// The address of the restore of an intent.
pub fn address(intent: &str) -> Address {
    Address::new(Restore::KIND.name, intent)
}

/// The id of the file system that the restore of an intent has created, complete or not.
pub async fn find(context: &Context, intent: &str) -> Result<Option<String>, Failure> {
    let made = made_with(context, &context.names.creation_token(intent)).await?;
    Ok(made.last().map(|seen| seen.file_system_id().to_owned()))
}

impl Spec for Restore {
    const KIND: Kind = Kind {
        job: true,
        tagged: false,
        uses_later: true,
        seconds: Seconds { create: 1.0, ready: 600.0, gone: 0.0, patience: 86_400.0 },
        ..Kind::new("restore", Part::Storage)
    };
}

#[async_trait]
impl Resource for Restore {
    const ACT: Option<Action> = Some(Action::Promote);

    /// Only those that this run has started, or was given. A job first creates the file system and then fills it.
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let found = context.each(Self::KIND.name, "job").map(|(address, job)| async move {
            let call = context.aws.backup.describe_restore_job().restore_job_id(job);
            let Some(seen) = call.send().await.unless_gone()? else { return Ok(None) };
            let mut found = Found::new(job).at(address.clone()).output("job", job);
            let arn = seen.created_resource_arn().unwrap_or_default();
            let why = seen.status_message().unwrap_or_default();
            found.phase = phase(seen.status(), seen.percent_done(), why, id_in(arn));
            if found.phase == Phase::Ready {
                found.phase = file_system::phase_of(context, id_in(arn)).await?;
                found = found.output("file_system", id_in(arn)).output("file_system_arn", arn);
            }
            Ok::<_, Failure>(Some(found))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    /// If an earlier run or a lost response has started the job already, that one is used. Jobs are listed after the
    /// file systems, because a job may create one in between; a job may also report late which one it has created. A
    /// failed restore is started again with other tokens: AWS would answer with the failed job, and EFS creates only
    /// one file system per creation token.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let made_before = made_with(context, &self.creation_token).await?;
        let jobs = jobs(context, self.recovery_point.text()).await?;
        let failed = |job: &&RestoreJobsListMember| has_failed(job.status());
        for seen in &made_before {
            let id = seen.file_system_id();
            let of = |job: &&RestoreJobsListMember| job.created_resource_arn().is_some_and(|arn| id_in(arn) == id);
            match jobs.iter().find(of) {
                Some(job) if failed(&job) => {}
                Some(job) => {
                    return Ok(started(required("backup ListRestoreJobs", "RestoreJobId", job.restore_job_id())?));
                }
                None => {
                    let message = format!("{id} was created for this restore, and AWS Backup lists no job for it");
                    return Err(Failure::of(Cause::NotYetVisible, message).hint(format!(
                        "if its contents are incomplete, delete it: aws efs delete-file-system --file-system-id {id}"
                    )));
                }
            }
        }
        let attempt = jobs.iter().filter(failed).count();
        let call = context
            .aws
            .backup
            .start_restore_job()
            .recovery_point_arn(self.recovery_point.text())
            .iam_role_arn(self.role.text())
            .resource_type("EFS")
            .idempotency_token(token(context, target, self, attempt))
            .set_metadata(Some(self.metadata(attempt)));
        let answer = call.send().await.answer()?;
        Ok(started(member(&answer, "RestoreJobId", |answer| answer.restore_job_id())?))
    }

    /// What it has created is a resource of its own.
    async fn delete(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    /// Makes the restored file system the deployment's; the previous one becomes `file-system/kept-<intent id>`.
    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        let intent = target.address.name();
        let restored = match target.outputs.get("file_system") {
            Some(id) => Some(id.clone()),
            None => find(context, intent).await?,
        };
        let id = restored.ok_or_else(|| Failure::of(Cause::Gone, "there is no restored file system"))?;
        file_system::swap(context, &id, &file_system::former(intent)).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "backup", &["recovery-point:*"])
            .named(Use::Upgrade, &["StartRestoreJob"])
            .also(Grant::new(Use::Upgrade, "backup", &["DescribeRestoreJob", "ListRestoreJobs"]))
            .also(place.passing_to_backup())
            .of("elasticfilesystem", &["file-system/*"])
            .adopt(Use::Upgrade)
    }
}

impl Restore {
    /// Source: AWS Backup developer guide, "Restore an Amazon EFS file system".
    fn metadata(&self, attempt: usize) -> HashMap<String, String> {
        let creation_token = match attempt {
            0 => self.creation_token.clone(),
            again => format!("{}-{again}", self.creation_token),
        };
        let mut metadata = HashMap::from([
            ("file-system-id".to_owned(), self.source.clone()),
            ("newFileSystem".to_owned(), "true".to_owned()),
            ("Encrypted".to_owned(), self.encrypted.to_string()),
            ("PerformanceMode".to_owned(), self.performance.clone()),
            ("CreationToken".to_owned(), creation_token),
        ]);
        metadata.extend(self.kms_key.clone().map(|key| ("KmsKeyId".to_owned(), key)));
        metadata
    }
}

fn started(job: &str) -> Made {
    made(job, &[("job", job)])
}

/// The file systems with a creation token, and those of later attempts, which are numbered; in the order of attempts.
async fn made_with(context: &Context, token: &str) -> Result<Vec<FileSystemDescription>, Failure> {
    let mut all = file_system::all(context).await?;
    all.retain(|seen| attempt_of(seen.creation_token(), token).is_some());
    all.sort_by_key(|seen| attempt_of(seen.creation_token(), token));
    Ok(all)
}

fn attempt_of(creation_token: &str, token: &str) -> Option<usize> {
    match creation_token.strip_prefix(token)? {
        "" => Some(0),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
}

async fn jobs(context: &Context, recovery_point: &str) -> Result<Vec<RestoreJobsListMember>, Failure> {
    let pages = context.aws.backup.list_restore_jobs().by_resource_type("EFS").into_paginator().items().send();
    let mut jobs: Vec<RestoreJobsListMember> = pages.try_collect().await.answer()?;
    jobs.retain(|job| job.recovery_point_arn() == Some(recovery_point));
    Ok(jobs)
}

fn has_failed(status: Option<&RestoreJobStatus>) -> bool {
    matches!(status, Some(RestoreJobStatus::Failed | RestoreJobStatus::Aborted))
}

fn phase(status: Option<&RestoreJobStatus>, percent: Option<&str>, why: &str, created: &str) -> Phase {
    match status {
        Some(RestoreJobStatus::Completed) => Phase::Ready,
        Some(status @ (RestoreJobStatus::Pending | RestoreJobStatus::Running)) => {
            Phase::Pending(progress(status.as_str(), percent))
        }
        status => {
            let why = ended(status.map_or("its state is unknown", RestoreJobStatus::as_str), why);
            Phase::Failed(match created {
                "" => why,
                id => format!("{why}; delete {id}, which was created for it and belongs to no deployment"),
            })
        }
    }
}

/// The id at the end of a file system's ARN.
fn id_in(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_numbered_and_other_tokens_are_ignored() {
        let of = |creation_token| attempt_of(creation_token, "ce-aws-prod-0a1b2c3d");
        assert_eq!(of("ce-aws-prod-0a1b2c3d"), Some(0));
        assert_eq!(of("ce-aws-prod-0a1b2c3d-12"), Some(12));
        for other in ["ce-aws-prod-main", "ce-aws-prod-0a1b2c3d4", "ce-aws-prod-0a1b2c3d-x", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn a_failed_restore_says_what_it_leaves_behind() {
        let failed = phase(Some(&RestoreJobStatus::Failed), None, "no key", "fs-1");
        let Phase::Failed(why) = failed else { panic!("{failed:?}") };
        assert_eq!(why, "FAILED: no key; delete fs-1, which was created for it and belongs to no deployment");
        assert_eq!(phase(Some(&RestoreJobStatus::Aborted), None, "", ""), Phase::Failed("ABORTED".into()));
    }
}
