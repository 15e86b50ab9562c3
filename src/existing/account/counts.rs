//! How much of what AWS limits exists already.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, Subnet};
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum;
use aws_sdk_iam::types::SummaryKeyType;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::existing::lookup::side_by_side;
use crate::kinds::context::Context;
use crate::kinds::ec2::filter;

use super::limited::Limited;
use super::vcpus;

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
        Limited::ElasticIps => {
            let call = ec2.describe_addresses().filters(filter("domain", ["vpc"]));
            everywhere(call.send().await.answer()?.addresses().len())
        }
        Limited::NatGateways => nat_gateways(context).await?,
        Limited::Subnets => by_vpc(places, async |vpc| Ok(subnets(context, vpc).await?.len())).await?,
        Limited::RouteTables => {
            let count = async |vpc| {
                let pages = ec2.describe_route_tables().filters(vpc).into_paginator().items().send();
                Ok(pages.try_collect().await.answer()?.len())
            };
            by_vpc(places, count).await?
        }
        // Groups and ACLs of ce-aws hold no rules of others.
        Limited::GroupRules | Limited::GroupsOfInterface | Limited::AclEntries => BTreeMap::new(),
        Limited::Vcpus => BTreeMap::from([(String::new(), vcpus::running(context).await?)]),
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
    context.aws.ec2.describe_subnets().filters(which).into_paginator().items().send().try_collect().await.answer()
}

/// NAT gateways by the zone of their subnets. Those that are being deleted count (Amazon VPC user guide, "Amazon VPC
/// quotas").
async fn nat_gateways(context: &Context) -> Result<BTreeMap<String, f64>, Failure> {
    let states = ["pending", "available", "deleting"];
    let call = context.aws.ec2.describe_nat_gateways().filter(filter("state", states));
    let pages = call.into_paginator().items().send();
    let gateways = pages.try_collect().await.answer()?;
    let of_each: Vec<String> = gateways.iter().filter_map(|one| one.subnet_id().map(str::to_owned)).collect();
    if of_each.is_empty() {
        return Ok(BTreeMap::new());
    }
    let subnets = subnets(context, filter("subnet-id", of_each.clone())).await?;
    let zones: BTreeMap<_, _> =
        subnets.iter().filter_map(|subnet| Some((subnet.subnet_id()?, subnet.availability_zone()?))).collect();
    let mut by_zone = BTreeMap::new();
    for zone in of_each.iter().filter_map(|subnet| zones.get(subnet.as_str())) {
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
