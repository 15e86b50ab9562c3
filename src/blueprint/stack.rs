//! The whole stack, part by part.

use std::collections::BTreeMap;

use crate::config::PlanFile;
use crate::engine::graph::{Graph, Handle, InvalidGraph};
use crate::engine::kind::Spec;
use crate::kinds::names::Names;
use crate::release::Release;

use super::{identity, ingress, network, service, storage};

/// What a graph is made of besides the plan file.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub release: &'a Release,
    pub names: &'a Names,
    /// The two availability zones, by name.
    pub zones: [String; 2],
}

/// The graph of everything that the plan file asks for.
///
/// # Errors
///
/// Only a fault of this program makes a graph that cannot be.
pub fn graph(plan: &PlanFile, facts: &Facts<'_>) -> Result<Graph, InvalidGraph> {
    let mut stack = Stack { plan, facts, graph: Graph::default() };
    let network = network::add(&mut stack);
    let storage = storage::add(&mut stack, &network);
    let identity = identity::add(&mut stack, &storage);
    storage::protect(&mut stack, &storage, &identity);
    network::log(&mut stack, &network);
    let ingress = ingress::add(&mut stack, &network, &identity);
    let service = service::add(&mut stack, &network, &storage, &identity, &ingress);
    network::harden(&mut stack, &network, &service);
    stack.graph.finish()
}

/// A graph that is being put together.
pub struct Stack<'a> {
    pub plan: &'a PlanFile,
    pub facts: &'a Facts<'a>,
    pub graph: Graph,
}

impl Stack<'_> {
    /// Adds a resource whose `Name` tag is the deployment's name and its own.
    pub fn add<K: Spec>(&mut self, name: &str, spec: &K) -> Handle<K> {
        let shown = format!("{} {} {name}", self.facts.names.stack(), K::KIND.name);
        self.add_named(name, &shown, spec)
    }

    /// Adds a resource with a `Name` tag of its own.
    pub fn add_named<K: Spec>(&mut self, name: &str, shown: &str, spec: &K) -> Handle<K> {
        let users = self.plan.tags.iter().map(|(key, value)| (key.as_str().to_owned(), value.as_str().to_owned()));
        let mut tags: BTreeMap<String, String> = BTreeMap::new();
        if K::KIND.tagged {
            tags.extend(users);
            tags.insert("Name".to_owned(), shown.to_owned());
        }
        self.graph.add(name, tags, spec)
    }

    pub fn names(&self) -> &Names {
        self.facts.names
    }
}
