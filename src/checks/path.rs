//! Whether a network reaches the UI: the routes, network ACLs and security groups on the way there and back, as AWS
//! evaluates them. What lies beyond the VPC's routes cannot be seen from here.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::existing::ingress::{Group, Rule};
use crate::existing::network::{AclEntry, Subnet};
use crate::existing::routes::{Via, route_to};

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
const EPHEMERAL: (u16, u16) = (1024, u16::MAX);

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
    let entries = |subnet: &Subnet| subnet.acl.as_ref().map(|acl| (acl.id.clone(), acl.ingress.clone()));
    acl(from, subnet, entries(subnet), (port, port), "network-acl-inbound", "TCP port")
}

fn outbound(from: &Origin, subnet: &Subnet) -> Option<Hop> {
    let entries = subnet.acl.as_ref().map(|acl| (acl.id.clone(), acl.egress.clone()));
    acl(from, subnet, entries, EPHEMERAL, "network-acl-outbound", "answers to TCP ports")
}

fn acl(
    from: &Origin,
    subnet: &Subnet,
    entries: Option<(String, Vec<AclEntry>)>,
    ports: (u16, u16),
    place: &'static str,
    what: &str,
) -> Option<Hop> {
    if is_inside(from, subnet) {
        return None;
    }
    let hop = |passes, why| Some(Hop { place, subnet: subnet.id.clone(), passes, why });
    let Some((id, entries)) = entries else {
        return hop(Passes::Unknown, "the network ACL may not be read".to_owned());
    };
    let ports_shown = if ports.0 == ports.1 { ports.0.to_string() } else { format!("{}-{}", ports.0, ports.1) };
    let (passes, by) = decided(&entries, from.net, ports);
    let verb = match passes {
        Passes::All => "allows",
        Passes::Some => "allows a part of",
        _ => "blocks",
    };
    hop(passes, format!("{id} {verb} {what} {ports_shown} ({by})"))
}

/// What the entries do with traffic, the first one that matches deciding; and which one decided about the rest.
fn decided(entries: &[AclEntry], net: Ipv4Net, (from, to): (u16, u16)) -> (Passes, String) {
    let (mut allowed, mut denied) = (false, false);
    let of = |allowed: bool, denied: bool| match (allowed, denied) {
        (true, false) => Passes::All,
        (true, true) => Passes::Some,
        (false, _) => Passes::None,
    };
    for entry in entries {
        let Ok(peer) = entry.cidr.parse::<Ipv4Net>() else { continue };
        let is_tcp = ["tcp", "all"].contains(&entry.protocol.as_str());
        if !is_tcp || entry.from > to || entry.to < from || !(peer.contains(&net) || net.contains(&peer)) {
            continue;
        }
        if entry.allow {
            allowed = true
        } else {
            denied = true
        }
        if peer.contains(&net) && entry.from <= from && to <= entry.to {
            return (of(allowed, denied), format!("rule {}", entry.number));
        }
    }
    // The last entry of every ACL denies all.
    (of(allowed, true), "no rule for the rest".to_owned())
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
