//! Reads where target groups can be reached, of many at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::existing::lookup::side_by_side;
use crate::kinds::context::Context;

use super::balancers::{self, forwarded, listeners_of, read_listener};
use super::{LoadBalancer, TargetGroup, target_groups};

/// Those of these target groups that are attached to a load balancer, with it and its listeners, and nothing else of
/// it. The rules of listeners are not read where `own` has the load balancer's name: ce-aws makes none.
pub async fn listened(
    context: &Context,
    groups: &BTreeSet<String>,
    own: &BTreeSet<String>,
) -> Result<Vec<TargetGroup>, Failure> {
    let elb = &context.aws.elb;
    // Everything, because a list of ARNs fails as a whole when one is gone.
    let of_groups = async { elb.describe_target_groups().into_paginator().items().send().try_collect().await.answer() };
    let of_balancers =
        async { elb.describe_load_balancers().into_paginator().items().send().try_collect().await.answer() };
    let (mut live, mut balancers): (Vec<_>, Vec<_>) = tokio::try_join!(of_groups, of_balancers)?;
    live.retain(|group| group.target_group_arn().is_some_and(|arn| groups.contains(arn)));
    let used: BTreeSet<&str> = live.iter().flat_map(|group| group.load_balancer_arns()).map(String::as_str).collect();
    balancers.retain(|balancer| balancer.load_balancer_arn().is_some_and(|arn| used.contains(arn)));
    let is_own = |name: Option<&str>| name.is_some_and(|name| own.contains(name));
    let without_rules: BTreeSet<&str> = balancers
        .iter()
        .filter(|balancer| is_own(balancer.load_balancer_name()))
        .filter_map(|balancer| balancer.load_balancer_arn())
        .collect();
    let listeners = listeners_of(context, balancers.iter()).await?;
    let without_rules = &without_rules;
    let read = side_by_side(&listeners, |listener| async move {
        let balancer = listener.load_balancer_arn().unwrap_or_default();
        let forwarded = match listener.listener_arn() {
            Some(arn) if !without_rules.contains(balancer) => forwarded(context, arn).await?,
            _ => BTreeSet::new(),
        };
        Ok((balancer, read_listener(listener, forwarded)))
    });
    let mut by_balancer = BTreeMap::<_, Vec<_>>::new();
    for (balancer, listener) in read.await? {
        by_balancer.entry(balancer).or_default().push(listener);
    }
    let balancers: BTreeMap<&str, LoadBalancer> = balancers
        .iter()
        .map(|balancer| {
            let arn = balancer.load_balancer_arn().unwrap_or_default();
            (arn, LoadBalancer { listeners: by_balancer.remove(arn).unwrap_or_default(), ..balancers::read(balancer) })
        })
        .collect();
    let attached = live.iter().filter_map(|group| {
        let balancer = group.load_balancer_arns().iter().find_map(|arn| balancers.get(arn.as_str()))?;
        Some(TargetGroup { load_balancer: Some(balancer.clone()), ..target_groups::read(group) })
    });
    Ok(attached.collect())
}
