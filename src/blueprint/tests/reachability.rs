//! Whether traffic arrives: route tables, network ACLs and security groups of a graph, evaluated as AWS does.
//!
//! * A route table sends a packet by its longest matching prefix; the VPC's own addresses are always local.
//! * A network ACL sees each packet that leaves or enters a subnet, answers included; the first entry that matches
//!   decides, and none means no. It does not see packets inside one subnet.
//! * A security group sees the first packet of a connection only, and allows or does not; a NAT gateway has none.
//!
//! Sources: Amazon VPC user guide, "Network ACL rules", "Security group rules", "Route priority", "NAT gateway basics".

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::engine::graph::Graph;
use crate::engine::kind::Spec;
use crate::engine::reference::{self, Known, Outputs};
use crate::kinds::nat_gateway::NatGateway;
use crate::kinds::network_acl::DefaultNetworkAcl;
use crate::kinds::network_acl::{Entry, Verdict};
use crate::kinds::route_table::RouteTable;
use crate::kinds::route_table::{Route, Via};
use crate::kinds::security_group::SecurityGroup;
use crate::kinds::security_group::{Peer, Rule};
use crate::kinds::subnet::Subnet;
use crate::kinds::vpc::Vpc;

/// Where traffic starts or ends.
#[derive(Clone, Debug)]
pub enum Place {
    /// A network interface in a subnet, with these security groups; all by address: `subnet/private-a`.
    Inside { subnet: String, ip: Ipv4Addr, groups: Vec<String> },
    /// A host on the internet.
    Internet(Ipv4Addr),
    /// A host in a network that somebody has connected to the VPC and given routes, by VPN or peering.
    Connected(Ipv4Addr),
}

impl Place {
    fn ip(&self) -> Ipv4Addr {
        match self {
            Self::Inside { ip, .. } | Self::Internet(ip) | Self::Connected(ip) => *ip,
        }
    }

    fn groups(&self) -> &[String] {
        match self {
            Self::Inside { groups, .. } => groups,
            Self::Internet(_) | Self::Connected(_) => &[],
        }
    }
}

/// A connection, or for UDP and ICMP a question and its answer.
#[derive(Clone, Debug)]
pub struct Flow {
    pub from: Place,
    pub to: Place,
    /// `tcp`, `udp`, `icmp`.
    pub protocol: &'static str,
    pub port: u16,
    /// The port that answers come to, of the source and of a NAT gateway on the way.
    pub source_port: u16,
}

/// What stopped a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The entry that refused, if any did: otherwise none has allowed.
    Acl { direction: Direction, entry: Option<i32> },
    /// The source's groups (out) or the destination's (in) allow no such connection.
    Group(Direction),
    /// The subnet has no route there, or none back.
    Route { subnet: String },
    /// The way leads to an internet gateway, and nothing here has a public address but NAT gateways.
    NoPublicAddress,
}

/// As seen from the subnet or the network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

/// A flow that does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub stop: Stop,
    /// The packet, for people.
    pub packet: String,
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    protocol: &'static str,
    from: (Ipv4Addr, u16),
    to: (Ipv4Addr, u16),
}

impl Packet {
    fn answer(self) -> Self {
        Self { from: self.to, to: self.from, ..self }
    }

    fn refused(self, stop: Stop) -> Refused {
        Refused { stop, packet: self.to_string() }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, from, to } = self;
        write!(f, "{protocol} {}:{} to {}:{}", from.0, from.1, to.0, to.1)
    }
}

/// The part of a graph that decides what arrives.
#[derive(Clone, Debug)]
pub struct Network {
    pub vpc: Ipv4Net,
    /// By address of the subnet.
    pub subnets: BTreeMap<String, Ipv4Net>,
    /// The routes of each subnet that has any.
    pub routes: BTreeMap<String, Vec<Route>>,
    /// The subnet of each NAT gateway.
    pub nats: BTreeMap<String, String>,
    /// Rules in and out of each security group.
    pub groups: BTreeMap<String, (Vec<Rule>, Vec<Rule>)>,
    /// Entries in and out of the default ACL; what AWS starts with if the graph leaves it alone.
    pub acl: (Vec<Entry>, Vec<Entry>),
}

