//! Reads load balancers, with their listeners, security groups and access logs.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::IpPermission;
use aws_sdk_elasticloadbalancingv2::types::{self as sdk, Action, LoadBalancerAttribute};
use aws_sdk_s3::operation::get_bucket_notification_configuration as notification;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::existing::Named;
use crate::existing::lookup::{in_chunks, only, optional, side_by_side};
use crate::kinds::context::Context;
use crate::kinds::convert::{number, text};
use crate::kinds::security_group::Peer;
use crate::kinds::{ec2, names, security_group, tags};

use super::{AccessLogs, Group, Listener, LoadBalancer, LogBucket, Rule};

/// How many ARNs one call takes (Elastic Load Balancing API reference, DescribeLoadBalancers).
const AT_ONCE: usize = 20;

/// The load balancer of this ARN.
pub async fn load_balancer(context: &Context, arn: &str) -> Result<Named<LoadBalancer>, Failure> {
    only(arn, load_balancers(context, Some(&[arn.to_owned()])).await)
}

/// The load balancers of these ARNs, which must all exist; without any, every one of the region.
pub async fn load_balancers(context: &Context, arns: Option<&[String]>) -> Result<Vec<LoadBalancer>, Failure> {
    let live = in_chunks(arns, AT_ONCE, |arns| {
        let call = context.aws.elb.describe_load_balancers().set_load_balancer_arns(arns);
        call.into_paginator().items().send().try_collect()
    });
    let live = live.await?;
    let (listeners, groups, logs) =
        tokio::try_join!(listeners(context, &live), groups(context, &live), logs(context, &live))?;
    let read = |live: &sdk::LoadBalancer| {
        let arn = live.load_balancer_arn().unwrap_or_default();
        let mut balancer = read(live);
        balancer.listeners = listeners.get(arn).cloned().unwrap_or_default();
        balancer.access_logs = logs.get(arn).cloned().unwrap_or_default();
        balancer.groups = groups
            .as_ref()
            .map(|known| live.security_groups().iter().filter_map(|id| known.get(id)).cloned().collect());
        balancer
    };
    Ok(live.iter().map(read).collect())
}

