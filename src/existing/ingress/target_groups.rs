//! Reads target groups, with the load balancers that forward to them.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, TargetHealthStateEnum};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::existing::Named;
use crate::existing::lookup::{in_chunks, only, side_by_side};
use crate::kinds::context::Context;
use crate::kinds::convert::{number, text};

use super::TargetGroup;
use super::balancers::load_balancers;

/// How many ARNs one call takes (Elastic Load Balancing API reference, DescribeTargetGroups).
const AT_ONCE: usize = 20;

/// The target group of this ARN.
pub async fn target_group(context: &Context, arn: &str) -> Result<Named<TargetGroup>, Failure> {
    only(arn, target_groups(context, Some(&[arn.to_owned()])).await)
}

/// The target groups of these ARNs, which must all exist; without any, every one of the region.
pub async fn target_groups(context: &Context, arns: Option<&[String]>) -> Result<Vec<TargetGroup>, Failure> {
    let live = in_chunks(arns, AT_ONCE, |arns| {
        let call = context.aws.elb.describe_target_groups().set_target_group_arns(arns);
        call.into_paginator().items().send().try_collect()
    });
    let live = live.await?;
    let balancers: BTreeSet<_> = live.iter().flat_map(|group| group.load_balancer_arns()).cloned().collect();
    let balancers: Vec<_> = balancers.into_iter().collect();
    let targets = side_by_side(live.iter().filter_map(|group| group.target_group_arn()), |arn| targets(context, arn));
    let (targets, balancers) = tokio::try_join!(targets, load_balancers(context, Some(&balancers)))?;
    let read = |(live, targets): (&sdk::TargetGroup, Vec<String>)| {
        let ours = |arn: &String| balancers.iter().find(|balancer| balancer.arn == *arn);
        let load_balancer = live.load_balancer_arns().iter().find_map(ours).cloned();
        TargetGroup { targets, load_balancer, ..read(live) }
    };
    Ok(live.iter().zip(targets).map(read).collect())
}

pub(super) fn read(live: &sdk::TargetGroup) -> TargetGroup {
    TargetGroup {
        arn: text(live.target_group_arn()),
        name: text(live.target_group_name()),
        target_type: text(live.target_type().map(|kind| kind.as_str())),
        protocol: text(live.protocol().map(|protocol| protocol.as_str())),
        port: number(live.port()),
        protocol_version: text(live.protocol_version()),
        address_type: text(live.ip_address_type().map(|kind| kind.as_str())),
        health_port: text(live.health_check_port()),
        health_protocol: text(live.health_check_protocol().map(|protocol| protocol.as_str())),
        vpc: text(live.vpc_id()),
        health_path: text(live.health_check_path()),
        health_matcher: text(live.matcher().and_then(|matcher| matcher.http_code())),
        ..TargetGroup::default()
    }
}

/// The registered targets, by address or id.
async fn targets(context: &Context, arn: &str) -> Result<Vec<String>, Failure> {
    let answer = context.aws.elb.describe_target_health().target_group_arn(arn).send().await.answer()?;
    let is_draining = |target: &&sdk::TargetHealthDescription| {
        target.target_health().and_then(|health| health.state()) == Some(&TargetHealthStateEnum::Draining)
    };
    let stays = answer.target_health_descriptions().iter().filter(|target| !is_draining(target));
    Ok(stays.filter_map(|target| target.target()?.id()).map(str::to_owned).collect())
}
