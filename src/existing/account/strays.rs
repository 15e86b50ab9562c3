//! Resources of the deployment that lost their tags, of kinds without a name: found by their parent, or by a resource
//! of the deployment that uses them.

use futures::future::join_all;
use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::graph::{Graph, Node};
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::Lifecycle;
use crate::engine::reference::{self, Known};
use crate::kinds::context::Context;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::registry;
pub use crate::kinds::resource::{Candidate, Tags};
use crate::kinds::tags;

/// An untagged resource in the place of one that would be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The address of the resource that would be created.
    pub address: Address,
    pub there: Candidate,
    /// The resource of the deployment that uses it.
    pub used_by: Option<Address>,
    /// The deployment that its tags name: another one, or this one if only some of its tags are left.
    pub deployment: Option<String>,
    /// It belongs to no other deployment, so it may belong to this one.
    pub is_lost: bool,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    pub found: Vec<Stray>,
    /// Addresses for which they could not be read; what AWS said.
    pub unread: Vec<(Address, String)>,
}

/// Looks for what the graph wants and the inventory lacks, unless the parent does not exist yet.
pub async fn strays(context: &Context, graph: &Graph, inventory: &Inventory) -> Strays {
    let known = inventory.known();
    let missing = graph.nodes().filter(|node| can_stray(node) && inventory.at(&node.address).is_empty());
    let asked = missing.filter_map(|node| {
        let kind = registry::find(node.kind.name)?;
        let users = users(graph, inventory, &known, &node.address);
        let ids: Vec<String> = users.iter().map(|(_, id)| id.clone()).collect();
        let spec = reference::resolve(&node.spec, &known);
        Some(async move { (&node.address, users, kind.candidates(context, spec, &ids).await) })
    });
    let mut strays = Strays::default();
    for (address, users, answer) in join_all(asked).await {
        match answer {
            Err(failure) => strays.unread.push((address.clone(), failure.said())),
            Ok(there) => strays.found.extend(once(there).into_iter().filter_map(|there| {
                let deployment = there.tags.get(DEPLOYMENT).cloned();
                let is_ours =
                    deployment.as_ref() == Some(&context.names.deployment) && tags::address(&there.tags).is_some();
                let used_by = users.iter().find(|(_, id)| *id == there.id).map(|(user, _)| user.clone());
                let is_lost = deployment.as_ref().is_none_or(|deployment| *deployment == context.names.deployment);
                (!is_ours).then(|| Stray { address: address.clone(), there, used_by, deployment, is_lost })
            })),
        }
    }
    strays
}

/// Without duplicates.
fn once(mut there: Vec<Candidate>) -> Vec<Candidate> {
    there.sort_by(|a, b| a.id.cmp(&b.id));
    there.dedup_by(|a, b| a.id == b.id);
    there
}

fn can_stray(node: &Node) -> bool {
    let kind = &node.kind;
    kind.tagged && !kind.renews && matches!(kind.lifecycle, Lifecycle::Owned | Lifecycle::Data)
}

impl Strays {
    /// The inventory including them, so that a plan does not also replace everything that depends on them.
    pub fn adopted(&self, graph: &Graph, inventory: &Inventory) -> Inventory {
        let mut known = inventory.known();
        let lost = || self.found.iter().filter(|stray| stray.is_lost);
        known.extend(lost().map(|stray| (stray.address.clone(), stray.there.outputs.clone())));
        let mut live = inventory.live.clone();
        for Stray { address, there, .. } in lost() {
            // The address of an untagged resource ends in its parent's name, or in the parent's id if that has no
            // address.
            for child in live.iter_mut().filter(|live| live.address.name().ends_with(there.id.as_str())) {
                child.address =
                    Address::new(child.address.kind(), &child.address.name().replace(&there.id, address.name()));
            }
            let Some(node) = graph.get(address).filter(|_| !live.iter().any(|live| live.address == *address)) else {
                continue;
            };
            live.push(Live {
                address: address.clone(),
                id: there.id.clone(),
                outputs: there.outputs.clone(),
                phase: Phase::Ready,
                spec: reference::resolve(&node.spec, &known),
                tags: there.tags.clone(),
            });
        }
        Inventory::new(live)
    }
}

/// Resources of the deployment that refer to something in the place of the missing one: their address, and its id.
fn users(graph: &Graph, inventory: &Inventory, known: &Known, missing: &Address) -> Vec<(Address, String)> {
    let mut users = Vec::new();
    for live in inventory.live.iter().filter(|live| !live.is_going()) {
        let Some(node) = graph.get(&live.address) else { continue };
        let mut named = Vec::new();
        instead(&node.spec, &live.spec, known, missing, &mut named);
        users.extend(named.into_iter().map(|id| (live.address.clone(), id)));
    }
    users
}

/// The texts in the live specification where the wanted one refers to `missing`.
fn instead(wanted: &Value, live: &Value, known: &Known, missing: &Address, named: &mut Vec<String>) {
    match (wanted, live) {
        (_, Value::String(text)) if reference::target(wanted).as_ref() == Some(missing) && !text.is_empty() => {
            named.push(text.clone());
        }
        (Value::Object(wanted), Value::Object(live)) => {
            for (key, wanted) in wanted {
                match (key.as_str(), wanted, live.get(key)) {
                    ("$set", Value::Array(wanted), Some(Value::Array(live))) => {
                        of_set(wanted, live, known, missing, named)
                    }
                    (_, _, Some(live)) => instead(wanted, live, known, missing, named),
                    (_, _, None) => {}
                }
            }
        }
        (Value::Array(wanted), Value::Array(live)) => {
            wanted.iter().zip(live).for_each(|(wanted, live)| instead(wanted, live, known, missing, named));
        }
        _ => {}
    }
}

/// For a set: the texts that no known reference explains.
fn of_set(wanted: &[Value], live: &[Value], known: &Known, missing: &Address, named: &mut Vec<String>) {
    if wanted.iter().any(|wanted| reference::target(wanted).as_ref() == Some(missing)) {
        let explained: Vec<Value> = wanted.iter().map(|wanted| reference::resolve(wanted, known)).collect();
        let unexplained = live.iter().filter(|live| !explained.contains(live)).filter_map(Value::as_str);
        named.extend(unexplained.map(str::to_owned));
    }
}
