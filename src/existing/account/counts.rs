//! How much of what AWS limits is there already.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::Filter;
use aws_sdk_iam::types::SummaryKeyType;

use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};
use crate::existing::lookup::side_by_side;
use crate::kinds::context::Context;
use crate::kinds::ec2::filter;

use super::quota::Limited;
use super::vcpus;

/// How many there are, by place; what is not in the answer is zero. One call a page.
pub async fn used(context: &Context, of: Limited, places: &BTreeSet<&str>) -> Result<BTreeMap<String, f64>, Failure> {
    macro_rules! count {
        ($operation:literal, $call:expr) => {{
            let pages = $call.into_paginator().items().send();
            everywhere(pages.collect::<Result<Vec<_>, _>>().await.map_err(on($operation))?.len())
        }};
    }
    let ec2 = &context.aws.ec2;
    Ok(match of {
        Limited::Vpcs => count!("ec2 DescribeVpcs", ec2.describe_vpcs().max_results(PAGE)),
        Limited::InternetGateways => {
            count!("ec2 DescribeInternetGateways", ec2.describe_internet_gateways().max_results(PAGE))
        }
        Limited::SecurityGroups => {
            count!("ec2 DescribeSecurityGroups", ec2.describe_security_groups().max_results(PAGE))
        }
        Limited::ElasticIps => {
            let call = ec2.describe_addresses().filters(filter("domain", ["vpc".to_owned()]));
            everywhere(call.send().await.map_err(on("ec2 DescribeAddresses"))?.addresses().len())
        }
        Limited::NatGateways => nat_gateways(context).await?,
        Limited::Subnets => by_vpc(places, async |vpc| subnets(context, vpc).await).await?,
        Limited::RouteTables => by_vpc(places, async |vpc| route_tables(context, vpc).await).await?,
        // Nobody else's rules are in a group or an ACL of ours.
        Limited::GroupRules | Limited::GroupsOfInterface | Limited::AclEntries => BTreeMap::new(),
        Limited::Vcpus => BTreeMap::from([(String::new(), vcpus::running(context).await?)]),
        Limited::LoadBalancers => {
            let pages = context.aws.elb.describe_load_balancers().into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("elb DescribeLoadBalancers"))?;
            let is_application = |kind: &str| kind == "application";
            everywhere(all.iter().filter(|one| one.r#type().is_some_and(|kind| is_application(kind.as_str()))).count())
        }
        Limited::TargetGroups => count!("elb DescribeTargetGroups", context.aws.elb.describe_target_groups()),
        Limited::FileSystems => count!("efs DescribeFileSystems", context.aws.efs.describe_file_systems()),
        Limited::Clusters => count!("ecs ListClusters", context.aws.ecs.list_clusters()),
        Limited::Buckets => {
            let pages = context.aws.s3.list_buckets().into_paginator().send();
            let pages = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("s3 ListBuckets"))?;
            everywhere(pages.iter().map(|page| page.buckets().len()).sum())
        }
        Limited::BackupVaults => count!("backup ListBackupVaults", context.aws.backup.list_backup_vaults()),
        Limited::Roles => BTreeMap::from([(String::new(), roles(context).await?.1)]),
    })
}

/// As many as one call of EC2 gives at most.
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
    let counted = known.map(|vpc| (*vpc, count(filter("vpc-id", [(*vpc).to_owned()]))));
    let counted = side_by_side(counted, |(vpc, count)| async move {
        Ok((vpc.to_owned(), everywhere(count.await?).remove("").unwrap_or_default()))
    });
    Ok(counted.await?.into_iter().collect())
}

async fn subnets(context: &Context, vpc: Filter) -> Result<usize, Failure> {
    let pages = context.aws.ec2.describe_subnets().filters(vpc).into_paginator().items().send();
    Ok(pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSubnets"))?.len())
}

async fn route_tables(context: &Context, vpc: Filter) -> Result<usize, Failure> {
    let pages = context.aws.ec2.describe_route_tables().filters(vpc).into_paginator().items().send();
    Ok(pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeRouteTables"))?.len())
}

/// NAT gateways by zone, which only their subnets tell. Those that are being deleted count (Amazon VPC user guide, "Amazon
/// VPC quotas").
async fn nat_gateways(context: &Context) -> Result<BTreeMap<String, f64>, Failure> {
    let states = ["pending", "available", "deleting"].map(str::to_owned);
    let call = context.aws.ec2.describe_nat_gateways().filter(filter("state", states));
    let pages = call.into_paginator().items().send();
    let gateways = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeNatGateways"))?;
    let of_each: Vec<String> = gateways.iter().filter_map(|one| one.subnet_id().map(str::to_owned)).collect();
    if of_each.is_empty() {
        return Ok(BTreeMap::new());
    }
    let call = context.aws.ec2.describe_subnets().filters(filter("subnet-id", of_each.clone()));
    let pages = call.into_paginator().items().send();
    let subnets = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSubnets"))?;
    let zones: BTreeMap<_, _> =
        subnets.iter().filter_map(|subnet| Some((subnet.subnet_id()?, subnet.availability_zone()?))).collect();
    let mut by_zone = BTreeMap::new();
    for zone in of_each.iter().filter_map(|subnet| zones.get(subnet.as_str())) {
        *by_zone.entry((*zone).to_owned()).or_insert(0.0) += 1.0;
    }
    Ok(by_zone)
}

/// The quota of roles in the account, and how many there are (IAM API reference, GetAccountSummary).
pub async fn roles(context: &Context) -> Result<(f64, f64), Failure> {
    let answer = context.aws.iam.get_account_summary().send().await.map_err(on("iam GetAccountSummary"))?;
    let number = |key| answer.summary_map().and_then(|map| map.get(&key)).copied().map(f64::from);
    number(SummaryKeyType::RolesQuota)
        .zip(number(SummaryKeyType::Roles))
        .ok_or_else(|| Failure::of(Cause::Refused, "the account's summary says nothing of roles"))
}
