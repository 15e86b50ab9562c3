//! What should exist: specifications, and the edges that their references make.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use super::address::Address;
use super::compare;
use super::kind::{Kind, Spec};
use super::reference::{self, Need, Ref};

/// A resource that should exist.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    pub address: Address,
    #[serde(skip)]
    pub kind: Kind,
    /// The properties; other resources are references.
    pub spec: Value,
    /// Tags besides the four that the engine writes.
    pub tags: BTreeMap<String, String>,
    /// What must hold of which other resource before this one may start.
    pub needs: BTreeSet<(Address, Need)>,
}

impl Node {
    /// The fingerprint of the specification and tags, with references unresolved: it does not change when an id does.
    pub fn digest(&self) -> String {
        compare::digest_with_tags(&self.spec, &self.tags)
    }
}

/// A resource of kind `K` that others can refer to, ours or an existing one.
pub struct Handle<K> {
    source: Result<Address, BTreeMap<String, String>>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Handle<K> {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), kind: PhantomData }
    }
}

impl<K: Spec> Handle<K> {
    /// An existing resource that is not ours, with these outputs.
    pub fn existing<const N: usize>(outputs: [(&str, &str); N]) -> Self {
        Self { source: Err(outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()), kind: PhantomData }
    }

    /// Its `id` as soon as it exists.
    pub fn id(&self) -> Ref<K> {
        self.output("id", Need::Exists)
    }

    /// Its `id` once it is ready.
    pub fn ready(&self) -> Ref<K> {
        self.output("id", Need::Ready)
    }

    /// Its `arn` as soon as it exists.
    pub fn arn(&self) -> Ref<K> {
        self.output("arn", Need::Exists)
    }

    /// Any of its outputs.
    pub fn output(&self, name: &str, need: Need) -> Ref<K> {
        match &self.source {
            Ok(address) => Ref::output(address.clone(), name, need),
            Err(outputs) => Ref::value(outputs.get(name).cloned().unwrap_or_default()),
        }
    }

    /// Its address, if it is ours.
    pub fn address(&self) -> Option<&Address> {
        self.source.as_ref().ok()
    }
}

/// A graph that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGraph {
    #[error("{0} is defined twice")]
    Twice(Address),
    #[error("{from} refers to {to}, which is not in the graph")]
    Dangling { from: Address, to: Address },
    #[error("a circle of references through {0}")]
    Circle(Address),
    #[error("the specification of {0} is not JSON")]
    NotJson(Address),
}

/// The resources that should exist, in a fixed order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Graph {
    nodes: BTreeMap<Address, Node>,
    #[serde(skip)]
    broken: Option<InvalidGraph>,
}

impl Graph {
    /// Adds a resource. `name` is the second half of its address.
    pub fn add<K: Spec>(&mut self, name: &str, tags: BTreeMap<String, String>, spec: &K) -> Handle<K> {
        let address = Address::new(K::KIND.name, name);
        let spec = serde_json::to_value(spec).unwrap_or_else(|_| {
            self.broken.get_or_insert(InvalidGraph::NotJson(address.clone()));
            Value::Null
        });
        let needs = reference::references(&spec).into_iter().collect();
        let node = Node { address: address.clone(), kind: K::KIND, spec, tags, needs };
        if self.nodes.insert(address.clone(), node).is_some() {
            self.broken.get_or_insert(InvalidGraph::Twice(address.clone()));
        }
        Handle { source: Ok(address), kind: PhantomData }
    }

    /// Lets `later` start only when `need` holds of `earlier`, although no property says so. No effect where either is
    /// an existing resource.
    pub fn order<A: Spec, B: Spec>(&mut self, later: &Handle<A>, earlier: &Handle<B>, need: Need) {
        if let (Some(later), Some(earlier)) = (later.address(), earlier.address())
            && let Some(node) = self.nodes.get_mut(later)
        {
            node.needs.insert((earlier.clone(), need));
        }
    }

    /// Checks that every reference has a target and none forms a circle.
    pub fn finish(self) -> Result<Self, InvalidGraph> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        for node in self.nodes.values() {
            if let Some((to, _)) = node.needs.iter().find(|(to, _)| !self.nodes.contains_key(to)) {
                return Err(InvalidGraph::Dangling { from: node.address.clone(), to: to.clone() });
            }
        }
        let ordered = self.in_order();
        if ordered.len() < self.nodes.len() {
            let placed: BTreeSet<_> = ordered.iter().map(|node| &node.address).collect();
            let stuck = self.nodes.keys().find(|address| !placed.contains(address));
            return Err(stuck.map_or(InvalidGraph::Circle(Address::new("none", "none")), |address| {
                InvalidGraph::Circle(address.clone())
            }));
        }
        Ok(self)
    }

    /// The resource at an address.
    pub fn get(&self, address: &Address) -> Option<&Node> {
        self.nodes.get(address)
    }

    /// All resources by address.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// All resources, each after those it needs; by address among equals.
    pub fn in_order(&self) -> Vec<&Node> {
        // Numbers are in the order of the addresses.
        let nodes: Vec<&Node> = self.nodes.values().collect();
        let numbers: HashMap<&Address, usize> =
            nodes.iter().enumerate().map(|(number, node)| (&node.address, number)).collect();
        let (mut waiting, mut dependents) = (vec![0_usize; nodes.len()], vec![Vec::new(); nodes.len()]);
        for (later, node) in nodes.iter().enumerate() {
            // One that is not in the graph is waited for in vain.
            for (address, _) in &node.needs {
                waiting[later] += 1;
                if let Some(earlier) = numbers.get(address) {
                    dependents[*earlier].push(later);
                }
            }
        }
        let mut free: BinaryHeap<Reverse<usize>> =
            (0..nodes.len()).filter(|number| waiting[*number] == 0).map(Reverse).collect();
        let mut ordered = Vec::with_capacity(nodes.len());
        while let Some(Reverse(number)) = free.pop() {
            ordered.push(nodes[number]);
            for dependent in &dependents[number] {
                waiting[*dependent] -= 1;
                if waiting[*dependent] == 0 {
                    free.push(Reverse(*dependent));
                }
            }
        }
        ordered
    }
}
