//! What there is of a deployment, by address. What the user brings is no part of it and costs nothing of ours.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Plan};

/// Resources with their properties, as wanted or as read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts(pub(super) BTreeMap<Address, Value>);

impl Parts {
    /// What should exist.
    pub fn of_graph(graph: &Graph) -> Self {
        Self(graph.nodes().map(|node| (node.address.clone(), node.spec.clone())).collect())
    }

    /// What exists and is not being deleted.
    pub fn of_inventory(inventory: &Inventory) -> Self {
        let live = inventory.live.iter().filter(|live| !live.is_going());
        Self(live.map(|live| (live.address.clone(), live.spec.clone())).collect())
    }

    /// The same after a plan: what it deletes is gone, what it creates and changes is as it should be.
    pub fn after(&self, plan: &Plan) -> Self {
        let mut parts = self.0.clone();
        for step in plan.steps.iter().filter(|step| step.action == Action::Delete) {
            parts.remove(&step.address);
        }
        for step in &plan.steps {
            match step.action {
                Action::Create | Action::Update | Action::Restore if !step.spec.is_null() => {
                    parts.insert(step.address.clone(), step.spec.clone());
                }
                Action::Stop => {
                    if let Some(service) = parts.get_mut(&step.address).and_then(Value::as_object_mut) {
                        service.insert("desired".to_owned(), json!(0));
                    }
                }
                _ => {}
            }
        }
        Self(parts)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
