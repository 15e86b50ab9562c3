//! Whether a network reaches the UI: the routes, network ACLs and security groups on the way there and back, as AWS
//! evaluates them. What lies beyond the VPC's routes cannot be seen from here.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::existing::ingress::{Group, Rule};
use crate::existing::network::{AclEntry, NetworkAcl, Subnet};
use crate::existing::routes::{Via, route_to};

use super::network_acl::{self, Peer, Ports};

/// Where somebody comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub net: Ipv4Net,
    /// Of a network interface: its security groups, which rules may name instead of addresses.
    pub groups: Vec<String>,
}

/// The load balancer, or without one the task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entrance {
    pub port: u16,
    /// `None`: they may not be read.
    pub groups: Option<Vec<Group>>,
    /// Those that it has an address in. None: they are not known.
    pub subnets: Vec<Subnet>,
}

/// How much of the traffic passes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passes {
    All,
    /// It cannot be seen.
    Unknown,
    Some,
    None,
}

impl Passes {
    /// The stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "passes",
            Self::Unknown => "unknown",
            Self::Some => "partly",
            Self::None => "stopped",
        }
    }
}

/// One place on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// `network-acl-inbound`, `security-group`, `network-acl-outbound`, `route`.
    pub place: &'static str,
    /// The subnet that it belongs to, or empty.
    pub subnet: String,
    pub passes: Passes,
    /// What decides, and why.
    pub why: String,
}

/// Ports at which clients expect answers (Amazon VPC user guide, "Ephemeral ports").
const EPHEMERAL: Ports = Ports(1024, u16::MAX);

/// Every place on the way, in the order of the packets: in, and back.
pub fn path(from: &Origin, to: &Entrance) -> Vec<Hop> {
    let into = to.subnets.iter().filter_map(|subnet| inbound(from, to.port, subnet));
    let back = to.subnets.iter().flat_map(|subnet| {
        let acl = outbound(from, subnet);
        acl.into_iter().chain([route(from, subnet)])
    });
    into.chain([groups(from, to)]).chain(back).collect()
}

/// How much passes all of them.
pub fn verdict(hops: &[Hop]) -> Passes {
    hops.iter().map(|hop| hop.passes).max().unwrap_or(Passes::Unknown)
}

/// Network ACLs do not apply inside a subnet.
fn is_inside(from: &Origin, subnet: &Subnet) -> bool {
    subnet.cidr.parse::<Ipv4Net>().is_ok_and(|home| home.contains(&from.net))
}

fn inbound(from: &Origin, port: u16, subnet: &Subnet) -> Option<Hop> {
    let entries = |acl: &NetworkAcl| decided(&acl.ingress, from, "TCP port", Ports(port, port));
    acl(from, subnet, "network-acl-inbound", entries)
}

fn outbound(from: &Origin, subnet: &Subnet) -> Option<Hop> {
    let entries = |acl: &NetworkAcl| decided(&acl.egress, from, "answers to TCP ports", EPHEMERAL);
    acl(from, subnet, "network-acl-outbound", entries)
}

fn acl(
    from: &Origin,
    subnet: &Subnet,
    place: &'static str,
    decided: impl Fn(&NetworkAcl) -> (Passes, String),
) -> Option<Hop> {
    if is_inside(from, subnet) {
        return None;
    }
    let (passes, why) = match &subnet.acl {
        None => (Passes::Unknown, "the network ACL may not be read".to_owned()),
        Some(acl) => {
            let (passes, why) = decided(acl);
            (passes, format!("{} {why}", acl.id))
        }
    };
    Some(Hop { place, subnet: subnet.id.clone(), passes, why })
}

/// What the entries of one direction do with traffic, and which of them decides.
fn decided(entries: &[AclEntry], from: &Origin, what: &str, ports: Ports) -> (Passes, String) {
    let decision = network_acl::decide(entries, Peer::Network(from.net), ports);
    let (passes, verb) = match (decision.allows, decision.denies) {
        (true, false) => (Passes::All, "allows"),
        (true, true) => (Passes::Some, "allows a part of"),
        (false, _) => (Passes::None, "blocks"),
    };
    let by = decision.by.map_or("no rule for the rest".to_owned(), |number| format!("rule {number}"));
    let Ports(first, last) = ports;
    let shown = if first == last { first.to_string() } else { format!("{first}-{last}") };
    (passes, format!("{verb} {what} {shown} ({by})"))
}

