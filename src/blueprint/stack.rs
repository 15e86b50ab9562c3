//! The graph of a deployment under construction, and the facts that it is made from.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::PlanFile;
use crate::engine::graph::{Graph, Handle};
use crate::engine::kind::Spec;
use crate::engine::reference::Need;
use crate::existing::Existing;
use crate::kinds::names::Names;
use crate::kinds::role::Role;
use crate::release::Release;

use super::certificates::Generations;

/// What determines a graph besides the plan file.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub release: &'a Release,
    pub names: &'a Names,
    /// The two availability zones of a new VPC, by name.
    pub zones: [String; 2],
    /// What the plan file brings along, as far as AWS has shown it.
    pub existing: &'a Existing,
    /// Digests of images by container, where they are pinned.
    pub digests: &'a BTreeMap<String, String>,
    /// Of the certificates that ce-aws makes.
    pub generations: Generations,
    /// Whether the role and the vault for backups are wanted: they exist already, or the command makes a backup.
    pub backup: bool,
}

/// A graph under construction.
pub struct Stack<'a> {
    pub plan: &'a PlanFile,
    pub facts: &'a Facts<'a>,
    pub graph: Graph,
}

impl<'a> Stack<'a> {
    pub fn new(plan: &'a PlanFile, facts: &'a Facts<'a>) -> Self {
        Self { plan, facts, graph: Graph::default() }
    }

    /// Adds a resource whose `Name` tag is the deployment's name, its kind and its own name.
    pub fn add<K: Spec>(&mut self, name: &str, spec: &K) -> Handle<K> {
        self.add_tagged(name, &[], spec)
    }

    /// Adds a resource with a `Name` tag of its own.
    pub fn add_named<K: Spec>(&mut self, name: &str, shown: &str, spec: &K) -> Handle<K> {
        self.add_with(name, shown, &[], spec)
    }

    /// Adds a resource with further tags of ours.
    pub fn add_tagged<K: Spec>(&mut self, name: &str, more: &[(&str, &str)], spec: &K) -> Handle<K> {
        let shown = format!("{} {} {name}", self.facts.names.stack(), K::KIND.name);
        self.add_with(name, &shown, more, spec)
    }

    fn add_with<K: Spec>(&mut self, name: &str, shown: &str, more: &[(&str, &str)], spec: &K) -> Handle<K> {
        let mut tags = BTreeMap::new();
        if K::KIND.tagged {
            let users = self.plan.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            let all = users.chain([("Name", shown)]).chain(more.iter().copied());
            tags.extend(all.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        self.graph.add(name, tags, spec)
    }

    /// Makes a resource wait for others.
    pub fn order<'h, K: Spec, L: Spec>(
        &mut self,
        later: &Handle<K>,
        earlier: impl IntoIterator<Item = &'h Handle<L>>,
        need: Need,
    ) {
        earlier.into_iter().for_each(|earlier| self.graph.order(later, earlier, need));
    }

    /// Adds a role, with an inline policy if it is given one.
    pub fn add_role(
        &mut self,
        purpose: &str,
        words: &str,
        trust: Value,
        inline: Option<Value>,
        managed: &[String],
    ) -> Handle<Role> {
        let names = self.names();
        let mut managed = managed.to_vec();
        managed.sort();
        managed.dedup();
        let role = Role {
            name: names.role(purpose),
            path: names.role_path(),
            description: format!("Cloud Exchange {}: {words}", names.deployment),
            trust,
            inline: inline.map(|policy| ("cloud-exchange".to_owned(), policy)).into_iter().collect(),
            managed,
            boundary: self.plan.identity.permissions_boundary.as_ref().map(|policy| policy.as_str().to_owned()),
        };
        self.add(purpose, &role.normal())
    }

    pub fn names(&self) -> &Names {
        self.facts.names
    }
}
