//! The security groups: who reaches the UI, and that only the task reaches the file system.

use crate::config::{GroupIngress, GroupTarget};
use crate::engine::graph::Handle;
use crate::engine::set::Set;
use crate::kinds::rule::{ANYWHERE, Peer, Rule};
use crate::kinds::security_group::SecurityGroup;

use super::front::Front;
use super::network::Network;
use super::stack::Stack;

/// What other parts of the stack refer to.
pub struct Groups {
    /// Where the load balancer is ours.
    pub load_balancer: Option<Handle<SecurityGroup>>,
    pub task: Handle<SecurityGroup>,
    pub file_system: Handle<SecurityGroup>,
}

/// Adds the groups.
pub fn add(stack: &mut Stack<'_>, network: &Network, front: &Front) -> Groups {
    let load_balancer = matches!(front, Front::New).then(|| load_balancer(stack, network));
    let from: Vec<Peer> = match front {
        Front::New => load_balancer.iter().map(|group| Peer::Group(group.id())).collect(),
        Front::Balancer { groups, .. } | Front::Group { groups, .. } => {
            groups.iter().map(|group| Peer::Group(group.as_str().into())).collect()
        }
        Front::None => stack.plan.access.allowed(&network.cidrs).into_iter().map(Peer::Cidr).collect(),
    };
    let task = task(stack, network, from);
    let nfs = Rule::tcp(2049, 2049, Peer::Group(task.id()));
    let file_system = group(stack, network, "file-system", "Cloud Exchange file system", vec![nfs]);
    Groups { load_balancer, task, file_system }
}

/// The UI's ports, from those who may use it. 443 is open before there is a certificate, as in the vendor's template.
fn load_balancer(stack: &mut Stack<'_>, network: &Network) -> Handle<SecurityGroup> {
    let allowed = stack.plan.access.allowed(&network.cidrs).into_iter();
    let ports = allowed.flat_map(|cidr| [80, 443].map(|port| Rule::tcp(port, port, Peer::Cidr(cidr.clone()))));
    let ingress = ports.chain(extra(stack, GroupTarget::LoadBalancer)).collect();
    group(stack, network, "load-balancer", "Cloud Exchange load balancer", ingress)
}

/// The UI, from the load balancer only: a rule for the whole VPC would go round it and its allowed networks.
fn task(stack: &mut Stack<'_>, network: &Network, from: Vec<Peer>) -> Handle<SecurityGroup> {
    let port = stack.facts.release.web.port;
    let mut ingress: Vec<Rule> = from.into_iter().map(|peer| Rule::tcp(port, port, peer)).collect();
    ingress.extend(extra(stack, GroupTarget::Task));
    group(stack, network, "task", "Cloud Exchange task", ingress)
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
    let rule = match (wanted.traffic.protocol(), wanted.traffic.ports()) {
        ("tcp", Some(ports)) => Rule::tcp(ports.from(), ports.to(), peer),
        ("udp", Some(ports)) => Rule::udp(ports.from(), ports.to(), peer),
        ("icmp", _) => Rule::icmp(peer),
        _ => Rule::all(peer),
    };
    rule.described(wanted.description.as_ref().map_or("", |words| words.as_str()))
}
