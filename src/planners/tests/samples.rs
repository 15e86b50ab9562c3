//! Random deployments of made-up kinds.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::graph::{Graph, Handle};
use crate::engine::kind::{Kind, Lifecycle, Part, Seconds, Spec};
use crate::engine::plan::{Plan, Target};
use crate::engine::reference::{Need, Ref};
use crate::engine::set::Set;
use crate::planners::converge::{Options, converge};

use super::account::Account;

const fn kind(name: &'static str) -> Kind {
    Kind::new(name, Part::Network)
}

const fn takes(ready: f64, gone: f64) -> Seconds {
    Seconds { create: 1.0, ready, gone, patience: 600.0 }
}

/// One kind for each way in which kinds differ.
pub const KINDS: [Kind; 10] = [
    kind("plain"),
    Kind { seconds: takes(100.0, 50.0), ..kind("slow") },
    Kind { tagged: false, ..kind("untagged") },
    Kind { immutable: &["size"], gone_after: &["service"], ..kind("fixed") },
    Kind {
        immutable: &["size"],
        replaceable: Some("it is gone for a moment"),
        seconds: takes(10.0, 10.0),
        ..kind("swap")
    },
    Kind { lifecycle: Lifecycle::Data, write_once: &["recipe"], ..kind("vault") },
    Kind { lifecycle: Lifecycle::Shared, tagged: false, ..kind("shared") },
    Kind { lifecycle: Lifecycle::Intrinsic, ..kind("builtin") },
    Kind { renews: true, ..kind("revision") },
    Kind { fenced: &["size", "links"], seconds: takes(150.0, 90.0), ..kind("service") },
];

/// The specification of every made-up kind.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Thing<const KIND: usize>(Value);

impl<const N: usize> Spec for Thing<N> {
    const KIND: Kind = KINDS[N];
}

/// One resource.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Index into [`KINDS`].
    pub kind: usize,
    pub size: u32,
    pub note: String,
    pub tags: BTreeMap<String, String>,
    /// Earlier resources that it refers to, by number; what is too large counts round.
    pub links: Vec<(usize, Need)>,
}

impl Sample {
    pub fn new(kind: &str) -> Self {
        let kind = KINDS.iter().position(|known| known.name == kind).unwrap();
        Self { kind, size: 1, note: "as it was".to_owned(), tags: BTreeMap::new(), links: Vec::new() }
    }

    /// The same, referring to an earlier resource that must exist.
    pub fn linked(mut self, to: usize) -> Self {
        self.links.push((to, Need::Exists));
        self
    }

    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// Up to `most` resources.
pub fn samples(most: usize) -> impl Strategy<Value = Vec<Sample>> {
    let need = prop_oneof![Just(Need::Exists), Just(Need::Ready)];
    let links = prop::collection::vec((0..64_usize, need), 0..3);
    let tags = prop::collection::btree_map("[a-c]", "[x-z]", 0..3);
    let sample = (0..KINDS.len(), 0..4_u32, "[a-d]", tags, links);
    let sample = sample.prop_map(|(kind, size, note, tags, links)| {
        // What cannot change must not differ between two random deployments either.
        let size = if KINDS[kind].name == "fixed" { 1 } else { size };
        // What outlives a deployment refers to nothing in it; what must outlive services refers to none.
        let links = if ["shared", "vault", "fixed"].contains(&KINDS[kind].name) { Vec::new() } else { links };
        Sample { kind, size, note, tags, links }
    });
    prop::collection::vec(sample, 1..=most)
}

/// The numbers of the resources that a sample refers to.
pub fn links(samples: &[Sample], number: usize) -> Vec<usize> {
    samples[number].links.iter().filter(|_| number > 0).map(|(to, _)| to % number).collect()
}

/// The address of a sample.
pub fn address(samples: &[Sample], number: usize) -> String {
    format!("{}/r{number}", KINDS[samples[number].kind].name)
}

/// The graph of the samples.
pub fn graph(samples: &[Sample]) -> Graph {
    let mut graph = Graph::default();
    let mut outputs: Vec<[Ref; 2]> = Vec::new();
    for (number, sample) in samples.iter().enumerate() {
        let name = format!("r{number}");
        let wanted = sample.links.iter().filter(|_| number > 0);
        let links = wanted.map(|(to, need)| outputs[to % number][usize::from(*need == Need::Ready)].clone());
        let mut spec = json!({ "size": sample.size, "note": sample.note, "links": Set::new(links) });
        match KINDS[sample.kind].name {
            "vault" => spec["recipe"] = json!("seen at creation only"),
            "service" => spec["desired"] = json!(1),
            _ => {}
        }
        outputs.push(match sample.kind {
            0 => add::<0>(&mut graph, &name, sample, spec),
            1 => add::<1>(&mut graph, &name, sample, spec),
            2 => add::<2>(&mut graph, &name, sample, spec),
            3 => add::<3>(&mut graph, &name, sample, spec),
            4 => add::<4>(&mut graph, &name, sample, spec),
            5 => add::<5>(&mut graph, &name, sample, spec),
            6 => add::<6>(&mut graph, &name, sample, spec),
            7 => add::<7>(&mut graph, &name, sample, spec),
            8 => add::<8>(&mut graph, &name, sample, spec),
            _ => add::<9>(&mut graph, &name, sample, spec),
        });
    }
    graph.finish().unwrap()
}

fn add<const N: usize>(graph: &mut Graph, name: &str, sample: &Sample, spec: Value) -> [Ref; 2] {
    let handle: Handle<Thing<N>> = graph.add(name, sample.tags.clone(), &Thing::<N>(spec));
    [handle.id().any(), handle.ready().any()]
}

pub fn target() -> Target {
    Target { deployment: "demo".into(), account: "123456789012".into(), region: "eu-west-1".into() }
}

/// The plan from what the account has to the samples.
pub fn plan(samples: &[Sample], account: &Account) -> Plan {
    converge(&graph(samples), &account.inventory(), target(), &KINDS, Options::default())
}

/// An account in which the samples are deployed.
pub fn deployed(samples: &[Sample]) -> Account {
    let mut account = Account::default();
    let plan = plan(samples, &account);
    account.execute(&plan, &[]);
    account
}

/// The steps of a plan as `action address`, except those that verify something again.
pub fn steps(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| !step.is_recheck());
    steps.map(|step| format!("{:?} {}", step.action, step.address).to_lowercase()).collect()
}
