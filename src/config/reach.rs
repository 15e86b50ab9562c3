//! How the allowed networks become rules, of which AWS allows only so many.
//!
//! Security groups decide who reaches the UI: they admit exactly the allowed networks for as long as an interface can have so many
//! rules, in several groups where one has no room, and beyond that the smallest ranges that cover them. A managed prefix list would
//! not help: it weighs as many rules as it may have entries. The network ACL is a second line: where it has no room it lets covering
//! ranges through. The decision and its facts are in `docs/aws-behaviour.md`.

use ipnet::Ipv4Net;

use super::{access::Access, cover::cover, network::Network, plan_file::PlanFile, traffic::GroupTarget};

/// How many rules AWS allows. Source: Amazon VPC user guide, "Amazon VPC quotas"; the default is AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In one direction of a security group.
    pub rules: usize,
    /// Security groups on a network interface.
    pub groups: usize,
    /// In one direction of a network ACL, the refusal that ends it included.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rules: 60, groups: 5, entries: 20 }
    }
}

/// More rules than this no interface can have, whatever the quotas (Amazon VPC user guide, "Amazon VPC quotas").
pub const MOST_RULES: usize = 1000;

/// More groups than this ECS takes for no task (ECS API reference, AwsVpcConfiguration).
pub const MOST_GROUPS: usize = 5;

/// Entries of the network ACL that ce-aws itself makes, whoever is allowed, and the refusal that ends every ACL.
const OWN_ENTRIES: usize = 6 + 1;

/// Ports that each allowed network reaches in the network ACL.
const WEB_PORTS: usize = 2;

/// What admits the allowed networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The networks that were asked for.
    pub wanted: Vec<Ipv4Net>,
    /// The ranges of each security group. The first one is the group that has the other rules too; there is always one.
    pub groups: Vec<Vec<Ipv4Net>>,
    /// For each range of a group so many rules: one a port.
    pub ports: usize,
    /// The ranges outside the VPC that the network ACL lets through at the ports of the load balancer.
    pub acl: Vec<Ipv4Net>,
}

impl Limits {
    /// How many groups there may be on an interface.
    pub fn groups_used(self) -> usize {
        self.groups.min(MOST_GROUPS).min(MOST_RULES / self.rules.max(1)).max(1)
    }

    /// How many ranges each of the groups has room for; `other`: rules of the first group that are about something else.
    fn room(self, ports: usize, other: usize) -> Vec<usize> {
        let first = self.rules.saturating_sub(other) / ports;
        let more = std::iter::repeat_n(self.rules / ports, self.groups_used() - 1);
        std::iter::once(first).chain(more).collect()
    }
}

impl PlanFile {
    /// Who is admitted how. `vpc`: the VPC's own ranges, which are meant where no network is named.
    pub fn reach(&self, vpc: &[String], limits: Limits) -> Reach {
        let wanted: Vec<Ipv4Net> = self.access.allowed(vpc).iter().filter_map(|cidr| cidr.parse().ok()).collect();
        let ports = if self.load_balancer.enabled { 2 } else { 1 };
        let room = limits.room(ports, self.other_rules());
        let mut ranges = cover(&wanted, room.iter().sum()).into_iter();
        let mut groups: Vec<Vec<Ipv4Net>> = room.iter().map(|room| ranges.by_ref().take(*room).collect()).collect();
        // Of what has no room at all AWS's refusal, and the check of the quota, shall tell.
        groups[0].extend(ranges);
        while groups.len() > 1 && groups.last().is_some_and(Vec::is_empty) {
            groups.pop();
        }
        let acl = cover(&outside(&self.network, &wanted), entries(&self.network, limits) / WEB_PORTS);
        Reach { wanted, groups, ports, acl }
    }

    /// The quota of rules in a group with which everybody would be admitted exactly, if AWS can grant it.
    pub fn rules_for(&self, reach: &Reach, limits: Limits) -> Option<usize> {
        let needed = cover(&reach.wanted, usize::MAX).len();
        let is_enough = |rules: &usize| {
            let room = Limits { rules: *rules, ..limits }.room(reach.ports, self.other_rules());
            room.iter().sum::<usize>() >= needed
        };
        (limits.rules..=MOST_RULES).find(is_enough)
    }

    /// Rules of the group that admits the people which are about something else.
    fn other_rules(&self) -> usize {
        let target = if self.load_balancer.enabled { GroupTarget::LoadBalancer } else { GroupTarget::Task };
        self.access.extra_ingress.iter().filter(|rule| rule.to == target).count()
    }

    /// Whether everybody is admitted exactly whatever the account's quotas are: none is below AWS's default.
    pub fn reach_is_exact(&self) -> bool {
        let reach = self.reach(&[], Limits::default());
        reach.is_exact() && (!self.has_acl() || reach.acl.len() == outside(&self.network, &reach.wanted).len())
    }

    /// Whether ce-aws writes a network ACL that people have to pass.
    pub fn has_acl(&self) -> bool {
        let own_front = self.load_balancer.enabled;
        self.existing.vpc.is_none() && self.network.harden && own_front
    }

    /// The allowed networks that the network ACL has no room for one by one; empty where it has.
    pub fn crowds_acl(&self, reach: &Reach) -> Vec<Ipv4Net> {
        let outside = outside(&self.network, &reach.wanted);
        if self.has_acl() && outside.len() > reach.acl.len() { outside } else { Vec::new() }
    }
}

impl Reach {
    /// Whether the groups admit the networks that were asked for, one by one.
    pub fn is_exact(&self) -> bool {
        self.groups.iter().flatten().all(|range| self.wanted.contains(range))
    }
}

/// How many entries of the network ACL are left for the allowed networks.
pub(super) fn entries(network: &Network, limits: Limits) -> usize {
    limits.entries.saturating_sub(OWN_ENTRIES + network.extra_ingress.len())
}

/// What is allowed and not in the VPC anyway, each once.
pub(super) fn outside(network: &Network, wanted: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let outside: Vec<_> = wanted.iter().copied().filter(|net| !network.cidr.net().contains(net)).collect();
    cover(&outside, usize::MAX)
}

/// How many entries a network ACL would have at least.
pub(super) fn fewest_entries(access: &Access, network: &Network, is_front: bool) -> usize {
    let allowed: Vec<_> = access.allowed_cidrs.iter().flatten().map(|cidr| cidr.net()).collect();
    let web = if is_front && !outside(network, &allowed).is_empty() { WEB_PORTS } else { 0 };
    OWN_ENTRIES + web + network.extra_ingress.len()
}
