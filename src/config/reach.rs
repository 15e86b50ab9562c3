//! How the allowed networks become rules, of which AWS allows only so many.
//!
//! Security groups decide who reaches the UI. They admit exactly the allowed networks as long as an interface can have
//! that many rules, in several groups if one has no room, and beyond that the smallest ranges that cover them. A
//! managed prefix list would not help: it counts as many rules as it may have entries. The network ACL is a second
//! line of defence: where it has no room, it admits covering ranges. The decision and its facts are in
//! `docs/aws-behaviour.md`.

use ipnet::Ipv4Net;

use super::{
    cover::cover,
    limits::{Limits, MOST_RULES, WEB_PORTS, entries, outside},
    plan_file::PlanFile,
    traffic::GroupTarget,
};

/// What admits the allowed networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The networks that were asked for.
    pub wanted: Vec<Ipv4Net>,
    /// The ranges of each security group. The first one is the group that has the other rules too; there is always one.
    pub groups: Vec<Vec<Ipv4Net>>,
    /// Rules for each range of a group: one for each port.
    pub ports: usize,
    /// The ranges outside the VPC that the network ACL lets through at the ports of the load balancer.
    pub acl: Vec<Ipv4Net>,
}

impl PlanFile {
    /// Who is admitted how. `vpc`: the VPC's own ranges, which are the default.
    pub fn reach(&self, vpc: &[String], limits: Limits) -> Reach {
        let wanted: Vec<Ipv4Net> = self.access.allowed(vpc).iter().filter_map(|cidr| cidr.parse().ok()).collect();
        let ports = if self.load_balancer.enabled { 2 } else { 1 };
        let room = limits.room(ports, self.other_rules());
        let mut ranges = cover(&wanted, room.iter().sum()).into_iter();
        let mut groups: Vec<Vec<Ipv4Net>> = room.iter().map(|room| ranges.by_ref().take(*room).collect()).collect();
        // Ranges without room stay, so that the check of the quota, or AWS, refuses them.
        groups[0].extend(ranges);
        while groups.len() > 1 && groups.last().is_some_and(Vec::is_empty) {
            groups.pop();
        }
        let acl = cover(&outside(&self.network, &wanted), entries(&self.network, limits) / WEB_PORTS);
        Reach { wanted, groups, ports, acl }
    }

    /// The quota of rules in a group with which the allowed networks would be admitted one by one, if AWS can grant it.
    pub fn rules_for(&self, reach: &Reach, limits: Limits) -> Option<usize> {
        let needed = cover(&reach.wanted, usize::MAX).len();
        let is_enough = |rules: &usize| {
            let room = Limits { rules: *rules, ..limits }.room(reach.ports, self.other_rules());
            room.iter().sum::<usize>() >= needed
        };
        (limits.rules..=MOST_RULES).find(is_enough)
    }

    /// Rules for other traffic in the group that admits the users, and for the clients of the VPN.
    fn other_rules(&self) -> usize {
        let target = if self.load_balancer.enabled { GroupTarget::LoadBalancer } else { GroupTarget::Task };
        let clients = match (self.client_vpn.is_wanted(), self.load_balancer.enabled) {
            (false, _) => 0,
            (true, true) => WEB_PORTS,
            (true, false) => 1,
        };
        self.access.extra_ingress.iter().filter(|rule| rule.to == target).count() + clients
    }

    /// Whether the allowed networks are admitted one by one with any quotas: none is below AWS's default.
    pub fn reach_is_exact(&self) -> bool {
        let reach = self.reach(&[], Limits::default());
        reach.is_exact() && (!self.has_acl() || reach.acl.len() == outside(&self.network, &reach.wanted).len())
    }

    /// Whether ce-aws writes a network ACL that users have to pass.
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
