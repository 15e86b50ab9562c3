//! How much of what AWS limits exists already.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Subnet};
use aws_sdk_ecs::types::{LaunchType, Task};
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum;
use aws_sdk_iam::types::SummaryKeyType;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::existing::ingress;
use crate::existing::lookup::side_by_side;
use crate::kinds::context::Context;
use crate::kinds::ec2::{filter, matching};

use super::limited::Limited;

/// How many exist, by place; what is missing from the answer is zero. One call a page.
pub async fn used(context: &Context, of: Limited, places: &BTreeSet<&str>) -> Result<BTreeMap<String, f64>, Failure> {
    macro_rules! count {
        ($call:expr) => {
            everywhere($call.into_paginator().items().send().try_collect().await.answer()?.len())
        };
    }
    let (ec2, elb) = (&context.aws.ec2, &context.aws.elb);
    Ok(match of {
        Limited::Vpcs => count!(ec2.describe_vpcs().max_results(PAGE)),
        Limited::InternetGateways => count!(ec2.describe_internet_gateways().max_results(PAGE)),
        Limited::SecurityGroups => count!(ec2.describe_security_groups().max_results(PAGE)),
        Limited::ClientVpnEndpoints => count!(ec2.describe_client_vpn_endpoints()),
        Limited::ElasticIps => {
            let call = ec2.describe_addresses().filters(filter("domain", ["vpc"]));
            everywhere(call.send().await.answer()?.addresses().len())
        }
        Limited::NatGateways => nat_gateways(context).await?,
        Limited::Subnets => by_vpc(places, async |vpc| Ok(subnets(context, vpc).await?.len())).await?,
        Limited::RouteTables => {
            let tables = |vpc| ec2.describe_route_tables().filters(vpc).into_paginator().items().send().try_collect();
            by_vpc(places, async |vpc| Ok(tables(vpc).await.answer()?.len())).await?
        }
        // Groups and ACLs of ce-aws hold no rules of others.
        Limited::GroupRules | Limited::GroupsOfInterface | Limited::AclEntries => BTreeMap::new(),
        Limited::Vcpus => BTreeMap::from([(String::new(), vcpus(context).await?)]),
        Limited::LoadBalancers => {
            let all = elb.describe_load_balancers().into_paginator().items().send().try_collect().await.answer()?;
            let is_application = |kind: &LoadBalancerTypeEnum| *kind == LoadBalancerTypeEnum::Application;
            everywhere(all.iter().filter(|one| one.r#type().is_some_and(is_application)).count())
        }
        Limited::TargetGroups => count!(elb.describe_target_groups()),
        Limited::FileSystems => count!(context.aws.efs.describe_file_systems()),
        Limited::Clusters => count!(context.aws.ecs.list_clusters()),
        Limited::Buckets => {
            let pages = context.aws.s3.list_buckets().into_paginator().send().try_collect().await.answer()?;
            everywhere(pages.iter().map(|page| page.buckets().len()).sum())
        }
        Limited::BackupVaults => count!(context.aws.backup.list_backup_vaults()),
        Limited::Certificates => everywhere(ingress::certificates(context).await?.len()),
        Limited::Roles => BTreeMap::from([(String::new(), roles(context).await?.1)]),
    })
}

/// The most that one call of EC2 returns.
const PAGE: i32 = 1000;

#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn everywhere(count: usize) -> BTreeMap<String, f64> {
    BTreeMap::from([(String::new(), count as f64)])
}

/// Counts in each VPC. One that does not exist yet is empty.
async fn by_vpc(
    places: &BTreeSet<&str>,
    count: impl AsyncFn(Filter) -> Result<usize, Failure>,
) -> Result<BTreeMap<String, f64>, Failure> {
    let known = places.iter().filter(|vpc| !vpc.is_empty());
    let counted = known.map(|vpc| (*vpc, count(filter("vpc-id", [*vpc]))));
    let counted = side_by_side(counted, |(vpc, count)| async move {
        Ok((vpc.to_owned(), everywhere(count.await?).remove("").unwrap_or_default()))
    });
    Ok(counted.await?.into_iter().collect())
}

async fn subnets(context: &Context, which: Filter) -> Result<Vec<Subnet>, Failure> {
    let call = context.aws.ec2.describe_subnets();
    matching(which, |which| call.filters(which).into_paginator().items().send().try_collect()).await
}

/// NAT gateways by the zone of their subnets. Those that are being deleted count (Amazon VPC user guide, "Amazon VPC
/// quotas").
async fn nat_gateways(context: &Context) -> Result<BTreeMap<String, f64>, Failure> {
    let states = ["pending", "available", "deleting"];
    let call = context.aws.ec2.describe_nat_gateways().filter(filter("state", states));
    let gateways = call.into_paginator().items().send().try_collect().await.answer()?;
    let of_each: Vec<&str> = gateways.iter().filter_map(|one| one.subnet_id()).collect();
    let subnets = subnets(context, filter("subnet-id", of_each.iter().copied())).await?;
    let zones: BTreeMap<_, _> =
        subnets.iter().filter_map(|subnet| Some((subnet.subnet_id()?, subnet.availability_zone()?))).collect();
    let mut by_zone = BTreeMap::new();
    for zone in of_each.iter().filter_map(|subnet| zones.get(subnet)) {
        *by_zone.entry((*zone).to_owned()).or_insert(0.0) += 1.0;
    }
    Ok(by_zone)
}

/// The quota of roles in the account, and how many exist (IAM API reference, GetAccountSummary).
pub async fn roles(context: &Context) -> Result<(f64, f64), Failure> {
    let answer = context.aws.iam.get_account_summary().send().await.answer()?;
    let number = |key| answer.summary_map().and_then(|map| map.get(&key)).copied().map(f64::from);
    number(SummaryKeyType::RolesQuota)
        .zip(number(SummaryKeyType::Roles))
        .ok_or_else(|| Failure::of(Cause::Refused, "the account's summary has no quota of roles"))
}

/// How many tasks one call describes (ECS API reference, DescribeTasks).
const AT_ONCE: usize = 100;

/// The vCPUs of all Fargate tasks in the region that are not stopped, without those of the deployment's own service,
/// which never runs two. What other services run on Fargate (EKS pods) cannot be read.
async fn vcpus(context: &Context) -> Result<f64, Failure> {
    let clusters = context.aws.ecs.list_clusters().into_paginator().items().send().try_collect().await.answer()?;
    let in_each = side_by_side(&clusters, |cluster| in_cluster(context, cluster)).await?;
    // `sum()` of nothing is -0, which would be shown.
    Ok(in_each.into_iter().fold(0.0, |all, one| all + one))
}

async fn in_cluster(context: &Context, cluster: &str) -> Result<f64, Failure> {
    let call = context.aws.ecs.list_tasks().cluster(cluster).launch_type(LaunchType::Fargate);
    let tasks = call.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default();
    let own = format!("service:{}", context.names.stack());
    let described = side_by_side(tasks.chunks(AT_ONCE), async |tasks| {
        let call = context.aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(tasks.to_vec()));
        Ok(call.send().await.answer()?.tasks.unwrap_or_default())
    });
    Ok(described
        .await?
        .iter()
        .flatten()
        .filter(|task| takes_quota(task) && task.group() != Some(&own))
        .map(vcpus_of)
        .sum())
}

/// Fargate Spot has a quota of its own.
fn takes_quota(task: &Task) -> bool {
    task.last_status() != Some("STOPPED") && task.capacity_provider_name() != Some("FARGATE_SPOT")
}

/// ECS counts in 1024ths.
fn vcpus_of(task: &Task) -> f64 {
    task.cpu().and_then(|cpu| cpu.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
