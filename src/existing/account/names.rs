//! Who has the names that a plan would give.

use futures::future::join_all;

use crate::aws::error::{on, unless_gone};
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::existing::lookup::said;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::resource::{Context, Tags};
use crate::kinds::{ec2, tags};

/// A name that a plan would give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub address: Address,
    pub name: String,
    /// The VPC or cluster in which there can be no other of this name; empty for the region or account.
    pub place: String,
}

/// Whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Nobody,
    /// The deployment's own: on its way out, or to be taken back.
    Ours,
    Stranger(Stranger),
    /// It cannot be asked; what AWS said.
    Unknown(String),
}

/// Something of somebody else that has the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stranger {
    /// Its ARN, id or name; empty where it is another account's.
    pub id: String,
    /// The deployment that its tags name.
    pub deployment: Option<String>,
    /// It is marked for deletion, and can be brought back.
    pub is_deleted: bool,
}

/// Something that has the name, before it is known whose it is.
struct Found {
    id: String,
    tags: Tags,
    is_deleted: bool,
}

impl Found {
    fn new(id: Option<&str>, tags: Tags) -> Option<Self> {
        Some(Self { id: id.unwrap_or_default().to_owned(), tags, is_deleted: false })
    }
}

/// Whose each of the names is, in their order.
pub async fn holders(context: &Context, names: Vec<Name>) -> Vec<(Name, Holder)> {
    let asked = names.into_iter().map(|name| async move {
        let holder = match found(context, &name).await {
            Err(failure) => Holder::Unknown(said(&failure)),
            Ok(None) => Holder::Nobody,
            Ok(Some(found)) => judge(context, found),
        };
        (name, holder)
    });
    join_all(asked).await
}

fn judge(context: &Context, found: Found) -> Holder {
    let deployment = found.tags.get(DEPLOYMENT).cloned();
    if deployment.as_ref() == Some(&context.names.deployment) {
        return Holder::Ours;
    }
    Holder::Stranger(Stranger { id: found.id, deployment, is_deleted: found.is_deleted })
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
        "secret" | "ca-certificate" | "internal-certificate" => secret(context, name).await,
        "file-system" => file_system(context, name).await,
        "backup-vault" => vault(context, name).await,
        "security-group" => security_group(context, name, place).await,
        _ => Ok(None),
    }
}

/// Names of buckets are shared by all accounts. S3 says 403 of another account's bucket, and 301 of one in another region
/// (S3 API reference, HeadBucket).
async fn bucket(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.s3.head_bucket().bucket(name).expected_bucket_owner(&context.names.account);
    match call.send().await {
        Ok(_) => Ok(Found::new(Some(name), tags::s3::read(context, name).await?)),
        Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => Ok(None),
            Some(301 | 403) => Ok(Found::new(None, Tags::new())),
            _ => Err(on("s3 HeadBucket")(error)),
        },
    }
}

async fn role(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = unless_gone(context.aws.iam.get_role().role_name(name).send().await.map_err(on("iam GetRole")))?;
    let role = answer.and_then(|answer| answer.role);
    Ok(role.and_then(|role| Found::new(Some(role.arn()), tags::read(role.tags()))))
}

async fn log_group(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.logs.describe_log_groups().log_group_name_prefix(name).into_paginator().items().send();
    let groups = call.collect::<Result<Vec<_>, _>>().await.map_err(on("logs DescribeLogGroups"))?;
    if !groups.iter().any(|group| group.log_group_name() == Some(name)) {
        return Ok(None);
    }
    let arn = context.names.arn("logs", &format!("log-group:{name}"));
    let answer = context.aws.logs.list_tags_for_resource().resource_arn(arn).send().await;
    let tags = unless_gone(answer.map_err(on("logs ListTagsForResource")))?.and_then(|answer| answer.tags);
    Ok(Found::new(Some(name), tags.unwrap_or_default().into_iter().collect()))
}

async fn load_balancer(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.elb.describe_load_balancers().names(name).send().await;
    let answer = unless_gone(answer.map_err(on("elb DescribeLoadBalancers")))?;
    let live = answer.as_ref().and_then(|answer| answer.load_balancers().first());
    balanced(context, live.and_then(|live| live.load_balancer_arn())).await
}

