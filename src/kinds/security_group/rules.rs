//! Reading and changing the rules of a security group.

use aws_sdk_ec2::types::{
    self, Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair,
};

use crate::kinds::ec2;
use crate::kinds::prelude::*;

use super::rule::{self, ANYWHERE, ANYWHERE_IPV6, Difference, Existing, Peer, Rule};

/// The permissions that this needs (EC2 API names).
pub const READ: [&str; 2] = ["DescribeSecurityGroups", "DescribeSecurityGroupRules"];
pub const REVOKED: [&str; 2] = ["RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"];
pub const WRITTEN: [&str; 6] = [
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
];

/// The groups that match all filters.
pub async fn groups(
    context: &Context,
    filters: impl IntoIterator<Item = Filter>,
) -> Result<Vec<types::SecurityGroup>, Failure> {
    let call = context.aws.ec2.describe_security_groups().set_filters(Some(filters.into_iter().collect()));
    call.into_paginator().items().send().try_collect().await.answer()
}

/// The rules of a group as `DescribeSecurityGroups` shows them: all peers of one protocol and port range in one entry.
pub fn split(permissions: &[IpPermission]) -> Set<Rule> {
    permissions.iter().flat_map(split_one).collect()
}

/// The outbound rules of a group of ours. What AWS adds by itself to the rule that allows everything, as soon as the
/// VPC has an IPv6 range, is not listed (Amazon VPC user guide, "Migrate your VPC from IPv4 to IPv6").
pub fn outbound(permissions: &[IpPermission]) -> Set<Rule> {
    let rules = split(permissions);
    let is_open = rules.iter().any(|rule| rule.is_all_of(ANYWHERE));
    rules.iter().filter(|rule| !(is_open && rule.is_all_of(ANYWHERE_IPV6))).cloned().collect()
}

fn split_one(entry: &IpPermission) -> Vec<Rule> {
    let rule = |peer: Peer, description: Option<&str>| {
        let protocol = entry.ip_protocol().unwrap_or_default();
        let (from, to) = ports(protocol, entry.from_port(), entry.to_port());
        Rule { protocol: protocol.to_owned(), from, to, peer, description: text(description) }
    };
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

/// For all ports, some answers of AWS have -1 and others nothing.
fn ports(protocol: &str, from: Option<i32>, to: Option<i32>) -> (i32, i32) {
    match protocol {
        "-1" => (-1, -1),
        _ => (from.unwrap_or(-1), to.unwrap_or(-1)),
    }
}

/// Gives a group exactly these rules: first adds what is missing, then removes what is foreign.
pub async fn replace(context: &Context, group: &str, ingress: &Set<Rule>, egress: &Set<Rule>) -> Result<(), Failure> {
    let (inbound, mut outbound) = existing(context, group).await?;
    if egress.iter().any(|rule| rule.is_all_of(ANYWHERE)) {
        outbound.retain(|there| !there.rule.is_all_of(ANYWHERE_IPV6));
    }
    change(context, group, &rule::difference(&inbound, ingress), &rule::difference(&outbound, egress)).await
}

/// Makes the changes of both directions, side by side.
pub async fn change(context: &Context, group: &str, ingress: &Difference, egress: &Difference) -> Result<(), Failure> {
    let side = |is_egress| Side { context, group, is_egress };
    tokio::try_join!(side(false).change(ingress), side(true).change(egress)).map(drop)
}

/// Removes the rules that refer to other groups, which could not be deleted as long as this one exists.
pub async fn remove_references(context: &Context, group: &str) -> Result<(), Failure> {
    let refers = |there: &Existing| matches!(&there.rule.peer, Peer::Group(other) if other.text() != group);
    let foreign = |rules: Vec<Existing>| Difference {
        foreign: rules.into_iter().filter(|there| refers(there)).collect(),
        ..Difference::default()
    };
    let (inbound, outbound) = existing(context, group).await?;
    change(context, group, &foreign(inbound), &foreign(outbound)).await
}

/// The rules of a group one by one, with their ids: inbound, outbound.
async fn existing(context: &Context, group: &str) -> Result<(Vec<Existing>, Vec<Existing>), Failure> {
    let call = context.aws.ec2.describe_security_group_rules().filters(ec2::filter("group-id", [group]));
    let rules: Vec<_> = call.into_paginator().items().send().try_collect().await.answer()?;
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
        _ => Peer::Cidr(text(rule.cidr_ipv4().or(rule.cidr_ipv6()))),
    };
    let rule_there = Rule { protocol: protocol.to_owned(), from, to, peer, description: text(rule.description()) };
    Existing { id: text(rule.security_group_rule_id()), rule: rule_there }
}

