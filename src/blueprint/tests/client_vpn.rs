//! The client VPN: what there is of it, and that the UI lets its clients in.

use std::collections::BTreeMap;

use serde_json::json;

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::existing::network::Vpc;
use crate::existing::{Existing, Lookup, Named};

use super::{SMALLEST, graph_of, graph_with};

const VPN: &str = "[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n";

/// The addresses of what only a VPN needs.
fn parts(graph: &Graph) -> Vec<String> {
    let all = graph.nodes().map(|node| node.address.to_string());
    all.filter(|address| address.contains("client-vpn")).collect()
}

fn spec(graph: &Graph, address: &str) -> serde_json::Value {
    graph.get(&address.parse::<Address>().unwrap()).unwrap().spec.clone()
}

#[test]
fn a_vpn_is_there_only_if_it_is_asked_for() {
    assert_eq!(parts(&graph_of(SMALLEST)), [""; 0]);
    let graph = graph_of(&format!("{SMALLEST}{VPN}"));
    let expected = [
        "client-vpn-association/private-a",
        "client-vpn-authority/main",
        "client-vpn-certificate/main",
        "client-vpn-endpoint/main",
        "client-vpn-rule/172-16-0-0-16",
        "log-group/client-vpn",
        "security-group/client-vpn",
    ];
    assert_eq!(parts(&graph), expected);
    let endpoint = spec(&graph, "client-vpn-endpoint/main");
    assert_eq!(endpoint["dns_servers"], json!(["172.16.0.2"]));
    assert_eq!(endpoint["client_root"], endpoint["server_certificate"], "one authority for both");
    // Everything waits for the group, without which no sweep would find it.
    for part in ["client-vpn-authority/main", "client-vpn-certificate/main", "client-vpn-endpoint/main"] {
        let node = graph.get(&part.parse::<Address>().unwrap()).unwrap();
        assert!(node.needs.iter().any(|(address, _)| address.as_str() == "security-group/client-vpn"), "{part}");
    }
}

#[test]
fn the_ui_lets_its_clients_in() {
    let admits = |plan: &str, group: &str| {
        let group = spec(&graph_of(&format!("{SMALLEST}{plan}{VPN}")), group).to_string();
        group.matches("security-group/client-vpn").count()
    };
    assert_eq!(admits("", "security-group/load-balancer"), 2, "ports 80 and 443");
    assert_eq!(admits("", "security-group/task"), 0, "only through the load balancer");
    assert_eq!(admits("[load_balancer]\nenabled = false\n", "security-group/task"), 1);
}

#[test]
fn certificates_of_the_users_need_no_authority() {
    let arn = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
    let graph = graph_of(&format!("{SMALLEST}{VPN}server_certificate_arn = \"{arn}\"\nsubnets = 2\n"));
    assert!(!parts(&graph).iter().any(|part| part.contains("authority") || part.contains("certificate")));
    assert_eq!(parts(&graph).iter().filter(|part| part.contains("association")).count(), 2);
    let endpoint = spec(&graph, "client-vpn-endpoint/main");
    assert_eq!((&endpoint["server_certificate"], &endpoint["client_root"]), (&json!(arn), &json!(arn)));
}

#[test]
fn every_range_of_an_existing_vpc_may_be_reached() {
    let vpc = Vpc { cidrs: vec!["10.1.0.0/16".to_owned(), "10.2.0.0/16".to_owned()], ..Vpc::default() };
    let vpc = Named { name: "vpc-0a1b2c3d".to_owned(), lookup: Lookup::Found(vpc) };
    let existing = Existing { vpc: Some(vpc), ..Existing::default() };
    let plan = format!(
        "{SMALLEST}[existing]\nvpc = \"vpc-0a1b2c3d\"\n\
         private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0a1b2c3e\"]\n{VPN}"
    );
    let parts = parts(&graph_with(&plan, &existing, &BTreeMap::new()));
    for part in ["association/subnet-0a1b2c3d", "rule/10-1-0-0-16", "rule/10-2-0-0-16"] {
        assert!(parts.contains(&format!("client-vpn-{part}")), "{part} is not in {parts:?}");
    }
}
