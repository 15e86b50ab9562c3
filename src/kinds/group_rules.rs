//! Reading and changing the rules of a security group, its own or the VPC's default one.

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair};

use crate::aws::error::{on, unless_gone};
use crate::engine::failure::{Cause, Failure};
use crate::engine::set::Set;

use super::resource::Context;
use super::rule::{self, Difference, Existing, Peer, Rule};
use super::tags::ec2::filter;

/// What settling, and letting go, must be allowed (EC2 API names).
pub const SEEN: [&str; 2] = ["DescribeSecurityGroups", "DescribeSecurityGroupRules"];
pub const LET_GO: [&str; 2] = ["RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"];
pub const CHANGED: [&str; 6] = [
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
];

/// The rules of a group as `DescribeSecurityGroups` shows them: all peers of one protocol and port range in one entry.
pub fn split(permissions: &[IpPermission]) -> Set<Rule> {
    permissions.iter().flat_map(split_one).collect()
}

/// The outbound rules of a group of ours. What AWS adds by itself to the rule that allows everything, as soon as the VPC has an
/// IPv6 range, is not listed (Amazon VPC user guide, "Migrate your VPC from IPv4 to IPv6").
pub fn outward(permissions: &[IpPermission]) -> Set<Rule> {
    let rules = split(permissions);
    let is_open = rules.iter().any(Rule::is_everything);
    rules.iter().filter(|rule| !(is_open && rule.is_everything_over_ipv6())).cloned().collect()
}

fn split_one(entry: &IpPermission) -> Vec<Rule> {
    let rule = |peer: Peer, description: Option<&str>| {
        let protocol = entry.ip_protocol().unwrap_or_default();
        let (from, to) = ports(protocol, entry.from_port(), entry.to_port());
        let description = description.unwrap_or_default().to_owned();
        Rule { protocol: protocol.to_owned(), from, to, peer, description }
    };
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let v4 = entry.ip_ranges().iter().map(|range| rule(Peer::Cidr(text(range.cidr_ip())), range.description()));
    let v6 = entry.ipv6_ranges().iter().map(|range| rule(Peer::Cidr(text(range.cidr_ipv6())), range.description()));
    let groups = entry
        .user_id_group_pairs()
        .iter()
        .map(|pair| rule(Peer::Group(text(pair.group_id()).into()), pair.description()));
    let lists = entry
        .prefix_list_ids()
        .iter()
        .map(|list| rule(Peer::PrefixList(text(list.prefix_list_id())), list.description()));
    v4.chain(v6).chain(groups).chain(lists).collect()
}

/// Where all ports are meant AWS says -1 in one answer and nothing in another.
fn ports(protocol: &str, from: Option<i32>, to: Option<i32>) -> (i32, i32) {
    match protocol {
        "-1" => (-1, -1),
        _ => (from.unwrap_or(-1), to.unwrap_or(-1)),
    }
}

/// Gives a group exactly these rules: first adds what is missing, then removes what is foreign.
pub async fn settle(context: &Context, group: &str, ingress: &Set<Rule>, egress: &Set<Rule>) -> Result<(), Failure> {
    let (inbound, mut outbound) = existing(context, group).await?;
    if egress.iter().any(Rule::is_everything) {
        outbound.retain(|there| !there.rule.is_everything_over_ipv6());
    }
    change(context, group, &rule::difference(&inbound, ingress), &rule::difference(&outbound, egress)).await
}

/// Makes the changes of both directions, side by side.
pub async fn change(context: &Context, group: &str, ingress: &Difference, egress: &Difference) -> Result<(), Failure> {
    tokio::try_join!(one_way(context, group, Way::In, ingress), one_way(context, group, Way::Out, egress))?;
    Ok(())
}

/// Removes the rules that name other groups, which could not be deleted as long as this one is there.
pub async fn let_go(context: &Context, group: &str) -> Result<(), Failure> {
    let names_another = |there: &Existing| matches!(&there.rule.peer, Peer::Group(other) if other.text() != group);
    let foreign = |rules: Vec<Existing>| Difference {
        foreign: rules.into_iter().filter(|there| names_another(there)).collect(),
        ..Difference::default()
    };
    let (inbound, outbound) = existing(context, group).await?;
    change(context, group, &foreign(inbound), &foreign(outbound)).await
}

/// The rules of a group one by one, with their ids: inbound, outbound.
async fn existing(context: &Context, group: &str) -> Result<(Vec<Existing>, Vec<Existing>), Failure> {
    let call = context.aws.ec2.describe_security_group_rules().filters(filter("group-id", [group.to_owned()]));
    let pages = call.into_paginator().items().send();
    let rules = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSecurityGroupRules"))?;
    let (outbound, inbound): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.is_egress() == Some(true));
    let all = |rules: Vec<&SecurityGroupRule>| rules.into_iter().map(read).collect();
    Ok((all(inbound), all(outbound)))
}

fn read(rule: &SecurityGroupRule) -> Existing {
    let protocol = rule.ip_protocol().unwrap_or_default();
    let (from, to) = ports(protocol, rule.from_port(), rule.to_port());
    let peer = match (rule.referenced_group_info(), rule.prefix_list_id()) {
        (Some(group), _) => Peer::Group(group.group_id().unwrap_or_default().into()),
        (_, Some(list)) => Peer::PrefixList(list.to_owned()),
        _ => Peer::Cidr(rule.cidr_ipv4().or(rule.cidr_ipv6()).unwrap_or_default().to_owned()),
    };
    let description = rule.description().unwrap_or_default().to_owned();
    let id = rule.security_group_rule_id().unwrap_or_default().to_owned();
    Existing { id, rule: Rule { protocol: protocol.to_owned(), from, to, peer, description } }
}

