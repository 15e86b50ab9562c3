use insta::assert_snapshot;
use serde::{Deserialize, Serialize};

use crate::engine::graph::Graph;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::{Need, Ref};
use crate::ui::graph::{dot, mermaid, svg};

#[derive(Serialize, Deserialize)]
struct Vpc {}

impl Spec for Vpc {
    const KIND: Kind = Kind::new("vpc", Part::Network);
}

#[derive(Serialize, Deserialize)]
struct NatGateway {
    vpc: Ref<Vpc>,
}

impl Spec for NatGateway {
    const KIND: Kind = Kind::new("nat-gateway", Part::Network);
}

#[derive(Serialize, Deserialize)]
struct Service {
    nat: Ref<NatGateway>,
    vpc: Ref<Vpc>,
}

impl Spec for Service {
    const KIND: Kind = Kind::new("service", Part::Service);
}

/// The service needs the VPC directly too, which follows from the rest and is not drawn.
fn graph() -> Graph {
    let mut graph = Graph::default();
    let vpc = graph.add("main", Default::default(), &Vpc {});
    let nat = graph.add("a", Default::default(), &NatGateway { vpc: vpc.id() });
    graph.add("main", Default::default(), &Service { nat: nat.output("id", Need::Ready), vpc: vpc.id() });
    graph.finish().unwrap()
}

#[test]
fn graphviz() {
    assert_snapshot!(dot(&graph()), @r#"
    digraph deployment {
      rankdir=LR;
      node [shape=box];
      subgraph cluster_0 {
        label="Network";
        "nat-gateway/a";
        "vpc/main";
      }
      subgraph cluster_1 {
        label="Service";
        "service/main";
      }
      "vpc/main" -> "nat-gateway/a";
      "nat-gateway/a" -> "service/main" [style=bold];
    }
    "#);
}

#[test]
fn in_markdown() {
    assert_snapshot!(mermaid(&graph()), @r#"
    flowchart LR
      subgraph part0 ["Network"]
        nat_gateway__a["nat-gateway/a"]
        vpc__main["vpc/main"]
      end
      subgraph part1 ["Service"]
        service__main["service/main"]
      end
      vpc__main --> nat_gateway__a
      nat_gateway__a ==> service__main
    "#);
}

#[test]
fn as_svg_every_resource_and_arrow_is_there_once() {
    let text = svg(&graph(), "prod");
    for address in ["vpc/main", "nat-gateway/a", "service/main"] {
        assert_eq!(text.matches(&format!(">{address}<")).count(), 1);
    }
    // One of each is in the legend.
    assert_eq!(text.matches("marker-end").count(), 4);
    assert_eq!(text.matches("stroke-width=\"2.2\"").count(), 2);
    assert_eq!(text, svg(&graph(), "prod"));
}
