//! One resource: its wanted specification against its live one.

use serde_json::Value;

use crate::engine::compare::{self, Change};
use crate::engine::graph::Node;
use crate::engine::inventory::Live;
use crate::engine::plan::Reason;
use crate::engine::reference::{self, Known};
use crate::kinds::names;

use super::record;

/// The differences, and which of the four cases they are.
#[derive(Debug)]
pub struct Verdict {
    /// Empty when there is nothing to change.
    pub changes: Vec<Change>,
    pub reason: Reason,
    /// The properties differ only because they refer to something that is replaced.
    pub follows: bool,
}

impl Verdict {
    /// True when only tags differ.
    pub fn tags_only(&self) -> bool {
        self.changes.iter().all(|change| change.top() == "tags")
    }
}

/// Compares a resource with its specification. `known` holds the outputs of everything that exists and is kept.
pub fn compare(node: &Node, live: &Live, known: &Known, deployment: &str) -> Verdict {
    let wanted = reference::resolve(&node.spec, known);
    let mut changes = compare::changes(&live.spec, &wanted);
    changes.retain(|change| !node.kind.write_once.contains(&change.top()));
    let properties_differ = !changes.is_empty();
    // A reference to something that is replaced differs because of the plan, not because somebody changed it.
    let follows = properties_differ && !changes.iter().any(|change| reference::is_resolved(&change.to));
    if !node.kind.tagged {
        let reason = if follows { Reason::Changed } else { Reason::Drifted };
        return Verdict { changes, reason, follows };
    }
    let tags_differ = tag_changes(node, live, deployment, &mut changes);
    let digest = record::digest(&live.tags);
    let recorded = digest == Some(node.digest().as_str());
    let reason = match (recorded, properties_differ || tags_differ) {
        (true, _) if follows => Reason::Changed,
        (true, _) => Reason::Drifted,
        // This program always leaves a record: where there is none, somebody else has changed it.
        (false, true) if digest.is_none() => Reason::Drifted,
        (false, true) => Reason::Changed,
        (false, false) => Reason::Unrecorded,
    };
    Verdict { changes, reason, follows }
}

/// Adds the differences between tags; true when one of the plan file's tags is among them.
fn tag_changes(node: &Node, live: &Live, deployment: &str, changes: &mut Vec<Change>) -> bool {
    let wanted = record::tags(node, deployment);
    let mut users = false;
    for (key, value) in &wanted {
        if live.tags.get(key) != Some(value) {
            users |= node.tags.contains_key(key);
            let from = live.tags.get(key).map_or(Value::Null, |text| Value::from(text.as_str()));
            changes.push(Change { property: format!("tags.{key}"), from, to: Value::from(value.as_str()) });
        }
    }
    for (key, value) in &live.tags {
        let ours = key.starts_with(names::PREFIX);
        if !wanted.contains_key(key) && !ours && record::asked_for(&live.tags, key) {
            users = true;
            let from = Value::from(value.as_str());
            changes.push(Change { property: format!("tags.{key}"), from, to: Value::Null });
        }
    }
    users
}
