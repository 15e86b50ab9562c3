//! Whether the names of new resources are free.

use aws_sdk_ecs::types::{ClusterField, ServiceField};
use futures::future::join_all;

use crate::aws::answer::Answer;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::kinds::convert::text;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::resource::{Context, Tags};
use crate::kinds::{ec2, tags};

/// The name of a resource that a plan would create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub address: Address,
    pub name: String,
    /// The VPC or cluster in which the name must be unique; empty for the region or account.
    pub place: String,
}

/// Who has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// The deployment itself: the resource is being deleted, or will be adopted.
    Ours,
    Other(Other),
    /// It could not be read; what AWS said.
    Unknown(String),
}

/// A resource with that name that does not belong to the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Other {
    /// Its ARN, id or name; empty if it belongs to another account.
    pub id: String,
    /// The deployment that its tags name.
    pub deployment: Option<String>,
    /// It is scheduled for deletion, and can be restored.
    pub is_deleted: bool,
}

/// A resource with that name, with its tags.
struct Found {
    id: String,
    tags: Tags,
    is_deleted: bool,
}

fn there(id: Option<&str>, tags: Tags) -> Option<Found> {
    Some(Found { id: text(id), tags, is_deleted: false })
}

/// Who has each of the names, in their order.
pub async fn holders(context: &Context, names: Vec<Name>) -> Vec<(Name, Holder)> {
    let asked = names.into_iter().map(|name| async move {
        let holder = match found(context, &name).await {
            Err(failure) => Holder::Unknown(failure.said()),
            Ok(None) => Holder::Nobody,
            Ok(Some(found)) => judge(context, found),
        };
        (name, holder)
    });
    join_all(asked).await
}

fn judge(context: &Context, Found { id, mut tags, is_deleted }: Found) -> Holder {
    match tags.remove(DEPLOYMENT) {
        Some(ours) if ours == context.names.deployment => Holder::Ours,
        deployment => Holder::Other(Other { id, deployment, is_deleted }),
    }
}

async fn found(context: &Context, Name { address, name, place }: &Name) -> Result<Option<Found>, Failure> {
    match address.kind() {
        "bucket" => bucket(context, name).await,
        "role" => role(context, name).await,
        "log-group" => log_group(context, name).await,
        "load-balancer" => load_balancer(context, name).await,
        "target-group" => target_group(context, name).await,
        "cluster" => cluster(context, name).await,
        "service" => service(context, name, place).await,
        "secret" | "ca-certificate" | "internal-certificate" | "ui-certificate" => secret(context, name).await,
        "file-system" => file_system(context, name).await,
        "backup-vault" => vault(context, name).await,
        "security-group" => security_group(context, name, place).await,
        _ => Ok(None),
    }
}

/// Bucket names are unique across all accounts. S3 answers 403 for a bucket of another account, and 301 for one in
/// another region (S3 API reference, HeadBucket).
async fn bucket(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.s3.head_bucket().bucket(name).expected_bucket_owner(&context.names.account);
    let answer = call.send().await;
    let error = answer.as_ref().err().and_then(|error| error.raw_response());
    match error.map(|response| response.status().as_u16()) {
        Some(404) => Ok(None),
        Some(301 | 403) => Ok(there(None, Tags::new())),
        _ => {
            answer.done()?;
            Ok(there(Some(name), tags::of_bucket(context, name).await?))
        }
    }
}

async fn role(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.iam.get_role().role_name(name).send().await.unless_gone()?;
    Ok(answer.and_then(|answer| answer.role).and_then(|role| there(Some(role.arn()), tags::read(role.tags()))))
}

async fn log_group(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.logs.describe_log_groups().log_group_name_prefix(name).into_paginator().items().send();
    let groups = call.try_collect().await.answer()?;
    if !groups.iter().any(|group| group.log_group_name() == Some(name)) {
        return Ok(None);
    }
    let arn = context.names.arn("logs", &format!("log-group:{name}"));
    let answer = context.aws.logs.list_tags_for_resource().resource_arn(arn).send().await.unless_gone()?;
    let tags = answer.and_then(|answer| answer.tags);
    Ok(there(Some(name), tags.unwrap_or_default().into_iter().collect()))
}

async fn load_balancer(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.elb.describe_load_balancers().names(name).send().await.unless_gone()?;
    let live = answer.as_ref().and_then(|answer| answer.load_balancers().first());
    balanced(context, live.and_then(|live| live.load_balancer_arn())).await
}

async fn target_group(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.elb.describe_target_groups().names(name).send().await.unless_gone()?;
    let live = answer.as_ref().and_then(|answer| answer.target_groups().first());
    balanced(context, live.and_then(|live| live.target_group_arn())).await
}

async fn balanced(context: &Context, arn: Option<&str>) -> Result<Option<Found>, Failure> {
    let Some(arn) = arn else { return Ok(None) };
    Ok(there(Some(arn), tags::of_balancing(context, arn).await?))
}

/// CreateCluster with a name that is taken returns the existing cluster.
async fn cluster(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.ecs.describe_clusters().clusters(name).include(ClusterField::Tags);
    let answer = call.send().await.answer()?;
    let live = answer.clusters().iter().find(|cluster| cluster.status() != Some("INACTIVE"));
    Ok(live.and_then(|live| there(live.cluster_arn(), tags::read(live.tags()))))
}

async fn service(context: &Context, name: &str, cluster: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.ecs.describe_services().cluster(cluster).services(name).include(ServiceField::Tags);
    let services = call.send().await.unless_gone()?.and_then(|answer| answer.services).unwrap_or_default();
    let live = services.iter().find(|service| service.status() != Some("INACTIVE"));
    Ok(live.and_then(|live| there(live.service_arn(), tags::read(live.tags()))))
}

async fn secret(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.secrets.describe_secret().secret_id(name).send().await.unless_gone()?;
    Ok(answer.map(|secret| Found {
        id: text(secret.arn()),
        tags: tags::read(secret.tags()),
        is_deleted: secret.deleted_date().is_some(),
    }))
}

async fn file_system(context: &Context, token: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.efs.describe_file_systems().creation_token(token).send().await.unless_gone()?;
    let live = answer.as_ref().and_then(|answer| answer.file_systems().first());
    Ok(live.and_then(|live| there(Some(live.file_system_id()), tags::read(live.tags()))))
}

/// Lists the vaults, because AWS Backup answers AccessDeniedException for a vault that does not exist (AWS Backup API
/// reference, DescribeBackupVault; unverified).
async fn vault(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let pages = context.aws.backup.list_backup_vaults().into_paginator().items().send();
    let vaults = pages.try_collect().await.answer()?;
    let live = vaults.iter().find(|vault| vault.backup_vault_name() == Some(name));
    let Some(arn) = live.and_then(|vault| vault.backup_vault_arn()) else { return Ok(None) };
    Ok(there(Some(arn), tags::of_backup(context, arn).await?))
}

async fn security_group(context: &Context, name: &str, vpc: &str) -> Result<Option<Found>, Failure> {
    let (in_vpc, named) = (ec2::filter("vpc-id", [vpc]), ec2::filter("group-name", [name]));
    let call = context.aws.ec2.describe_security_groups().filters(in_vpc).filters(named);
    let answer = call.send().await.unless_gone()?;
    let live = answer.as_ref().and_then(|answer| answer.security_groups().first());
    Ok(live.and_then(|live| there(live.group_id(), tags::read(live.tags()))))
}
