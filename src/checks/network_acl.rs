//! Network ACLs, of which the first matching entry decides.
//!
//! They apply only to what enters or leaves a subnet (Amazon VPC user guide, "Control subnet traffic with network
//! access control lists"). The task and its mount target are in one subnet, so port 2049 is not checked. Blocked
//! traffic is reported only if all of it is blocked: blocking a part may be intended.

use ipnet::Ipv4Net;

use crate::engine::plan::Finding;
use crate::existing::network::{AclEntry, NetworkAcl, Subnet};

use super::egress::Uses;
use super::finding::{refusal, warning};

/// Ports that should not be open to everyone.
const ADMIN: [u16; 2] = [22, 3389];

const HTTPS: Ports = Ports(443, 443);

/// The port of the UI container.
const TASK: Ports = Ports(3000, 3000);

/// Linux's ephemeral ports, at which answers arrive.
const EPHEMERAL: Ports = Ports(32768, 60999);

/// A range of ports, inclusive.
#[derive(Clone, Copy)]
pub(super) struct Ports(pub u16, pub u16);

/// The other side of the traffic.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    Network(Ipv4Net),
    /// All public addresses.
    Internet,
}

/// Ranges that do not belong to the internet (RFC 1918, RFC 6598).
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// Admin ports that are open in each ACL; an ACL of several subnets is reported once.
pub fn open(subnets: &[&Subnet]) -> Vec<Finding> {
    let mut acls: Vec<_> = subnets.iter().filter_map(|subnet| subnet.acl.as_ref()).collect();
    acls.sort_by_key(|acl| &acl.id);
    acls.dedup_by_key(|acl| &acl.id);
    acls.into_iter().filter_map(open_admin_ports).collect()
}

fn open_admin_ports(acl: &NetworkAcl) -> Option<Finding> {
    let ports: Vec<_> = ADMIN.into_iter().filter(|port| is_open(&acl.ingress, *port)).map(|p| p.to_string()).collect();
    (!ports.is_empty()).then_some(warning(
        "network-acl/open-admin-ports",
        format!("the network ACL {} allows TCP port {} from 0.0.0.0/0", acl.id, ports.join(" and ")),
        "deny 22 and 3389 from 0.0.0.0/0 before entries that allow them; Cloud Exchange needs neither",
    ))
}

/// Whether a TCP port is open to any public address.
fn is_open(entries: &[AclEntry], port: u16) -> bool {
    let anybody = |entry: &&AclEntry| entry.cidr.ends_with("/0");
    let first = entries.iter().filter(anybody).find(|entry| touches(entry, Peer::Internet, Ports(port, port)));
    first.is_some_and(|entry| entry.allow)
}

/// Traffic that the task or its users need and the subnet's ACL blocks. `reaches_out`: the task uses the default route.
pub fn blocks(subnet: &Subnet, reaches_out: bool, uses: &Uses) -> Vec<Finding> {
    let Some(acl) = &subnet.acl else { return Vec::new() };
    let mut needed = Vec::new();
    if reaches_out {
        needed.extend(blocked(&acl.egress, Peer::Internet, HTTPS).then_some("TCP port 443 to the internet"));
        needed.extend(blocked(&acl.ingress, Peer::Internet, EPHEMERAL).then_some("answers from the internet"));
    }
    let (id, needed) = (&acl.id, needed.join(" and "));
    let out = (!needed.is_empty()).then_some(refusal(
        "network-acl/blocks",
        format!("the network ACL {id} of the subnet {} blocks {needed}: ECS could not pull the images", subnet.id),
        "allow TCP to port 443 outbound and TCP to ports 1024-65535 inbound, from and to 0.0.0.0/0",
    ));
    out.into_iter().chain(blocked_clients(subnet, acl, uses)).collect()
}

