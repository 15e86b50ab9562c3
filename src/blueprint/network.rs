//! The network: a VPC with two private subnets for the task and two public ones for the NAT gateways, or the user's.

use crate::config::{Nat, NetworkIngress, SubnetId, Traffic};
use crate::engine::graph::Handle;
use crate::engine::reference::{Need, Ref};
use crate::engine::set::Set;
use crate::kinds::elastic_ip::ElasticIp;
use crate::kinds::flow_log::FlowLog;
use crate::kinds::internet_gateway::InternetGateway;
use crate::kinds::log_group::LogGroup;
use crate::kinds::nat_gateway::NatGateway;
use crate::kinds::network_acl::{DefaultNetworkAcl, Entry, Verdict};
use crate::kinds::route_table::{Route, RouteTable, Via};
use crate::kinds::security_group::{ANYWHERE, DefaultSecurityGroup};
use crate::kinds::service::Service;
use crate::kinds::subnet::Subnet;
use crate::kinds::vpc::Vpc;

use super::policies;
use super::stack::Stack;

/// The names of the two halves of everything there is one of in each zone.
const ZONES: [&str; 2] = ["a", "b"];

/// What other parts of the stack refer to.
pub struct Network {
    pub vpc: Handle<Vpc>,
    /// The VPC's ranges.
    pub cidrs: Vec<String>,
    pub private: [Handle<Subnet>; 2],
    /// The task cannot reach anything before these stand.
    pub private_routes: Vec<Handle<RouteTable>>,
}

/// The network of the plan file: the user's, or a new one.
pub fn add(stack: &mut Stack<'_>) -> Network {
    match stack.plan.existing.private_subnets.clone() {
        Some(subnets) => existing(stack, &subnets),
        None => new(stack),
    }
}

/// A VPC of the user's: nothing in it is made, but for the security groups.
fn existing(stack: &Stack<'_>, subnets: &[SubnetId; 2]) -> Network {
    let seen = stack.facts.existing.vpc.as_ref().and_then(|vpc| vpc.found());
    let vpc = stack.plan.existing.vpc.as_ref().map(|id| id.as_str()).unwrap_or_default();
    Network {
        vpc: Handle::existing([("id", vpc)]),
        cidrs: seen.map(|vpc| vpc.cidrs.clone()).unwrap_or_default(),
        private: subnets.each_ref().map(|id| Handle::existing([("id", id.as_str())])),
        private_routes: Vec::new(),
    }
}

/// A VPC of our own, its subnets, and its ways out.
fn new(stack: &mut Stack<'_>) -> Network {
    let wanted = &stack.plan.network;
    let (cidr, nat) = (wanted.cidr.as_str(), wanted.nat);
    let shown = format!("{} {}", stack.names().stack(), wanted.name.as_str());
    let vpc = Vpc { cidr: cidr.clone(), dns_support: true, dns_hostnames: true };
    let vpc = stack.add_named("main", &shown, &vpc);
    let private = subnets(stack, &vpc, "private");
    let gateways = ways_out(stack, &vpc, &shown, nat);
    let own = stack.plan.network.route.iter();
    let own = own.map(|route| Route { destination: route.to.as_str(), via: Via::named(&route.via) });
    let own: Set<Route> = own.collect();
    let private_routes = ZONES.iter().zip(&private).enumerate().map(|(index, (zone, subnet))| {
        // A single gateway serves both zones.
        let gateway = gateways.get(index).or(gateways.first());
        let routes = RouteTable {
            vpc: vpc.id(),
            default: gateway.map(|gateway| Via::Nat(gateway.ready())),
            routes: own.clone(),
            subnets: Set::new([subnet.id()]),
            networks: None,
        };
        stack.add_named(&format!("private-{zone}"), &format!("{shown} private-{zone}"), &routes)
    });
    let private_routes = private_routes.collect();
    Network { vpc, cidrs: vec![cidr], private, private_routes }
}

/// The NAT gateways, and what they stand on: two public subnets with a way to the internet. Both subnets are there for
/// a single gateway too, so that a second one can be added to a live stack. Nothing where the user has other ways.
fn ways_out(stack: &mut Stack<'_>, vpc: &Handle<Vpc>, shown: &str, nat: Nat) -> Vec<Handle<NatGateway>> {
    let zones = match nat {
        Nat::PerZone => ZONES.as_slice(),
        Nat::Single => &ZONES[..1],
        Nat::None => return Vec::new(),
    };
    let internet = stack.add_named("main", shown, &InternetGateway { vpc: vpc.id() });
    let public = subnets(stack, vpc, "public");
    let routes = RouteTable {
        vpc: vpc.id(),
        default: Some(Via::Gateway(internet.id())),
        routes: Set::new([]),
        subnets: public.iter().map(Handle::id).collect(),
        networks: None,
    };
    stack.add_named("public", &format!("{shown} public"), &routes);
    let gateways = zones.iter().zip(&public).map(|(zone, subnet)| {
        let address = stack.add_named(zone, &format!("{shown} {zone}"), &ElasticIp {});
        let nat = NatGateway { subnet: subnet.id(), address: address.id() };
        let nat = stack.add_named(zone, &format!("{shown} {zone}"), &nat);
        stack.graph.order(&nat, &internet, Need::Exists);
        nat
    });
    gateways.collect()
}

