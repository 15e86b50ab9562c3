//! The client VPN in an existing VPC, whose ranges and subnets the plan file does not tell.

use ipnet::Ipv4Net;

use crate::config::{PlanFile, overlap};
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::Existing;
use crate::existing::network::Subnet;

use super::finding::refusal;

/// The smallest subnet, and the addresses that must be free in it (AWS Client VPN administrator guide, "Rules and best
/// practices").
const SMALLEST: u8 = 27;
const FREE: u32 = 20;

/// Findings about `[client_vpn]`.
pub fn client_vpn(plan: &PlanFile, existing: &Existing, inventory: &Inventory) -> Vec<Finding> {
    let Some(clients) = plan.client_vpn.client_cidr else { return Vec::new() };
    let ranges = existing.vpc.iter().filter_map(|vpc| vpc.found()).flat_map(|vpc| &vpc.cidrs);
    let ranges = ranges.filter_map(|range| range.parse::<Ipv4Net>().ok());
    let overlaps = ranges.filter(|range| overlap(*range, clients.net())).map(|range| {
        refusal(
            "vpn/overlap",
            format!("the range of the VPN's clients, {clients}, overlaps the VPC's {range}"),
            "choose another `client_cidr` in [client_vpn], in no network that the clients reach",
        )
    });
    let is_in = |subnet: &Subnet| {
        let mut all = inventory.live.iter().filter(|live| live.address.kind() == "client-vpn-association");
        all.any(|live| live.spec["subnet"] == subnet.id.as_str())
    };
    let subnets = existing.subnets.iter().take(plan.client_vpn.associations()).filter_map(|subnet| subnet.found());
    let small = subnets.filter(|subnet| !is_in(subnet) && is_small(subnet)).map(|subnet| {
        let Subnet { id, cidr, free_addresses, .. } = subnet;
        refusal(
            "vpn/small-subnet",
            format!("the subnet {id} ({cidr}, {free_addresses} addresses free) is too small for a client VPN"),
            format!("name a subnet of /{SMALLEST} or larger first, with {FREE} free addresses"),
        )
    });
    overlaps.chain(small).collect()
}

fn is_small(subnet: &Subnet) -> bool {
    let length = subnet.cidr.parse::<Ipv4Net>().map(|net| net.prefix_len());
    subnet.free_addresses < FREE || length.is_ok_and(|length| length > SMALLEST)
}
