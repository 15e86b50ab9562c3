//! The whole stack, part by part.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::PlanFile;
use crate::engine::graph::{Graph, Handle, InvalidGraph};
use crate::engine::kind::Spec;
use crate::existing::Existing;
use crate::kinds::names::Names;
use crate::release::{Image, Release};

use super::front::Front;
use super::outside::Outside;
use super::{backup, groups, identity, ingress, network, service, storage};

/// What a graph is made of besides the plan file.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub release: &'a Release,
    pub names: &'a Names,
    /// The two availability zones of a new VPC, by name.
    pub zones: [String; 2],
    /// What the plan file borrows, as far as AWS has told.
    pub existing: &'a Existing,
    /// Digests of images by container, where they are pinned.
    pub digests: &'a BTreeMap<String, String>,
    /// Which generation of the internal certificate is wanted, see [`super::certificates`]; of no use for a release without
    /// one.
    pub certificate_generation: u32,
    /// Whether backups are made: something of it is there, or the command is about to.
    pub backup: bool,
}

/// The graph of everything that the plan file asks for.
///
/// # Errors
///
/// Only a fault of this program makes a graph that cannot be.
pub fn graph(plan: &PlanFile, facts: &Facts<'_>) -> Result<Graph, InvalidGraph> {
    let mut stack = Stack { plan, facts, graph: Graph::default() };
    let network = network::add(&mut stack);
    let front = Front::of(&stack);
    let groups = groups::add(&mut stack, &network, &front);
    let storage = storage::add(&mut stack, &network, &groups);
    let outside = Outside::add(&mut stack);
    let identity = identity::add(&mut stack, &storage, &outside.injected);
    backup::add(&mut stack);
    storage::protect(&mut stack, &storage, &identity);
    network::log(&mut stack, &network);
    let ingress = ingress::add(&mut stack, &network, &groups, &front);
    let parts = service::Parts {
        network: &network,
        groups: &groups,
        storage: &storage,
        identity: &identity,
        ingress: &ingress,
        outside: &outside,
    };
    let service = service::add(&mut stack, &parts);
    network::harden(&mut stack, &network, &service);
    stack.graph.finish()
}

/// The image of each container of a release, as a plan file wants it.
pub fn images(plan: &PlanFile, release: &Release) -> BTreeMap<String, Image> {
    let containers = release.containers.iter();
    containers.map(|wanted| (wanted.name.to_string(), plan.images.apply(&wanted.name, &wanted.image))).collect()
}

/// ARNs of the ECR repositories that images come from, each once.
pub fn repositories(plan: &PlanFile, release: &Release) -> Vec<String> {
    let repositories: BTreeSet<_> = images(plan, release).values().filter_map(Image::ecr_repository).collect();
    repositories.iter().map(|repository| repository.arn()).collect()
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
        self.add_with(name, shown, [], spec)
    }

    /// Adds a resource with further tags of ours.
    pub fn add_tagged<K: Spec, const N: usize>(
        &mut self,
        name: &str,
        more: [(String, String); N],
        spec: &K,
    ) -> Handle<K> {
        let shown = format!("{} {} {name}", self.facts.names.stack(), K::KIND.name);
        self.add_with(name, &shown, more, spec)
    }

    fn add_with<K: Spec, const N: usize>(
        &mut self,
        name: &str,
        shown: &str,
        more: [(String, String); N],
        spec: &K,
    ) -> Handle<K> {
        let users = self.plan.tags.iter().map(|(key, value)| (key.as_str().to_owned(), value.as_str().to_owned()));
        let mut tags: BTreeMap<String, String> = BTreeMap::new();
        if K::KIND.tagged {
            tags.extend(users);
            tags.insert("Name".to_owned(), shown.to_owned());
            tags.extend(more);
        }
        self.graph.add(name, tags, spec)
    }

    /// ARNs of the ECR repositories that images come from.
    pub fn repositories(&self) -> Vec<String> {
        repositories(self.plan, self.facts.release)
    }

    pub fn names(&self) -> &Names {
        self.facts.names
    }
}
