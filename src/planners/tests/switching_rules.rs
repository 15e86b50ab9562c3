//! What a deployment that lives may lose, and when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::samples::{steps, target};
use crate::engine::graph::Graph;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::plan::{Action, Plan};
use crate::engine::reference::{self, Known, Outputs};
use crate::planners::converge::{Options, converge};
use crate::planners::upstream::upstream;

/// Declares a kind whose properties are any JSON.
macro_rules! kind {
    ($name:ident, $kind:expr) => {
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct $name(Value);

        impl Spec for $name {
            const KIND: Kind = $kind;
        }
    };
}

kind!(Vault, Kind { lifecycle: Lifecycle::Data, immutable: &["key"], ..Kind::new("vault", Part::Storage) });
kind!(Balancer, Kind::new("balancer", Part::Ingress));
kind!(Target, Kind { room: Some("of"), tagged: false, ..Kind::new("target", Part::Storage) });
kind!(Service, Kind { fenced: &["behind"], ..Kind::new("service", Part::Service) });

const KINDS: [Kind; 4] = [Vault::KIND, Balancer::KIND, Target::KIND, Service::KIND];

fn graph(add: impl FnOnce(&mut Graph)) -> Graph {
    let mut graph = Graph::default();
    add(&mut graph);
    graph.finish().unwrap()
}

fn converged(graph: &Graph, inventory: &Inventory, unprotect: bool) -> Plan {
    converge(graph, inventory, target(), &KINDS, Options { unprotect })
}

/// What there is when a first plan has been carried out.
fn deployed(graph: &Graph) -> Inventory {
    let mut known = Known::new();
    let plan = converged(graph, &Inventory::default(), false);
    let live = plan.steps.iter().filter(|step| step.action == Action::Create).map(|step| {
        let outputs = Outputs::from([("id".to_owned(), step.address.to_string())]);
        let spec = reference::resolve(&step.spec, &known);
        known.insert(step.address.clone(), outputs.clone());
        let (address, tags) = (step.address.clone(), step.tags.clone());
        Live { id: address.to_string(), address, outputs, phase: Phase::Ready, spec, tags }
    });
    Inventory::new(live.collect())
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.refusals().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_resource_with_data_is_never_replaced() {
    let vault = |key: &str| graph(|graph| drop(graph.add("main", BTreeMap::new(), &Vault(json!({ "key": key })))));
    let plan = converged(&vault("other"), &deployed(&vault("one")), true);
    assert_eq!(codes(&plan), ["data/cannot-replace"]);
    assert!(plan.is_empty(), "{:?}", steps(&plan));
}

/// A service behind a protected balancer, or behind nothing.
fn service(behind: bool) -> Graph {
    graph(|graph| {
        let balancer = behind.then(|| {
            let spec = Balancer(json!({ "deletion_protection": true }));
            json!(graph.add("main", BTreeMap::new(), &spec).id())
        });
        let behind = balancer.unwrap_or_else(|| json!("nothing"));
        graph.add("main", BTreeMap::new(), &Service(json!({ "desired": 1, "behind": behind })));
    })
}

#[test]
fn a_protected_resource_is_deleted_only_with_consent_and_after_the_task_works_without_it() {
    let there = deployed(&service(true));
    let refused = converged(&service(false), &there, false);
    assert_eq!(codes(&refused), ["plan/protected"]);
    let plan = converged(&service(false), &there, true);
    assert_eq!(codes(&plan), [""; 0]);
    assert_eq!(
        steps(&plan),
        ["stop service/main", "update service/main", "unprotect balancer/main", "delete balancer/main"]
    );
    let delete = plan.steps.len() - 1;
    assert!(upstream(&plan.steps, delete).is_superset(&[0, 1, 2].into()), "{:?}", plan.steps[delete].after);
}

#[test]
fn a_mount_target_is_not_exchanged_under_the_running_task() {
    let target = |name: &str, of: &str| {
        graph(|graph| {
            let main = graph.add(of, BTreeMap::new(), &Vault(json!({ "key": "one" })));
            graph.add(name, BTreeMap::new(), &Target(json!({ "of": main.id() })));
        })
    };
    let there = deployed(&target("one", "main"));
    let plan = converged(&target("other", "main"), &there, true);
    assert_eq!(codes(&plan), ["plan/cannot-replace"]);
    let gone = converged(&graph(|_| ()), &there, true);
    assert_eq!(steps(&gone), ["delete target/one"]);
    // Each of two vaults has room for one.
    let elsewhere = converged(&target("other", "second"), &there, true);
    assert_eq!(codes(&elsewhere), [""; 0]);
    assert_eq!(steps(&elsewhere), ["create vault/second", "create target/other", "delete target/one"]);
}

#[test]
fn kept_data_is_known_while_its_children_are_deleted() {
    let vault = graph(|graph| drop(graph.add("main", BTreeMap::new(), &Vault(json!({ "key": "one" })))));
    let plan = converged(&graph(|_| ()), &deployed(&vault), true);
    let kept = plan.kept.first().map(|kept| kept.address.clone());
    assert_eq!(
        kept.and_then(|address| plan.known.get(&address).cloned()).and_then(|outputs| outputs.get("id").cloned()),
        Some("vault/main".to_owned())
    );
}