pub(super) fn read(live: &sdk::LoadBalancer) -> LoadBalancer {
    LoadBalancer {
        arn: text(live.load_balancer_arn()),
        name: text(live.load_balancer_name()),
        dns: text(live.dns_name()),
        kind: text(live.r#type().map(|kind| kind.as_str())),
        scheme: text(live.scheme().map(|scheme| scheme.as_str())),
        state: text(live.state().and_then(|state| state.code()).map(|code| code.as_str())),
        vpc: text(live.vpc_id()),
        zones: live.availability_zones().iter().filter_map(|zone| zone.zone_name()).map(str::to_owned).collect(),
        group_ids: live.security_groups().to_vec(),
        ..LoadBalancer::default()
    }
}

/// The listeners of each, by the load balancer's ARN.
async fn listeners(context: &Context, live: &[sdk::LoadBalancer]) -> Result<BTreeMap<String, Vec<Listener>>, Failure> {
    let live = listeners_of(context, live.iter()).await?;
    let arns: Vec<_> = live.iter().filter_map(|listener| listener.listener_arn()).map(str::to_owned).collect();
    let forwarded = side_by_side(&arns, |arn| forwarded(context, arn));
    let (tags, forwarded) = tokio::try_join!(tags::by_arn(context, &arns), forwarded)?;
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for (listener, forwarded) in live.iter().zip(forwarded) {
        let listed = read_listener(listener, forwarded);
        let deployment = tags.get(&listed.arn).and_then(|tags| tags.get(names::DEPLOYMENT)).cloned();
        found.entry(text(listener.load_balancer_arn())).or_default().push(Listener { deployment, ..listed });
    }
    Ok(found)
}

/// The listeners of these load balancers: AWS answers for one at a time.
pub(super) async fn listeners_of(
    context: &Context,
    live: impl Iterator<Item = &sdk::LoadBalancer>,
) -> Result<Vec<sdk::Listener>, Failure> {
    let of_each = side_by_side(live.filter_map(|balancer| balancer.load_balancer_arn()), |arn| async move {
        let call = context.aws.elb.describe_listeners().load_balancer_arn(arn);
        call.into_paginator().items().send().try_collect().await.answer()
    });
    Ok(of_each.await?.into_iter().flatten().collect())
}

/// A listener without its deployment; `forwarded` are the target groups of its rules.
pub(super) fn read_listener(listener: &sdk::Listener, mut forwarded: BTreeSet<String>) -> Listener {
    forwarded.extend(to_groups(listener.default_actions()));
    Listener {
        arn: text(listener.listener_arn()),
        port: number(listener.port()),
        protocol: text(listener.protocol().map(|protocol| protocol.as_str())),
        target_groups: forwarded.into_iter().collect(),
        deployment: None,
    }
}

/// The target groups to which the rules of a listener forward.
pub(super) async fn forwarded(context: &Context, listener: &str) -> Result<BTreeSet<String>, Failure> {
    let pages = context.aws.elb.describe_rules().listener_arn(listener).into_paginator().items().send();
    let rules = pages.try_collect().await.answer()?;
    Ok(rules.iter().flat_map(|rule| to_groups(rule.actions())).collect())
}

fn to_groups(actions: &[Action]) -> impl Iterator<Item = String> {
    let listed = |action: &Action| action.forward_config().map(|config| config.target_groups().to_vec());
    let in_lists =
        move |action| listed(action).unwrap_or_default().into_iter().filter_map(|group| group.target_group_arn);
    let all = actions.iter().flat_map(move |action| in_lists(action).chain(action.target_group_arn.clone()));
    all.collect::<Vec<_>>().into_iter()
}

/// The security groups of all of them by id; `None` if they may not be read.
async fn groups(context: &Context, live: &[sdk::LoadBalancer]) -> Result<Option<BTreeMap<String, Group>>, Failure> {
    groups_by_id(context, live.iter().flat_map(|balancer| balancer.security_groups()).cloned().collect()).await
}

/// The security groups of these ids; `None` if they may not be read.
pub async fn security_groups(context: &Context, ids: Vec<String>) -> Result<Option<Vec<Group>>, Failure> {
    let found = groups_by_id(context, ids.into_iter().collect()).await?;
    Ok(found.map(|groups| groups.into_values().collect()))
}

async fn groups_by_id(context: &Context, ids: BTreeSet<String>) -> Result<Option<BTreeMap<String, Group>>, Failure> {
    if ids.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    // As a filter, because a list of ids fails as a whole when one is gone.
    let filter = ec2::filter("group-id", ids);
    let pages = context.aws.ec2.describe_security_groups().filters(filter).into_paginator().items().send();
    let groups = pages.try_collect().await.answer();
    let read = |group: aws_sdk_ec2::types::SecurityGroup| {
        let id = group.group_id().unwrap_or_default().to_owned();
        let (ingress, egress) = (rules(group.ip_permissions()), rules(group.ip_permissions_egress()));
        (id.clone(), Group { id, ingress, egress })
    };
    Ok(optional(groups)?.map(|groups: Vec<_>| groups.into_iter().map(read).collect()))
}

fn rules(permissions: &[IpPermission]) -> Vec<Rule> {
    let rules = security_group::split(permissions);
    let read = |rule: &crate::kinds::security_group::Rule| {
        let has_ports = ["tcp", "udp"].contains(&rule.protocol.as_str());
        let port = |port: i32, all: u16| if has_ports { u16::try_from(port).unwrap_or(all) } else { all };
        Rule {
            protocol: if rule.protocol == "-1" { "all".to_owned() } else { rule.protocol.clone() },
            from: port(rule.from, 0),
            to: port(rule.to, u16::MAX),
            peer: match &rule.peer {
                Peer::Cidr(text) | Peer::PrefixList(text) => text.clone(),
                Peer::Group(group) => group.text().to_owned(),
            },
        }
    };
    rules.iter().map(read).collect()
}

/// Where each load balancer writes its access logs, by its ARN.
async fn logs(context: &Context, live: &[sdk::LoadBalancer]) -> Result<BTreeMap<String, AccessLogs>, Failure> {
    // Gateway load balancers have no access logs.
    let known = live.iter().filter(|balancer| balancer.r#type().is_some_and(|kind| kind.as_str() != "gateway"));
    let buckets = side_by_side(known.filter_map(|balancer| balancer.load_balancer_arn()), |arn| async move {
        let call = context.aws.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
        let answer = call.send().await.answer();
        Ok((arn.to_owned(), optional(answer)?.map(|answer| bucket_of(answer.attributes()))))
    });
    let buckets = buckets.await?;
    let names: BTreeSet<_> = buckets.iter().filter_map(|(_, bucket)| bucket.clone().flatten()).collect();
    let asked = side_by_side(names, |name| async move { Ok((name.clone(), bucket(context, name).await?)) });
    let asked: BTreeMap<_, _> = asked.await?.into_iter().collect();
    let logs = |bucket: Option<Option<String>>| match bucket {
        None => AccessLogs::Unknown,
        Some(None) => AccessLogs::Off,
        Some(Some(name)) => asked.get(&name).cloned().map_or(AccessLogs::Unknown, AccessLogs::To),
    };
    Ok(buckets.into_iter().map(|(arn, bucket)| (arn, logs(bucket))).collect())
}

fn bucket_of(attributes: &[LoadBalancerAttribute]) -> Option<String> {
    let value = |key| attributes.iter().find(|attribute| attribute.key() == Some(key))?.value();
    (value("access_logs.s3.enabled") == Some("true")).then(|| value("access_logs.s3.bucket").map(str::to_owned))?
}

/// The bucket often belongs to another account, or is in another region, and can then not be read.
async fn bucket(context: &Context, name: String) -> Result<LogBucket, Failure> {
    let s3 = &context.aws.s3;
    let logging = async { elsewhere(s3.get_bucket_logging().bucket(&name).send().await.answer()) };
    let notifications =
        async { elsewhere(s3.get_bucket_notification_configuration().bucket(&name).send().await.answer()) };
    let (logging, notifications) = tokio::try_join!(logging, notifications)?;
    Ok(LogBucket {
        access_logged: logging.map(|answer| answer.logging_enabled.is_some()),
        notifies: notifications.as_ref().map(notifies),
        name,
    })
}

fn notifies(answer: &notification::GetBucketNotificationConfigurationOutput) -> bool {
    let to_any = [
        answer.topic_configurations().is_empty(),
        answer.queue_configurations().is_empty(),
        answer.lambda_function_configurations().is_empty(),
    ];
    answer.event_bridge_configuration.is_some() || to_any.contains(&false)
}

fn elsewhere<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if [Cause::Gone, Cause::Refused].contains(&failure.cause) => Ok(None),
        answer => optional(answer),
    }
}
