//! What all formats draw.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::address::Address;
use crate::engine::graph::{Graph, Node};
use crate::engine::kind::Part;
use crate::engine::reference::Need;

/// An arrow from a resource to one that waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge<'a> {
    pub from: &'a Address,
    pub to: &'a Address,
    /// What the second waits for: that the first exists, or that it works.
    pub need: Need,
}

/// The resources by part, each part in the order of showing, and the arrows between them.
#[derive(Debug)]
pub struct Picture<'a> {
    pub parts: Vec<(Part, Vec<&'a Address>)>,
    pub edges: Vec<Edge<'a>>,
}

/// Arrows that follow from others are left out: a picture with all of them is a grey area.
pub fn picture(graph: &Graph) -> Picture<'_> {
    let mut parts: BTreeMap<Part, Vec<&Address>> = BTreeMap::new();
    for node in graph.nodes() {
        parts.entry(node.kind.part).or_default().push(&node.address);
    }
    let order = graph.in_order();
    let ancestors = ancestors(&order);
    let mut edges = Vec::new();
    for node in &order {
        for (from, need) in strongest(node) {
            let implied = strongest(node).any(|(other, via)| {
                other != from && (need == Need::Exists || via == Need::Ready) && ancestors[other].contains(from)
            });
            if !implied {
                edges.push(Edge { from, to: &node.address, need });
            }
        }
    }
    Picture { parts: parts.into_iter().collect(), edges }
}

/// What a node needs, each once, `Ready` before `Exists`.
fn strongest(node: &Node) -> impl Iterator<Item = (&Address, Need)> {
    let needs: BTreeMap<&Address, Need> = node.needs.iter().map(|(address, need)| (address, *need)).collect();
    needs.into_iter()
}

/// Everything that each resource needs, directly or through others.
fn ancestors<'a>(order: &[&'a Node]) -> BTreeMap<&'a Address, BTreeSet<&'a Address>> {
    let mut all: BTreeMap<&Address, BTreeSet<&Address>> = BTreeMap::new();
    for node in order {
        let mut mine = BTreeSet::new();
        for (address, _) in &node.needs {
            mine.insert(address);
            mine.extend(all.get(address).into_iter().flatten());
        }
        all.insert(&node.address, mine);
    }
    all
}
