//! Which resources of the account belong to a deployment of ce-aws, by id or ARN.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::ClusterField;
use futures::future::try_join_all;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::{Context, Tags};
use crate::kinds::ec2;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::tags;

/// The deployment of each resource, by its id or ARN.
pub type Managed = BTreeMap<String, String>;

fn deployment(id: Option<&str>, mut tags: Tags) -> Option<(String, String)> {
    Some((id?.to_owned(), tags.remove(DEPLOYMENT)?))
}

/// VPCs of the region.
///
/// # Errors
///
/// Whatever a call meets, here and below.
pub async fn vpcs(context: &Context) -> Result<Managed, Failure> {
    let call = context.aws.ec2.describe_vpcs().filters(ec2::filter("tag-key", [DEPLOYMENT]));
    let vpcs = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let vpcs = vpcs.answer()?;
    Ok(vpcs.iter().filter_map(|vpc| deployment(vpc.vpc_id(), tags::read(vpc.tags()))).collect())
}

/// Subnets of the region.
pub async fn subnets(context: &Context) -> Result<Managed, Failure> {
    let call = context.aws.ec2.describe_subnets().filters(ec2::filter("tag-key", [DEPLOYMENT]));
    let subnets = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let subnets = subnets.answer()?;
    Ok(subnets.iter().filter_map(|subnet| deployment(subnet.subnet_id(), tags::read(subnet.tags()))).collect())
}

/// How many clusters one call takes (ECS API reference, DescribeClusters).
const AT_ONCE: usize = 100;

/// These clusters, by name.
pub async fn clusters(context: &Context, names: &[String]) -> Result<Managed, Failure> {
    let call = || context.aws.ecs.describe_clusters().include(ClusterField::Tags);
    let calls = names.chunks(AT_ONCE).map(|names| call().set_clusters(Some(names.to_vec())).send());
    let answers = try_join_all(calls).await.answer()?;
    let clusters = answers.iter().flat_map(|answer| answer.clusters());
    Ok(clusters.filter_map(|one| deployment(one.cluster_name(), tags::read(one.tags()))).collect())
}

/// These load balancers or target groups, by ARN.
pub async fn balancers(context: &Context, arns: &[String]) -> Result<Managed, Failure> {
    let found = tags::by_arn(context, arns).await?;
    Ok(found.into_iter().filter_map(|(arn, tags)| deployment(Some(&arn), tags)).collect())
}

/// The deployment of a role: its path names it, `/ce-aws/<deployment>/<region>/` (see `kinds::names`).
pub fn of_role(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/ce-aws/")?;
    path.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_role_names_its_deployment() {
        let arn = "arn:aws:iam::111122223333:role/ce-aws/prod/us-east-1/ce-prod-us-east-1-task";
        assert_eq!(of_role(arn), Some("prod"));
        assert_eq!(of_role("arn:aws:iam::111122223333:role/ce-prod-us-east-1-task"), None);
    }
}