/// Rules of all groups add up, and answers need none.
fn groups(from: &Origin, to: &Entrance) -> Hop {
    let hop = |passes, why| Hop { place: "security-group", subnet: String::new(), passes, why };
    let Some(groups) = &to.groups else {
        return hop(Passes::Unknown, "the security groups may not be read".to_owned());
    };
    let is_open =
        |rule: &&Rule| ["tcp", "all"].contains(&rule.protocol.as_str()) && rule.from <= to.port && to.port <= rule.to;
    let rules: Vec<&Rule> = groups.iter().flat_map(|group| &group.ingress).filter(is_open).collect();
    let shown = groups.iter().map(|group| group.id.as_str()).collect::<Vec<_>>().join(", ");
    let named = rules.iter().any(|rule| from.groups.contains(&rule.peer));
    let nets: Vec<Ipv4Net> = rules.iter().filter_map(|rule| rule.peer.parse().ok()).collect();
    let nets = Ipv4Net::aggregate(&nets);
    let (port, net) = (to.port, from.net);
    if named || nets.iter().any(|open| open.contains(&net)) {
        return hop(Passes::All, format!("{shown}: a rule admits TCP port {port} from {net}"));
    }
    if rules.iter().any(|rule| rule.peer.starts_with("pl-")) {
        return hop(Passes::Unknown, format!("{shown}: TCP port {port} is open to a prefix list, which is not read"));
    }
    let part: Vec<_> = nets.iter().filter(|open| net.contains(*open)).map(ToString::to_string).collect();
    if part.is_empty() {
        return hop(Passes::None, format!("{shown}: no rule admits TCP port {port} from {net}"));
    }
    hop(Passes::Some, format!("{shown}: TCP port {port} only from {}", part.join(", ")))
}

/// Answers take the route with the longest prefix; parts of the network may take different ones.
fn route(from: &Origin, subnet: &Subnet) -> Hop {
    let hop = |passes, why| Hop { place: "route", subnet: subnet.id.clone(), passes, why };
    let inner = subnet.routes.iter().filter_map(|route| route.to).filter(|net| from.net.contains(net));
    let samples = inner.map(|net| net.network()).chain([from.net.network(), from.net.broadcast()]);
    let mut taken: Vec<(bool, String)> = samples.map(|address| back(subnet, address)).collect();
    taken.sort();
    taken.dedup();
    let said = |wanted: bool| taken.iter().filter(move |(leads, _)| *leads == wanted).map(|(_, why)| why.clone());
    let (good, bad): (Vec<_>, Vec<_>) = (said(true).collect(), said(false).collect());
    match (good.is_empty(), bad.is_empty()) {
        (_, true) => hop(Passes::All, good.join("; ")),
        (true, _) => hop(Passes::None, bad.join("; ")),
        _ => hop(Passes::Some, format!("{}; but {}", good.join("; "), bad.join("; "))),
    }
}

/// Whether answers to an address leave for a network of the user's, and how.
fn back(subnet: &Subnet, address: Ipv4Addr) -> (bool, String) {
    let table = &subnet.route_table;
    let Some(route) = route_to(&subnet.routes, address) else {
        return (false, format!("{table} has no route back"));
    };
    let (to, id) = (route.to.map(|net| net.to_string()).unwrap_or_default(), &route.id);
    if !route.active {
        return (false, format!("{table} leads {to} to {id}, which is gone"));
    }
    match route.via {
        Via::Local => (true, format!("{table} keeps {to} inside the VPC")),
        Via::Nat
        | Via::StrandedNat
        | Via::UnknownNat
        | Via::InternetGateway
        | Via::EgressOnly
        | Via::CarrierGateway
        | Via::GatewayEndpoint => {
            (false, format!("{table} has no route back: answers leave for the internet through {id} ({to})"))
        }
        Via::TransitGateway
        | Via::VirtualPrivateGateway
        | Via::CoreNetwork
        | Via::LocalGateway
        | Via::Firewall
        | Via::Interface
        | Via::Peering
        | Via::Other => (true, format!("{table} leads {to} to {id}")),
    }
}