fn subnets(stack: &mut Stack<'_>, vpc: &Handle<Vpc>, side: &str) -> [Handle<Subnet>; 2] {
    std::array::from_fn(|index| {
        let wanted = &stack.plan.network;
        let cidrs = if side == "private" { &wanted.private_subnets } else { &wanted.public_subnets };
        let name = format!("{side}-{}", ZONES[index]);
        let shown = format!("{} {} {name}", stack.names().stack(), wanted.name.as_str());
        let zone = stack.facts.zones[index].clone();
        let subnet = Subnet { vpc: vpc.id(), zone, cidr: cidrs[index].as_str(), public_addresses: false };
        stack.add_named(&name, &shown, &subnet)
    })
}

/// Adds the log of refused traffic.
pub fn log(stack: &mut Stack<'_>, network: &Network) {
    if stack.plan.existing.vpc.is_some() || !stack.plan.network.flow_logs {
        return;
    }
    let retention_days = Some(stack.plan.logs.flow_log_retention_days.days());
    let name = stack.names().log_group("flow");
    let group = stack.add("flow", &LogGroup { name: name.clone(), retention_days });
    let inline = policies::flow_log_role(group.arn().any());
    let trust = policies::flow_log_trust(stack.names());
    let role = stack.add_role("flow-log", "writes the VPC's flow log", trust, Some(inline), &[]);
    let log = FlowLog {
        vpc: network.vpc.id(),
        traffic: "REJECT".to_owned(),
        log_group: group.output("name", Need::Exists).any(),
        role: role.arn().any(),
        aggregation: 600,
    };
    stack.add("vpc", &log);
}

/// Closes what AWS leaves open in a new VPC. Last, because a mistake here must not hide behind a deployment that never
/// worked; the health of the service is verified again afterwards.
pub fn harden(stack: &mut Stack<'_>, network: &Network, service: &Handle<Service>) {
    if stack.plan.existing.vpc.is_some() || !stack.plan.network.harden {
        return;
    }
    let group = stack.add("main", &DefaultSecurityGroup::hardened(network.vpc.id()));
    stack.graph.order(&group, service, Need::Ready);
    let ingress = acl(stack);
    let egress = vec![Entry::all(100, Verdict::Allow, ANYWHERE)];
    let acl = stack.add("main", &DefaultNetworkAcl { vpc: network.vpc.id(), ingress, egress }.normal());
    stack.graph.order(&acl, service, Need::Ready);
}

/// What may enter a subnet, in the order in which AWS tries it. A network ACL does not know connections: answers from
/// the internet come to ports 1024 and above, which are therefore open, except for 3389.
fn acl(stack: &Stack<'_>) -> Vec<Entry> {
    let vpc = stack.plan.network.cidr;
    let mut entries = vec![
        Entry::tcp(10, Verdict::Deny, ANYWHERE, 22, 22),
        Entry::tcp(20, Verdict::Deny, ANYWHERE, 3389, 3389),
        Entry::all(100, Verdict::Allow, vpc.as_str()),
    ];
    // Without a load balancer the UI is at a port of the open range below.
    let reach = stack.plan.reach(&[], stack.facts.existing.limits);
    let outside = reach.acl.iter().filter(|_| stack.plan.load_balancer.enabled);
    for (index, net) in (0..).zip(outside) {
        entries.push(Entry::tcp(200 + 2 * index, Verdict::Allow, net.to_string(), 80, 80));
        entries.push(Entry::tcp(201 + 2 * index, Verdict::Allow, net.to_string(), 443, 443));
    }
    entries.push(Entry::tcp(10_000, Verdict::Allow, ANYWHERE, 1024, 65535));
    entries.push(Entry::udp(10_001, Verdict::Allow, ANYWHERE, 1024, 65535));
    entries.push(Entry::icmp(10_002, Verdict::Allow, ANYWHERE));
    let extra = stack.plan.network.extra_ingress.iter();
    entries.extend((20_000..).zip(extra).map(|(number, wanted)| acl_entry(number, wanted)));
    entries
}

fn acl_entry(number: i32, wanted: &NetworkIngress) -> Entry {
    let cidr = wanted.from.as_str();
    match wanted.traffic {
        Traffic::Tcp(ports) => Entry::tcp(number, Verdict::Allow, cidr, ports.from(), ports.to()),
        Traffic::Udp(ports) => Entry::udp(number, Verdict::Allow, cidr, ports.from(), ports.to()),
        Traffic::Icmp => Entry::icmp(number, Verdict::Allow, cidr),
        Traffic::All => Entry::all(number, Verdict::Allow, cidr),
    }
}

/// The private subnets, for what lives in both.
pub fn private(network: &Network) -> Set<Ref<Subnet>> {
    network.private.iter().map(Handle::id).collect()
}