impl Network {
    /// Reads a graph; every resource goes by its address.
    pub fn of(graph: &Graph) -> Self {
        let mut known = Known::new();
        for node in graph.nodes() {
            let itself = node.address.to_string();
            let outputs = ["id", "arn", "name"].map(|name| (name.to_owned(), itself.clone()));
            known.insert(node.address.clone(), Outputs::from(outputs));
        }
        let vpc = all::<Vpc>(graph, &known).into_values().next().expect("a graph with a VPC");
        let mut routes = BTreeMap::new();
        for table in all::<RouteTable>(graph, &known).into_values() {
            for subnet in table.subnets.iter() {
                routes.insert(subnet.text().to_owned(), table.all().iter().cloned().collect());
            }
        }
        let groups = all::<SecurityGroup>(graph, &known).into_iter().map(|(address, group)| {
            (address, (group.ingress.iter().cloned().collect(), group.egress.iter().cloned().collect()))
        });
        let untouched = || vec![Entry::all(100, Verdict::Allow, "0.0.0.0/0")];
        let acl = all::<DefaultNetworkAcl>(graph, &known).into_values().next();
        Self {
            vpc: net(&vpc.cidr),
            subnets: all::<Subnet>(graph, &known).into_iter().map(|(id, subnet)| (id, net(&subnet.cidr))).collect(),
            routes,
            nats: all::<NatGateway>(graph, &known)
                .into_iter()
                .map(|(id, nat)| (id, nat.subnet.text().to_owned()))
                .collect(),
            groups: groups.collect(),
            acl: acl.map_or((untouched(), untouched()), |acl| (acl.ingress, acl.egress)),
        }
    }

    /// Something in a subnet, at its `nth` address.
    pub fn inside(&self, subnet: &str, nth: usize, groups: &[&str]) -> Place {
        let ip = self.subnets[subnet].hosts().nth(nth).expect("a subnet with that many addresses");
        Place::Inside { subnet: subnet.to_owned(), ip, groups: groups.iter().map(|text| (*text).to_owned()).collect() }
    }

    /// Whether a flow and its answer arrive.
    pub fn connect(&self, flow: &Flow) -> Result<(), Refused> {
        let packet =
            Packet { protocol: flow.protocol, from: (flow.from.ip(), flow.source_port), to: (flow.to.ip(), flow.port) };
        self.leave_groups(flow, packet)?;
        match (&flow.from, &flow.to) {
            (Place::Inside { subnet: from, .. }, Place::Inside { subnet: to, .. }) => {
                self.cross(Some(from), Some(to), packet)?;
                self.enter_groups(flow, packet)?;
                self.cross(Some(to), Some(from), packet.answer())
            }
            (Place::Inside { subnet, .. }, Place::Connected(_)) => {
                self.cross(Some(subnet), None, packet)?;
                self.cross(None, Some(subnet), packet.answer())
            }
            (Place::Connected(_), Place::Inside { subnet, .. }) => {
                self.cross(None, Some(subnet), packet)?;
                self.enter_groups(flow, packet)?;
                self.cross(Some(subnet), None, packet.answer())
            }
            (Place::Inside { subnet, .. }, Place::Internet(_)) => self.through_nat(subnet, packet, flow.source_port),
            // As if the destination had a public address: nothing must depend on its having none.
            (Place::Internet(_), Place::Inside { subnet, .. }) => {
                self.cross(None, Some(subnet), packet)?;
                self.enter_groups(flow, packet)?;
                self.cross(Some(subnet), None, packet.answer())?;
                self.to_internet(subnet, packet.answer())
            }
            _ => Ok(()),
        }
    }

    /// Out of one subnet and into another, or into or out of the VPC.
    fn cross(&self, from: Option<&String>, to: Option<&String>, packet: Packet) -> Result<(), Refused> {
        if from == to {
            return Ok(());
        }
        if from.is_some() {
            acl(&self.acl.1, Direction::Out, packet)?;
        }
        if to.is_some() {
            acl(&self.acl.0, Direction::In, packet)?;
        }
        Ok(())
    }

