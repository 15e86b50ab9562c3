//! The network: a VPC with two private subnets for the task and two public ones for the NAT gateways.

use crate::config::{GroupIngress, GroupTarget, NetworkIngress, Traffic};
use crate::engine::graph::Handle;
use crate::engine::reference::{Need, Ref};
use crate::engine::set::Set;
use crate::kinds::acl_entry::{Entry, Verdict};
use crate::kinds::default_security_group::DefaultSecurityGroup;
use crate::kinds::elastic_ip::ElasticIp;
use crate::kinds::flow_log::FlowLog;
use crate::kinds::internet_gateway::InternetGateway;
use crate::kinds::log_group::LogGroup;
use crate::kinds::nat_gateway::NatGateway;
use crate::kinds::network_acl::DefaultNetworkAcl;
use crate::kinds::role::Role;
use crate::kinds::route::Route;
use crate::kinds::route_table::RouteTable;
use crate::kinds::rule::{ANYWHERE, Peer, Rule};
use crate::kinds::security_group::SecurityGroup;
use crate::kinds::service::Service;
use crate::kinds::subnet::Subnet;
use crate::kinds::vpc::Vpc;

use super::identity;
use super::policies;
use super::stack::Stack;

/// The names of the two halves of everything there is one of in each zone.
const ZONES: [&str; 2] = ["a", "b"];

/// What other parts of the stack refer to.
pub struct Network {
    pub vpc: Handle<Vpc>,
    pub private: [Handle<Subnet>; 2],
    /// The task cannot reach anything before these stand.
    pub private_routes: [Handle<RouteTable>; 2],
    pub load_balancer_group: Handle<SecurityGroup>,
    pub task_group: Handle<SecurityGroup>,
    pub file_system_group: Handle<SecurityGroup>,
}

