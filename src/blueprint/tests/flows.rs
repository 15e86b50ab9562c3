//! What must arrive in the network that the blueprint draws, and what must not.

use crate::kinds::network_acl::{self, Edit, Entry, Verdict};
use crate::kinds::security_group::{Peer, Rule};

use super::reachability::{Direction, Flow, Network, Place, Refused, Stop};
use super::{SMALLEST, graph_of};

const LOAD_BALANCER: &str = "security-group/load-balancer";
const TASK: &str = "security-group/task";
const FILE_SYSTEM: &str = "security-group/file-system";
/// A group of a host that is not ours and may speak to anybody.
const FOREIGN: &str = "security-group/foreign";

const PRIVATE: [&str; 2] = ["subnet/private-a", "subnet/private-b"];
const PUBLIC: [&str; 2] = ["subnet/public-a", "subnet/public-b"];
const INTERNET: &str = "203.0.113.7";
/// In `10.1.0.0/16`, which the plans below allow.
const OFFICE: &str = "10.1.2.3";

/// What Linux, load balancers and NAT gateways choose from: 1024 to 65535.
/// (Amazon VPC user guide, "Ephemeral ports".)
const ANSWER_PORTS: [u16; 3] = [1024, 32768, 65535];

fn network(more: &str) -> Network {
    let mut network = Network::of(&graph_of(&format!("{SMALLEST}{more}")));
    let everything = vec![Rule::all(Peer::Cidr("0.0.0.0/0".to_owned()))];
    network.groups.insert(FOREIGN.to_owned(), (Vec::new(), everything));
    network
}

const OFFICE_ALLOWED: &str = "[access]\nallowed_cidrs = [\"172.16.0.0/16\", \"10.1.0.0/16\"]\n";

/// All flows that Cloud Exchange lives on, with a client in the VPC and one in the office if it is allowed.
fn needed(network: &Network, office: bool) -> Vec<(String, Flow)> {
    let mut flows = Vec::new();
    let mut add = |name: &str, from: &Place, to: &Place, protocol, port| {
        for source_port in ANSWER_PORTS {
            let name = format!("{name}, {protocol} {port} from port {source_port}: {from:?} to {to:?}");
            flows.push((name, Flow { from: from.clone(), to: to.clone(), protocol, port, source_port }));
        }
    };
    let pairs = PRIVATE.iter().flat_map(|from| PRIVATE.iter().map(move |to| (*from, *to)));
    for (from, to) in pairs {
        let balancer = network.inside(from, 20, &[LOAD_BALANCER]);
        let task = network.inside(from, 30, &[TASK]);
        add("load balancer to task, and its health checks", &balancer, &network.inside(to, 30, &[TASK]), "tcp", 3000);
        add("task to file system", &task, &network.inside(to, 40, &[FILE_SYSTEM]), "tcp", 2049);
    }
    for subnet in PRIVATE {
        let (balancer, task) = (network.inside(subnet, 20, &[LOAD_BALANCER]), network.inside(subnet, 30, &[TASK]));
        for port in [80, 443] {
            let client = network.inside(PUBLIC[0], 50, &[FOREIGN]);
            add("client in the VPC to load balancer", &client, &balancer, "tcp", port);
            if office {
                let client = Place::Connected(OFFICE.parse().unwrap());
                add("client in the office to load balancer", &client, &balancer, "tcp", port);
            }
        }
        let internet = Place::Internet(INTERNET.parse().unwrap());
        for port in [80, 443, 514] {
            add("task to internet", &task, &internet, "tcp", port);
            add("task to internet", &task, &internet, "udp", port);
        }
        add("task to internet", &task, &internet, "icmp", 0);
    }
    flows
}

/// Flows that must not arrive, each with what must stop it.
fn forbidden(network: &Network) -> Vec<(Flow, Stop)> {
    let refused_by = |entry| Stop::Acl { direction: Direction::In, entry };
    let internet = Place::Internet(INTERNET.parse().unwrap());
    let office = Place::Connected(OFFICE.parse().unwrap());
    let tcp = |from: &Place, to: &Place, port| {
        let (from, to) = (from.clone(), to.clone());
        Flow { from, to, protocol: "tcp", port, source_port: 40_000 }
    };
    let mut flows = Vec::new();
    for subnet in PRIVATE.into_iter().chain(PUBLIC) {
        for group in [LOAD_BALANCER, TASK, FILE_SYSTEM] {
            let to = network.inside(subnet, 30, &[group]);
            for from in [&internet, &office] {
                flows.push((tcp(from, &to, 22), refused_by(Some(10))));
                flows.push((tcp(from, &to, 3389), refused_by(Some(20))));
            }
            flows.push((tcp(&internet, &to, 80), refused_by(None)));
            flows.push((tcp(&internet, &to, 443), refused_by(None)));
            flows.push((tcp(&internet, &to, 3000), Stop::Group(Direction::In)));
            flows.push((tcp(&internet, &to, 2049), Stop::Group(Direction::In)));
        }
    }
    let foreign = network.inside(PRIVATE[0], 50, &[FOREIGN]);
    let in_group = |group| network.inside(PRIVATE[1], 30, &[group]);
    flows.push((tcp(&foreign, &in_group(TASK), 3000), Stop::Group(Direction::In)));
    flows.push((tcp(&foreign, &in_group(FILE_SYSTEM), 2049), Stop::Group(Direction::In)));
    flows.push((tcp(&in_group(LOAD_BALANCER), &in_group(FILE_SYSTEM), 2049), Stop::Group(Direction::In)));
    flows
}