async fn target_group(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.elb.describe_target_groups().names(name).send().await;
    let answer = unless_gone(answer.map_err(on("elb DescribeTargetGroups")))?;
    let live = answer.as_ref().and_then(|answer| answer.target_groups().first());
    balanced(context, live.and_then(|live| live.target_group_arn())).await
}

async fn balanced(context: &Context, arn: Option<&str>) -> Result<Option<Found>, Failure> {
    let Some(arn) = arn else { return Ok(None) };
    let tags = tags::elb::read(context, &[arn.to_owned()]).await?.remove(arn);
    Ok(Found::new(Some(arn), tags.unwrap_or_default()))
}

/// ECS gives whoever creates a cluster of a name that is taken the one that is there.
async fn cluster(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.ecs.describe_clusters().clusters(name).include(aws_sdk_ecs::types::ClusterField::Tags);
    let answer = call.send().await.map_err(on("ecs DescribeClusters"))?;
    let live = answer.clusters().iter().find(|cluster| cluster.status() != Some("INACTIVE"));
    Ok(live.and_then(|live| Found::new(live.cluster_arn(), tags::read(live.tags()))))
}

async fn service(context: &Context, name: &str, cluster: &str) -> Result<Option<Found>, Failure> {
    let call = context.aws.ecs.describe_services().cluster(cluster).services(name);
    let call = call.include(aws_sdk_ecs::types::ServiceField::Tags);
    let answer = unless_gone(call.send().await.map_err(on("ecs DescribeServices")))?;
    let services = answer.and_then(|answer| answer.services).unwrap_or_default();
    let live = services.iter().find(|service| service.status() != Some("INACTIVE"));
    Ok(live.and_then(|live| Found::new(live.service_arn(), tags::read(live.tags()))))
}

async fn secret(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.secrets.describe_secret().secret_id(name).send().await;
    let answer = unless_gone(answer.map_err(on("secretsmanager DescribeSecret")))?;
    Ok(answer.and_then(|secret| {
        let found = Found::new(secret.arn(), tags::read(secret.tags()))?;
        Some(Found { is_deleted: secret.deleted_date().is_some(), ..found })
    }))
}

async fn file_system(context: &Context, token: &str) -> Result<Option<Found>, Failure> {
    let answer = context.aws.efs.describe_file_systems().creation_token(token).send().await;
    let answer = unless_gone(answer.map_err(on("efs DescribeFileSystems")))?;
    let live = answer.as_ref().and_then(|answer| answer.file_systems().first());
    Ok(live.and_then(|live| Found::new(Some(live.file_system_id()), tags::read(live.tags()))))
}

/// The list, because AWS Backup answers AccessDeniedException for a vault that does not exist (AWS Backup API reference,
/// DescribeBackupVault; unverified).
async fn vault(context: &Context, name: &str) -> Result<Option<Found>, Failure> {
    let pages = context.aws.backup.list_backup_vaults().into_paginator().items().send();
    let vaults = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("backup ListBackupVaults"))?;
    let live = vaults.iter().find(|vault| vault.backup_vault_name() == Some(name));
    let Some(arn) = live.and_then(|vault| vault.backup_vault_arn()) else { return Ok(None) };
    Ok(Found::new(Some(arn), tags::backup::read(context, arn).await?))
}

async fn security_group(context: &Context, name: &str, vpc: &str) -> Result<Option<Found>, Failure> {
    let one = |filter: &str, value: &str| ec2::filter(filter, [value.to_owned()]);
    let call = context.aws.ec2.describe_security_groups().filters(one("vpc-id", vpc)).filters(one("group-name", name));
    let answer = match call.send().await.map_err(on("ec2 DescribeSecurityGroups")) {
        Err(failure) if failure.cause == Cause::Gone => return Ok(None),
        answer => answer?,
    };
    let live = answer.security_groups().first();
    Ok(live.and_then(|live| Found::new(live.group_id(), tags::read(live.tags()))))
}
