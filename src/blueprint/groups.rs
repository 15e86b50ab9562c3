//! The security groups: who reaches the UI, and that only the task reaches the file system.

use ipnet::Ipv4Net;

use crate::config::{Front, GroupIngress, GroupTarget, Reach, Traffic};
use crate::engine::graph::Handle;
use crate::engine::set::Set;
use crate::existing::Existing;
use crate::kinds::client_vpn;
use crate::kinds::security_group::{ANYWHERE, Peer, Rule, SecurityGroup};

use super::network::Network;
use super::stack::Stack;

/// What other parts of the stack refer to.
pub struct Groups {
    /// For a load balancer of ours: one, or several if one has no room for all rules. It has all of them.
    pub load_balancer: Vec<Handle<SecurityGroup>>,
    pub task: Handle<SecurityGroup>,
    /// Further ones of the task, if users connect to it without a load balancer.
    pub more_of_task: Vec<Handle<SecurityGroup>>,
    pub file_system: Handle<SecurityGroup>,
    /// For the client VPN, if there is one.
    pub client_vpn: Option<Handle<SecurityGroup>>,
}

/// Adds the groups.
pub fn add(stack: &mut Stack<'_>, network: &Network) -> Groups {
    let front = stack.plan.front();
    let client_vpn = client_vpn(stack, network);
    let clients: Option<Peer> = client_vpn.as_ref().map(|group| Peer::Group(group.id().any()));
    let reach = stack.plan.reach(&network.cidrs, stack.facts.existing.limits);
    let load_balancer =
        if front == Front::Own { load_balancer(stack, network, &reach, clients.as_ref()) } else { Vec::new() };
    let people = if front == Front::Nothing { reach.groups.as_slice() } else { &[] };
    let from: Vec<Peer> = match front {
        // All of them are on each of its interfaces.
        Front::Own => load_balancer.first().map(|group| Peer::Group(group.id().any())).into_iter().collect(),
        Front::LoadBalancer | Front::TargetGroup => {
            groups_of_user(stack.facts.existing).iter().map(|group| Peer::Group(group.as_str().into())).collect()
        }
        Front::Nothing => {
            people.first().map(|nets| peers(nets)).unwrap_or_default().into_iter().chain(clients).collect()
        }
    };
    let task = task(stack, network, from);
    let more_of_task = people.iter().skip(1).zip(2..).map(|(nets, number)| {
        let ports = [stack.facts.release.web.port];
        group(stack, network, &format!("task-{number}"), TASK, web(&ports, peers(nets)).collect())
    });
    let more_of_task = more_of_task.collect();
    let nfs = Rule::tcp(2049, 2049, Peer::Group(task.id().any()));
    let file_system = group(stack, network, "file-system", "Cloud Exchange file system", vec![nfs]);
    Groups { load_balancer, task, more_of_task, file_system, client_vpn }
}

/// The groups of the user's load balancer, whether it is named itself or by its target group.
fn groups_of_user(existing: &Existing) -> &[String] {
    let behind = existing.target_group.as_ref().and_then(|group| group.found()?.load_balancer.as_ref());
    let named = || existing.load_balancer.as_ref().and_then(|balancer| balancer.found());
    behind.or_else(named).map_or(&[], |balancer| &balancer.group_ids)
}

const LOAD_BALANCER: &str = "Cloud Exchange load balancer";
const TASK: &str = "Cloud Exchange task";

fn peers(nets: &[Ipv4Net]) -> Vec<Peer> {
    nets.iter().map(|net| Peer::Cidr(net.to_string())).collect()
}

fn web(ports: &[u16], from: Vec<Peer>) -> impl Iterator<Item = Rule> {
    from.into_iter().flat_map(move |peer| ports.iter().map(move |port| Rule::tcp(*port, *port, peer.clone())))
}

/// The UI's ports, from those who may use it. 443 is open before there is a certificate, as in the vendor's template.
fn load_balancer(
    stack: &mut Stack<'_>,
    network: &Network,
    reach: &Reach,
    clients: Option<&Peer>,
) -> Vec<Handle<SecurityGroup>> {
    let groups = reach.groups.iter().zip(1..).map(|(nets, number)| {
        let mut ingress: Vec<Rule> = web(&[80, 443], peers(nets)).collect();
        if number == 1 {
            ingress.extend(web(&[80, 443], clients.cloned().into_iter().collect()));
            ingress.extend(extra(stack, GroupTarget::LoadBalancer));
            return group(stack, network, "load-balancer", LOAD_BALANCER, ingress);
        }
        group(stack, network, &format!("load-balancer-{number}"), LOAD_BALANCER, ingress)
    });
    groups.collect()
}

/// What the client VPN's network interfaces have: clients come out of it, and nothing goes in.
fn client_vpn(stack: &mut Stack<'_>, network: &Network) -> Option<Handle<SecurityGroup>> {
    let wanted = stack.plan.client_vpn.is_wanted();
    wanted.then(|| group(stack, network, client_vpn::GROUP, "Cloud Exchange client VPN", Vec::new()))
}

/// The UI, from the load balancer only: a rule for the whole VPC would bypass it and its allowed networks.
fn task(stack: &mut Stack<'_>, network: &Network, from: Vec<Peer>) -> Handle<SecurityGroup> {
    let mut ingress: Vec<Rule> = web(&[stack.facts.release.web.port], from).collect();
    ingress.extend(extra(stack, GroupTarget::Task));
    group(stack, network, "task", TASK, ingress)
}

fn group(
    stack: &mut Stack<'_>,
    network: &Network,
    purpose: &str,
    words: &str,
    ingress: Vec<Rule>,
) -> Handle<SecurityGroup> {
    let name = stack.names().part(purpose);
    let ingress = Set::new(ingress);
    let egress = Set::new([Rule::all(Peer::Cidr(ANYWHERE.to_owned()))]);
    let group = SecurityGroup { vpc: network.vpc.id(), name, description: words.to_owned(), ingress, egress };
    stack.add(purpose, &group)
}

fn extra(stack: &Stack<'_>, target: GroupTarget) -> Vec<Rule> {
    let wanted = stack.plan.access.extra_ingress.iter().filter(|rule| rule.to == target);
    wanted.map(group_rule).collect()
}

fn group_rule(wanted: &GroupIngress) -> Rule {
    let peer = Peer::Cidr(wanted.from.as_str());
    let rule = match wanted.traffic {
        Traffic::Tcp(ports) => Rule::tcp(ports.from(), ports.to(), peer),
        Traffic::Udp(ports) => Rule::udp(ports.from(), ports.to(), peer),
        Traffic::Icmp => Rule::icmp(peer),
        Traffic::All => Rule::all(peer),
    };
    rule.described(wanted.description.as_ref().map_or("", |words| words.as_str()))
}