#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

async fn one_way(context: &Context, group: &str, way: Way, difference: &Difference) -> Result<(), Failure> {
    let Difference { missing, described, foreign } = difference;
    match admit(context, group, way, missing).await {
        // A full group has room for what is missing only when what is foreign has gone.
        Err(failure) if failure.cause == Cause::Quota && !foreign.is_empty() => {
            dismiss(context, group, way, foreign).await?;
            admit(context, group, way, missing).await?;
        }
        result => result?,
    }
    if !described.is_empty() {
        describe(context, group, way, described).await?;
    }
    dismiss(context, group, way, foreign).await
}

async fn admit(context: &Context, group: &str, way: Way, missing: &[Rule]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    match authorize(context, group, way, missing).await {
        // AWS refuses all of them if it has one of them: somebody else was faster.
        Err(failure) if failure.cause == Cause::Taken => {
            for rule in missing {
                unless_there(authorize(context, group, way, std::slice::from_ref(rule)).await)?;
            }
            Ok(())
        }
        result => result,
    }
}

async fn dismiss(context: &Context, group: &str, way: Way, foreign: &[Existing]) -> Result<(), Failure> {
    if foreign.is_empty() {
        return Ok(());
    }
    match revoke(context, group, way, foreign).await {
        // Likewise: none is removed if one is gone.
        Err(failure) if failure.cause == Cause::Gone => {
            for rule in foreign {
                unless_gone(revoke(context, group, way, std::slice::from_ref(rule)).await)?;
            }
            Ok(())
        }
        result => result,
    }
}

fn unless_there(answer: Result<(), Failure>) -> Result<(), Failure> {
    answer.or_else(|failure| if failure.cause == Cause::Taken { Ok(()) } else { Err(failure) })
}

async fn authorize(context: &Context, group: &str, way: Way, rules: &[Rule]) -> Result<(), Failure> {
    let (ec2, permissions) = (&context.aws.ec2, Some(rules.iter().map(permission).collect()));
    match way {
        Way::In => {
            let call = ec2.authorize_security_group_ingress().group_id(group).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 AuthorizeSecurityGroupIngress"))?;
        }
        Way::Out => {
            let call = ec2.authorize_security_group_egress().group_id(group).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 AuthorizeSecurityGroupEgress"))?;
        }
    }
    Ok(())
}

async fn describe(context: &Context, group: &str, way: Way, rules: &[Rule]) -> Result<(), Failure> {
    let (ec2, permissions) = (&context.aws.ec2, Some(rules.iter().map(permission).collect()));
    match way {
        Way::In => {
            let call = ec2.update_security_group_rule_descriptions_ingress();
            let call = call.group_id(group).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 UpdateSecurityGroupRuleDescriptionsIngress"))?;
        }
        Way::Out => {
            let call = ec2.update_security_group_rule_descriptions_egress();
            let call = call.group_id(group).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 UpdateSecurityGroupRuleDescriptionsEgress"))?;
        }
    }
    Ok(())
}

/// By id where it is known: a permission removes more than one rule where several share it.
async fn revoke(context: &Context, group: &str, way: Way, rules: &[Existing]) -> Result<(), Failure> {
    let (known, unknown): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| !rule.id.is_empty());
    let list = |ids: Vec<String>| (!ids.is_empty()).then_some(ids);
    let ids = list(known.into_iter().map(|rule| rule.id.clone()).collect());
    let permissions: Vec<_> = unknown.into_iter().map(|there| permission(&there.rule)).collect();
    let permissions = (!permissions.is_empty()).then_some(permissions);
    match way {
        Way::In => {
            let call = context.aws.ec2.revoke_security_group_ingress().group_id(group);
            let call = call.set_security_group_rule_ids(ids).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 RevokeSecurityGroupIngress"))?;
        }
        Way::Out => {
            let call = context.aws.ec2.revoke_security_group_egress().group_id(group);
            let call = call.set_security_group_rule_ids(ids).set_ip_permissions(permissions);
            call.send().await.map_err(on("ec2 RevokeSecurityGroupEgress"))?;
        }
    }
    Ok(())
}

fn permission(rule: &Rule) -> IpPermission {
    let words = (!rule.description.is_empty()).then(|| rule.description.clone());
    let entry = IpPermission::builder().ip_protocol(&rule.protocol);
    let entry = if rule.protocol == "-1" { entry } else { entry.from_port(rule.from).to_port(rule.to) };
    let entry = match &rule.peer {
        Peer::Cidr(cidr) if cidr.contains(':') => {
            entry.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(words).build())
        }
        Peer::Cidr(cidr) => entry.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(words).build()),
        Peer::Group(group) => {
            let pair = UserIdGroupPair::builder().group_id(group.text()).set_description(words);
            entry.user_id_group_pairs(pair.build())
        }
        Peer::PrefixList(id) => {
            entry.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(words).build())
        }
    };
    entry.build()
}