/// Adds the VPC, its subnets, its ways out and the security groups.
pub fn add(stack: &mut Stack<'_>) -> Network {
    let wanted = &stack.plan.network;
    let shown = format!("{} {}", stack.names().stack(), wanted.name.as_str());
    let vpc = Vpc { cidr: wanted.cidr.as_str(), dns_support: true, dns_hostnames: true };
    let vpc = stack.add_named("main", &shown, &vpc);
    let gateway = stack.add_named("main", &shown, &InternetGateway { vpc: vpc.id() });
    let private = subnets(stack, &vpc, "private");
    let public = subnets(stack, &vpc, "public");
    let public_routes = RouteTable {
        vpc: vpc.id(),
        routes: Set::new([Route::default_via_gateway(gateway.id())]),
        subnets: public.iter().map(Handle::id).collect(),
    };
    stack.add_named("public", &format!("{shown} public"), &public_routes);
    let private_routes = std::array::from_fn(|index| {
        let zone = ZONES[index];
        let address = stack.add_named(zone, &format!("{shown} {zone}"), &ElasticIp {});
        let nat = NatGateway { subnet: public[index].id(), address: address.id() };
        let nat = stack.add_named(zone, &format!("{shown} {zone}"), &nat);
        stack.graph.order(&nat, &gateway, Need::Exists);
        let routes = RouteTable {
            vpc: vpc.id(),
            routes: Set::new([Route::default_via_nat(nat.ready())]),
            subnets: Set::new([private[index].id()]),
        };
        stack.add_named(&format!("private-{zone}"), &format!("{shown} private-{zone}"), &routes)
    });
    let load_balancer_group = load_balancer_group(stack, &vpc);
    let task_group = task_group(stack, &vpc, &load_balancer_group);
    let file_system_group = file_system_group(stack, &vpc, &task_group);
    Network { vpc, private, private_routes, load_balancer_group, task_group, file_system_group }
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

fn group(
    stack: &mut Stack<'_>,
    vpc: &Handle<Vpc>,
    purpose: &str,
    words: &str,
    ingress: Vec<Rule>,
) -> Handle<SecurityGroup> {
    let name = stack.names().part(purpose);
    let ingress = Set::new(ingress);
    let egress = Set::new([Rule::all(Peer::Cidr(ANYWHERE.to_owned()))]);
    let group = SecurityGroup { vpc: vpc.id(), name, description: words.to_owned(), ingress, egress };
    stack.add(purpose, &group)
}

/// The UI's ports, from those who may use it. 443 is open before there is a certificate, as in the vendor's template.
fn load_balancer_group(stack: &mut Stack<'_>, vpc: &Handle<Vpc>) -> Handle<SecurityGroup> {
    let allowed = &stack.plan.access.allowed_cidrs;
    let ports = allowed.iter().flat_map(|cidr| [80, 443].map(|port| Rule::tcp(port, port, Peer::Cidr(cidr.as_str()))));
    let ingress = ports.chain(extra(stack, GroupTarget::LoadBalancer)).collect();
    group(stack, vpc, "load-balancer", "Cloud Exchange load balancer", ingress)
}

/// The UI, from the load balancer only: a rule for the whole VPC would go round it and its allowed networks.
fn task_group(stack: &mut Stack<'_>, vpc: &Handle<Vpc>, from: &Handle<SecurityGroup>) -> Handle<SecurityGroup> {
    let port = stack.facts.release.web.port;
    let mut ingress = vec![Rule::tcp(port, port, Peer::Group(from.id()))];
    ingress.extend(extra(stack, GroupTarget::Task));
    group(stack, vpc, "task", "Cloud Exchange task", ingress)
}

fn file_system_group(stack: &mut Stack<'_>, vpc: &Handle<Vpc>, from: &Handle<SecurityGroup>) -> Handle<SecurityGroup> {
    let nfs = Rule::tcp(2049, 2049, Peer::Group(from.id()));
    group(stack, vpc, "file-system", "Cloud Exchange file system", vec![nfs])
}

fn extra(stack: &Stack<'_>, target: GroupTarget) -> Vec<Rule> {
    let wanted = stack.plan.access.extra_ingress.iter().filter(|rule| rule.to == target);
    wanted.map(group_rule).collect()
}

fn group_rule(wanted: &GroupIngress) -> Rule {
    let peer = Peer::Cidr(wanted.from.as_str());
    let rule = match (wanted.traffic.protocol(), wanted.traffic.ports()) {
        ("tcp", Some(ports)) => Rule::tcp(ports.from(), ports.to(), peer),
        ("udp", Some(ports)) => Rule::udp(ports.from(), ports.to(), peer),
        ("icmp", _) => Rule::icmp(peer),
        _ => Rule::all(peer),
    };
    rule.described(wanted.description.as_ref().map_or("", |words| words.as_str()))
}

/// Adds the log of refused traffic.
pub fn log(stack: &mut Stack<'_>, network: &Network) {
    if !stack.plan.network.flow_logs {
        return;
    }
    let retention_days = Some(stack.plan.logs.flow_log_retention_days.days());
    let name = stack.names().log_group("flow");
    let group = stack.add("flow", &LogGroup { name: name.clone(), retention_days });
    let inline = policies::flow_log_role(group.arn().any());
    let trust = policies::flow_log_trust(stack.names());
    let role: Handle<Role> = identity::role(stack, "flow-log", "writes the VPC's flow log", trust, inline, &[]);
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
/// worked; the health of the service is proven again afterwards.
pub fn harden(stack: &mut Stack<'_>, network: &Network, service: &Handle<Service>) {
    if !stack.plan.network.harden {
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
    let outside = stack.plan.access.allowed_cidrs.iter().filter(|cidr| !vpc.net().contains(&cidr.net()));
    for (index, cidr) in (0..).zip(outside) {
        entries.push(Entry::tcp(200 + 2 * index, Verdict::Allow, cidr.as_str(), 80, 80));
        entries.push(Entry::tcp(201 + 2 * index, Verdict::Allow, cidr.as_str(), 443, 443));
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