/// Users who could not reach the web interface.
fn blocked_clients(subnet: &Subnet, acl: &NetworkAcl, uses: &Uses) -> Option<Finding> {
    let (port, home) = (uses.port?, subnet.cidr.parse::<Ipv4Net>().ok()?);
    let nets = uses.clients.iter().filter_map(|client| client.parse::<Ipv4Net>().ok());
    let outside = nets.filter(|net| !home.contains(net));
    let is_blocked = |net: &Ipv4Net| {
        let peer = Peer::Network(*net);
        blocked(&acl.ingress, peer, Ports(port, port)) || blocked(&acl.egress, peer, EPHEMERAL)
    };
    let clients: Vec<_> = outside.filter(is_blocked).map(|net| net.to_string()).collect();
    (!clients.is_empty()).then_some(warning(
        "network-acl/blocks",
        format!(
            "the network ACL {} of the subnet {} blocks TCP port {port} from {}, or the answers, so they could not \
                 reach the web interface",
            acl.id,
            subnet.id,
            clients.join(", ")
        ),
        format!("allow TCP to port {port} inbound and to ports 1024-65535 outbound for them"),
    ))
}

/// Traffic between a load balancer in one subnet and the task in another that ACLs block.
pub fn between(subnets: &[&Subnet]) -> Vec<Finding> {
    let pairs = subnets.iter().flat_map(|from| subnets.iter().map(move |to| (*from, *to)));
    pairs.filter(|(from, to)| from.id != to.id).filter_map(|(from, to)| blocked_between(from, to)).collect()
}

fn blocked_between(from: &Subnet, to: &Subnet) -> Option<Finding> {
    let here = Peer::Network(from.cidr.parse().ok()?);
    let there = Peer::Network(to.cidr.parse().ok()?);
    let (ours, theirs) = (from.acl.as_ref()?, to.acl.as_ref()?);
    let traffic = [
        (ours, &ours.egress, there, TASK),
        (theirs, &theirs.ingress, here, TASK),
        (theirs, &theirs.egress, here, EPHEMERAL),
        (ours, &ours.ingress, there, EPHEMERAL),
    ];
    let (acl, ..) = traffic.into_iter().find(|(_, entries, peer, ports)| blocked(entries, *peer, *ports))?;
    Some(refusal(
        "network-acl/blocks",
        format!(
            "the network ACL {} blocks traffic between {} and {}: the load balancer would find the task unhealthy, and \
             ECS would replace it again and again",
            acl.id, from.id, to.id
        ),
        format!(
            "allow TCP to port 3000 and to ports 1024-65535 between {} and {}, inbound and outbound",
            from.cidr, to.cidr
        ),
    ))
}

/// Whether all TCP traffic with this peer to these ports is blocked.
fn blocked(entries: &[AclEntry], peer: Peer, ports: Ports) -> bool {
    !decide(entries, peer, ports).allows
}

/// What the entries do with TCP traffic.
pub(super) struct Decision {
    /// Whether any of it passes.
    pub allows: bool,
    /// Whether any of it is blocked.
    pub denies: bool,
    /// The number of the entry that decides about the rest; `None` is the last entry of every ACL, which denies all.
    pub by: Option<i32>,
}

/// Judges TCP traffic with this peer to these ports, the first entry that matches deciding.
pub(super) fn decide(entries: &[AclEntry], peer: Peer, ports: Ports) -> Decision {
    let (mut allows, mut denies) = (false, false);
    for entry in entries.iter().filter(|entry| touches(entry, peer, ports)) {
        allows |= entry.allow;
        denies |= !entry.allow;
        if covers(entry, peer, ports) {
            return Decision { allows, denies, by: Some(entry.number) };
        }
    }
    Decision { allows, denies: true, by: None }
}

fn is_tcp(entry: &AclEntry) -> bool {
    matches!(entry.protocol.as_str(), "tcp" | "all")
}

/// Whether an entry matches any of the traffic.
fn touches(entry: &AclEntry, peer: Peer, Ports(from, to): Ports) -> bool {
    let Ok(net) = entry.cidr.parse::<Ipv4Net>() else { return false };
    let peer = match peer {
        Peer::Network(peer) => net.contains(&peer) || peer.contains(&net),
        Peer::Internet => !PRIVATE.iter().filter_map(|range| range.parse::<Ipv4Net>().ok()).any(|r| r.contains(&net)),
    };
    is_tcp(entry) && peer && entry.from <= to && from <= entry.to
}

/// Whether an entry matches all of the traffic.
fn covers(entry: &AclEntry, peer: Peer, Ports(from, to): Ports) -> bool {
    let Ok(net) = entry.cidr.parse::<Ipv4Net>() else { return false };
    let peer = match peer {
        Peer::Network(peer) => net.contains(&peer),
        Peer::Internet => net.prefix_len() == 0,
    };
    is_tcp(entry) && peer && entry.from <= from && to <= entry.to
}
