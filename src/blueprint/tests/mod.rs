//! The graph of a plan file, as text: what there is, and what waits for what.

mod flows;
mod reachability;

use std::collections::BTreeMap;

use crate::borrowed::Borrowed;
use crate::config;
use crate::engine::graph::Graph;
use crate::engine::reference::Need;
use crate::kinds::names::Names;
use crate::release::Catalogue;

use super::{Facts, graph};

/// The graph of a plan file in us-east-1 that borrows nothing.
pub fn graph_of(plan: &str) -> Graph {
    graph_with(plan, &Borrowed::default(), &BTreeMap::new())
}

/// The graph of a plan file in us-east-1.
pub fn graph_with(plan: &str, borrowed: &Borrowed, digests: &BTreeMap<String, String>) -> Graph {
    let plan = config::load("plan.toml", plan).unwrap();
    let names = Names {
        deployment: plan.name.as_str().to_owned(),
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
    };
    let release = Catalogue::builtin().get(plan.release).unwrap();
    let zones = ["us-east-1a".to_owned(), "us-east-1b".to_owned()];
    graph(&plan, &Facts { release, names: &names, zones, borrowed, digests }).unwrap()
}

const SMALLEST: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";

#[test]
fn the_smallest_plan_file_makes_the_whole_stack() {
    let graph = graph_of(SMALLEST);
    let lines = graph.nodes().map(|node| {
        let needs = node.needs.iter().map(|(address, need)| match need {
            Need::Exists => address.to_string(),
            Need::Ready => format!("{address}!"),
        });
        let needs = needs.collect::<Vec<_>>().join(" ");
        format!("{}{}{needs}\n", node.address, if needs.is_empty() { "" } else { " <- " })
    });
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn no_value_of_a_secret_could_be_in_a_specification() {
    let text = serde_json::to_string(&graph_of(SMALLEST)).unwrap();
    for key in ["MONGODB_PASSWORD", "JWT_SECRET", "RABBITMQERLCOOKIE"] {
        assert!(text.contains(key), "{key} is injected");
        assert!(!text.contains(&format!("\"{key}\":\"")), "{key} is not a plain variable");
    }
    for default in ["cteadmin:", "verysercterdyuri18"] {
        let leaked = text.replace("cteadmin:{password}", "").contains(default);
        assert!(!leaked, "the vendor's public default {default} is in the graph");
    }
}

#[test]
fn options_add_and_take_away_whole_resources() {
    let addresses = |plan: &str| {
        let graph = graph_of(&format!("{SMALLEST}{plan}"));
        graph.nodes().map(|node| node.address.to_string()).collect::<std::collections::BTreeSet<_>>()
    };
    let all = addresses("");
    let without = |plan: &str| all.difference(&addresses(plan)).cloned().collect::<Vec<_>>();
    assert_eq!(without("[network]\nflow_logs = false\n"), ["flow-log/vpc", "log-group/flow", "role/flow-log"]);
    assert_eq!(without("[network]\nharden = false\n"), ["default-network-acl/main", "default-security-group/main"]);
    assert_eq!(without("[load_balancer]\naccess_logs = false\n"), ["bucket/access-logs", "bucket/alb-logs"]);
    let certificate = "[load_balancer]\ncertificate_arn = \
        \"arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012\"\n";
    assert_eq!(addresses(certificate).difference(&all).collect::<Vec<_>>(), ["listener/https"]);
}

#[test]
fn a_tag_of_the_plan_file_is_on_everything_that_carries_tags() {
    let graph = graph_of(&format!("{SMALLEST}[tags]\nteam = \"security\"\n"));
    for node in graph.nodes().filter(|node| node.kind.tagged) {
        assert_eq!(node.tags.get("team").map(String::as_str), Some("security"), "{}", node.address);
        assert!(node.tags.contains_key("Name"), "{}", node.address);
    }
}
