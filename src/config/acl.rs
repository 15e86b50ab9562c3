//! Room in the network ACL.

use ipnet::Ipv4Net;

use super::{cover::cover, limits::Limits, network::Network};

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