/// What is wrong with a network.
fn complaints(network: &Network, office: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, flow) in needed(network, office) {
        if let Err(Refused { stop, packet }) = network.connect(&flow) {
            wrong.push(format!("{name}: {packet} was stopped by {stop:?}"));
        }
    }
    for (flow, stop) in forbidden(network) {
        let found = network.connect(&flow).map_err(|refused| refused.stop);
        if found.as_ref() != Err(&stop) {
            wrong.push(format!("{flow:?} should be stopped by {stop:?}, and is: {found:?}"));
        }
    }
    wrong
}

#[test]
fn what_cloud_exchange_lives_on_arrives_and_nothing_else() {
    for (plan, office) in [("", false), (OFFICE_ALLOWED, true)] {
        let wrong = complaints(&network(plan), office);
        assert!(wrong.is_empty(), "{plan}\n{}", wrong.join("\n"));
    }
}

#[test]
fn whoever_is_not_allowed_does_not_reach_the_ui() {
    let network = network("");
    for port in [80, 443] {
        let from = Place::Connected(OFFICE.parse().unwrap());
        let to = network.inside(PRIVATE[0], 20, &[LOAD_BALANCER]);
        let refused = network.connect(&Flow { from, to, protocol: "tcp", port, source_port: 40_000 }).unwrap_err();
        assert_eq!(refused.stop, Stop::Acl { direction: Direction::In, entry: None });
    }
}

#[test]
fn what_users_add_opens_neither_22_nor_3389() {
    let network = network(
        "[network]\nextra_ingress = [{ protocol = \"all\", from = \"0.0.0.0/0\" }]\n\
         [access]\nextra_ingress = [{ to = \"task\", protocol = \"all\", from = \"0.0.0.0/0\" }]\n",
    );
    let flow = |port| Flow {
        from: Place::Internet(INTERNET.parse().unwrap()),
        to: network.inside(PUBLIC[0], 30, &[TASK]),
        protocol: "tcp",
        port,
        source_port: 40_000,
    };
    assert_eq!(network.connect(&flow(23)), Ok(()), "the added rules are in force");
    for (port, entry) in [(22, 10), (3389, 20)] {
        let refused = network.connect(&flow(port)).unwrap_err();
        assert_eq!(refused.stop, Stop::Acl { direction: Direction::In, entry: Some(entry) });
    }
}

/// What closing 22 and 3389 to everybody costs: a NAT gateway or load balancer that happens to choose 3389, one of some
/// 64,000 ports, gets no answer.
#[test]
fn an_answer_to_3389_is_taken_for_a_question() {
    let network = network("");
    let from = network.inside(PRIVATE[0], 30, &[TASK]);
    let to = Place::Internet(INTERNET.parse().unwrap());
    let refused = network.connect(&Flow { from, to, protocol: "tcp", port: 443, source_port: 3389 }).unwrap_err();
    assert_eq!(refused.stop, Stop::Acl { direction: Direction::In, entry: Some(20) });
}

/// Shows that the tables above can fail, and that nothing is open without need.
#[test]
fn no_entry_rule_or_route_can_be_left_out() {
    let network = network(OFFICE_ALLOWED);
    let mut without = Vec::new();
    for index in 0..network.acl.0.len() {
        let mut less = network.clone();
        let entry = less.acl.0.remove(index);
        without.push((format!("{entry:?}"), less));
    }
    for group in [LOAD_BALANCER, TASK, FILE_SYSTEM] {
        for index in 0..network.groups[group].0.len() {
            let mut less = network.clone();
            let rule = less.groups.get_mut(group).unwrap().0.remove(index);
            without.push((format!("{group}: {rule:?}"), less));
        }
    }
    for subnet in PRIVATE.into_iter().chain(PUBLIC) {
        let mut less = network.clone();
        less.routes.remove(subnet);
        without.push((format!("the routes of {subnet}"), less));
    }
    assert_eq!(without.len(), 8 + 4 + 1 + 1 + 4);
    for (what, less) in without {
        assert!(!complaints(&less, true).is_empty(), "nothing needs {what}");
    }
}

/// Hardening happens under a running task: between two calls nothing may be cut off that flows before and after, in
/// whichever order those of one stage arrive.
#[test]
fn changing_the_acl_never_cuts_off_what_stays() {
    let wanted = network(OFFICE_ALLOWED);
    let narrower = network("").acl.0;
    let drifted: Vec<_> = wanted.acl.0.iter().filter(|entry| entry.number != 100).cloned().collect();
    let drifted = [drifted, vec![Entry::all(5, Verdict::Allow, "172.16.0.0/16")]].concat();
    let starts = [vec![Entry::all(100, Verdict::Allow, "0.0.0.0/0")], narrower, drifted];
    for (start, reversed) in starts.iter().flat_map(|start| [(start, false), (start, true)]) {
        let mut now = Network { acl: (start.clone(), wanted.acl.1.clone()), ..wanted.clone() };
        let flows: Vec<_> = needed(&now, true).into_iter().filter(|(_, flow)| now.connect(flow).is_ok()).collect();
        assert!(flows.len() > 70, "{}", flows.len());
        let mut stages = network_acl::edits(start, &wanted.acl.0);
        stages.iter_mut().filter(|_| reversed).for_each(|stage| stage.reverse());
        for edit in stages.into_iter().flatten() {
            make(&mut now.acl.0, edit.clone());
            for (name, flow) in &flows {
                assert_eq!(now.connect(flow), Ok(()), "{name} after {edit:?}");
            }
        }
        assert_eq!(network_acl::normal(now.acl.0), wanted.acl.0);
    }
}

fn make(entries: &mut Vec<Entry>, edit: Edit) {
    match edit {
        Edit::Create(entry) => entries.push(entry),
        Edit::Replace(entry) => {
            entries.retain(|there| there.number != entry.number);
            entries.push(entry);
        }
        Edit::Delete(number) => entries.retain(|there| there.number != number),
    }
}