    /// To the internet and back: the NAT gateway puts its own address and port in the place of the sender's.
    fn through_nat(&self, subnet: &String, packet: Packet, nat_port: u16) -> Result<(), Refused> {
        let no_route = || packet.refused(Stop::Route { subnet: subnet.clone() });
        let gateway = match self.route(subnet, packet.to.0) {
            Some(Route { via: Via::Nat(nat), .. }) => self.nats.get(nat.text()).ok_or_else(no_route)?,
            Some(Route { via: Via::Gateway(_), .. }) => return Err(packet.refused(Stop::NoPublicAddress)),
            _ => return Err(no_route()),
        };
        self.cross(Some(subnet), Some(gateway), packet)?;
        let ip = self.subnets[gateway].hosts().nth(5).expect("a subnet with that many addresses");
        let outside = Packet { from: (ip, nat_port), ..packet };
        self.cross(Some(gateway), None, outside)?;
        self.to_internet(gateway, outside)?;
        self.cross(None, Some(gateway), outside.answer())?;
        self.cross(Some(gateway), Some(subnet), packet.answer())
    }

    /// Whether a subnet's route to where the packet goes is an internet gateway.
    fn to_internet(&self, subnet: &String, packet: Packet) -> Result<(), Refused> {
        match self.route(subnet, packet.to.0) {
            Some(Route { via: Via::Gateway(_), .. }) => Ok(()),
            _ => Err(packet.refused(Stop::Route { subnet: subnet.clone() })),
        }
    }

    /// The route to an address outside the VPC.
    fn route(&self, subnet: &String, to: Ipv4Addr) -> Option<&Route> {
        let routes = self.routes.get(subnet)?;
        let matching = routes.iter().filter(|route| !self.vpc.contains(&to) && net(&route.destination).contains(&to));
        matching.max_by_key(|route| net(&route.destination).prefix_len())
    }

    fn leave_groups(&self, flow: &Flow, packet: Packet) -> Result<(), Refused> {
        let Place::Inside { groups, .. } = &flow.from else { return Ok(()) };
        let mut rules = groups.iter().flat_map(|group| &self.groups[group].1);
        let allowed = rules.any(|rule| admits(rule, packet, flow.to.ip(), flow.to.groups()));
        if allowed { Ok(()) } else { Err(packet.refused(Stop::Group(Direction::Out))) }
    }

    fn enter_groups(&self, flow: &Flow, packet: Packet) -> Result<(), Refused> {
        let mut rules = flow.to.groups().iter().flat_map(|group| &self.groups[group].0);
        let allowed = rules.any(|rule| admits(rule, packet, flow.from.ip(), flow.from.groups()));
        if allowed { Ok(()) } else { Err(packet.refused(Stop::Group(Direction::In))) }
    }
}

/// The resources of a kind, by address, with every reference resolved.
fn all<K: Spec>(graph: &Graph, known: &Known) -> BTreeMap<String, K> {
    let nodes = graph.nodes().filter(|node| node.address.kind() == K::KIND.name);
    let read = |spec| serde_json::from_value(reference::resolve(spec, known)).expect("a specification of its kind");
    nodes.map(|node| (node.address.to_string(), read(&node.spec))).collect()
}

fn net(cidr: &str) -> Ipv4Net {
    cidr.parse().expect("an IPv4 network")
}

/// An entry's network is the other end: the source of what enters, the destination of what leaves.
fn acl(entries: &[Entry], direction: Direction, packet: Packet) -> Result<(), Refused> {
    let other_end = if direction == Direction::In { packet.from.0 } else { packet.to.0 };
    let matches = |entry: &&Entry| {
        net(&entry.cidr).contains(&other_end)
            && (entry.protocol == "-1" || entry.protocol == packet.protocol)
            && entry.ports.is_none_or(|ports| (ports.from..=ports.to).contains(&packet.to.1))
    };
    match entries.iter().filter(matches).min_by_key(|entry| entry.number) {
        Some(entry) if entry.action == Verdict::Allow => Ok(()),
        decided => Err(packet.refused(Stop::Acl { direction, entry: decided.map(|entry| entry.number) })),
    }
}

fn admits(rule: &Rule, packet: Packet, peer: Ipv4Addr, peer_groups: &[String]) -> bool {
    let protocol = rule.protocol == "-1" || rule.protocol == packet.protocol;
    let port = rule.from == -1 || (rule.from..=rule.to).contains(&packet.to.1.into());
    let from = match &rule.peer {
        Peer::Cidr(cidr) => net(cidr).contains(&peer),
        Peer::Group(group) => peer_groups.iter().any(|own| own == group.text()),
        Peer::PrefixList(_) => false,
    };
    protocol && port && from
}