/// The rules of one direction of a group.
#[derive(Clone, Copy)]
struct Side<'a> {
    context: &'a Context,
    group: &'a str,
    is_egress: bool,
}

/// The calls for inbound and for outbound rules take the same parameters, in two types of the SDK.
macro_rules! call {
    ($side:expr, $inbound:ident, $outbound:ident, $($set:ident: $value:expr),*) => {{
        let (ec2, group) = (&$side.context.aws.ec2, $side.group);
        match $side.is_egress {
            false => ec2.$inbound().group_id(group)$(.$set($value))*.send().await.done(),
            true => ec2.$outbound().group_id(group)$(.$set($value))*.send().await.done(),
        }
    }};
}

impl Side<'_> {
    async fn change(self, Difference { missing, described, foreign }: &Difference) -> Result<(), Failure> {
        match self.add(missing).await {
            // A full group has room for what is missing only when what is foreign has gone.
            Err(failure) if failure.cause == Cause::Quota && !foreign.is_empty() => {
                self.remove(foreign).await?;
                self.add(missing).await?;
            }
            result => result?,
        }
        if !described.is_empty() {
            self.describe(described).await?;
        }
        self.remove(foreign).await
    }

    async fn add(self, missing: &[Rule]) -> Result<(), Failure> {
        if missing.is_empty() {
            return Ok(());
        }
        match self.authorize(missing).await {
            // AWS refuses all of them if one exists: somebody else was faster.
            Err(failure) if failure.cause == Cause::Taken => {
                for rule in missing {
                    let one = self.authorize(std::slice::from_ref(rule)).await;
                    one.done_or(|failure| failure.cause == Cause::Taken)?;
                }
                Ok(())
            }
            result => result,
        }
    }

    async fn remove(self, foreign: &[Existing]) -> Result<(), Failure> {
        if foreign.is_empty() {
            return Ok(());
        }
        match self.revoke(foreign).await {
            // Likewise: AWS removes none if one is gone.
            Err(failure) if failure.cause == Cause::Gone => {
                for rule in foreign {
                    self.revoke(std::slice::from_ref(rule)).await.done_or_gone()?;
                }
                Ok(())
            }
            result => result,
        }
    }

    async fn authorize(self, rules: &[Rule]) -> Result<(), Failure> {
        let all = Some(rules.iter().map(permission).collect());
        call!(self, authorize_security_group_ingress, authorize_security_group_egress, set_ip_permissions: all)
    }

    async fn describe(self, rules: &[Rule]) -> Result<(), Failure> {
        let all = Some(rules.iter().map(permission).collect());
        call!(
            self,
            update_security_group_rule_descriptions_ingress,
            update_security_group_rule_descriptions_egress,
            set_ip_permissions: all
        )
    }

    /// By id where it is known: a permission removes more than one rule where several share it.
    async fn revoke(self, rules: &[Existing]) -> Result<(), Failure> {
        let (known, unknown): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| !rule.id.is_empty());
        let ids: Vec<_> = known.into_iter().map(|rule| rule.id.clone()).collect();
        let permissions: Vec<_> = unknown.into_iter().map(|there| permission(&there.rule)).collect();
        call!(
            self,
            revoke_security_group_ingress,
            revoke_security_group_egress,
            set_security_group_rule_ids: (!ids.is_empty()).then_some(ids),
            set_ip_permissions: (!permissions.is_empty()).then_some(permissions)
        )
    }
}

fn permission(rule: &Rule) -> IpPermission {
    let description = (!rule.description.is_empty()).then(|| rule.description.clone());
    let entry = IpPermission::builder().ip_protocol(&rule.protocol);
    let entry = if rule.protocol == "-1" { entry } else { entry.from_port(rule.from).to_port(rule.to) };
    let entry = match &rule.peer {
        Peer::Cidr(cidr) if cidr.contains(':') => {
            entry.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
        }
        Peer::Cidr(cidr) => entry.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build()),
        Peer::Group(group) => {
            let pair = UserIdGroupPair::builder().group_id(group.text()).set_description(description);
            entry.user_id_group_pairs(pair.build())
        }
        Peer::PrefixList(id) => {
            entry.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build())
        }
    };
    entry.build()
}
