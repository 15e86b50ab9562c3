//! How many rules AWS allows, and how much room they leave.

use ipnet::Ipv4Net;

use super::{cover::cover, network::Network};

/// How many rules AWS allows. Source: Amazon VPC user guide, "Amazon VPC quotas"; the default is AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In one direction of a security group.
    pub rules: usize,
    /// Security groups on a network interface.
    pub groups: usize,
    /// In one direction of a network ACL, the final deny entry included.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rules: 60, groups: 5, entries: 20 }
    }
}

/// No interface can have more rules, whatever the quotas (Amazon VPC user guide, "Amazon VPC quotas").
pub const MOST_RULES: usize = 1000;

/// ECS accepts no more groups for a task (ECS API reference, AwsVpcConfiguration).
pub const MOST_GROUPS: usize = 5;

impl Limits {
    /// How many groups there may be on an interface.
    pub fn groups_used(self) -> usize {
        self.groups.min(MOST_GROUPS).min(MOST_RULES / self.rules.max(1)).max(1)
    }

    /// How many ranges each of the groups has room for; `other`: rules of the first group for other traffic.
    pub(super) fn room(self, ports: usize, other: usize) -> Vec<usize> {
        let first = self.rules.saturating_sub(other) / ports;
        let more = std::iter::repeat_n(self.rules / ports, self.groups_used() - 1);
        std::iter::once(first).chain(more).collect()
    }
}

/// Entries that ce-aws itself makes, whoever is allowed, and the deny entry that ends every network ACL.
const OWN_ENTRIES: usize = 6 + 1;

/// Ports that each allowed network reaches in the network ACL.
pub(super) const WEB_PORTS: usize = 2;

/// How many entries of the network ACL are left for the allowed networks.
pub(super) fn entries(network: &Network, limits: Limits) -> usize {
    limits.entries.saturating_sub(OWN_ENTRIES + network.extra_ingress.len())
}

/// The allowed networks outside the VPC, each once.
pub(super) fn outside(network: &Network, wanted: &[Ipv4Net]) -> Vec<Ipv4Net> {
    let outside: Vec<_> = wanted.iter().copied().filter(|net| !network.cidr.net().contains(net)).collect();
    cover(&outside, usize::MAX)
}

/// How many entries a network ACL would have at least.
pub(super) fn fewest_entries(allowed: &[Ipv4Net], network: &Network, is_front: bool) -> usize {
    let web = if is_front && !outside(network, allowed).is_empty() { WEB_PORTS } else { 0 };
    OWN_ENTRIES + web + network.extra_ingress.len()
}
