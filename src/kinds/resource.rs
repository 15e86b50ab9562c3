//! What a kind must be able to do, and what it is given to do it with.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::aws::clients::Clients;
use crate::aws::grant::Grant;
use crate::engine::address::Address;
use crate::engine::compare::{self, Change};
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Phase};
use crate::engine::kind::Spec;
use crate::engine::plan::Action;
use crate::engine::reference::{Known, Outputs};
use crate::engine::run::Made;

use super::names::Names;
use super::own_containers::Revisions;
use super::place::Place;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// What every kind works with.
#[derive(Clone, Debug)]
pub struct Context {
    pub aws: Arc<Clients>,
    pub names: Names,
    /// Outputs of what exists so far: parents are found here.
    pub known: Known,
    /// The cluster that the service is in, by name or ARN, where it is not one of ours.
    pub cluster: Option<String>,
    /// The ARN of the load balancer that the plan file names, if our listener is on one of the user's.
    pub load_balancer: Option<String>,
    /// The run, for idempotency tokens and the tag `ce-aws:run`.
    pub run: String,
    /// What is known already of revisions of task definitions.
    pub revisions: Revisions,
}

impl Context {
    /// The resources of a kind that exist, with their outputs.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Address, &'a Outputs)> {
        self.known.iter().filter(move |(address, _)| address.kind() == kind)
    }

    /// One output of every resource of a kind.
    pub fn outputs(&self, kind: &str, output: &str) -> Vec<String> {
        self.known
            .iter()
            .filter(|(address, _)| address.kind() == kind)
            .filter_map(|(_, o)| o.get(output).cloned())
            .collect()
    }
}

/// How much a list should find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Identity and phase only: one call where AWS allows it. Used while waiting.
    Phase,
    /// All properties and tags. Used for the inventory.
    Full,
}

/// The resource that a call is about.
#[derive(Clone, Debug)]
pub struct Target {
    pub address: Address,
    /// The identifier; empty while it is being created.
    pub id: String,
    /// Outputs of the existing resource; empty while it is being created.
    pub outputs: Outputs,
    /// All tags it should have, ours included.
    pub tags: Tags,
    /// For calls that take an idempotency token: 32 hexadecimal digits, the same for every attempt of one request of one run
    /// and another for every other request, see [`token`].
    pub token: String,
    /// What differs, for updates.
    pub changes: Vec<Change>,
    /// Counts from 1. A stop that is asked for again is one that lingers.
    pub attempt: u32,
}

impl Target {
    /// True when a top-level property is among the changes.
    pub fn changed(&self, property: &str) -> bool {
        self.changes.iter().any(|change| change.top() == property)
    }

    /// True when one entry of a property that is a map is among the changes, or the whole map is.
    pub fn changed_entry(&self, property: &str, key: &str) -> bool {
        let entry = format!("{property}.{key}");
        let inside =
            |path: &str| path.strip_prefix(&entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.changes.iter().any(|change| change.property == property || inside(&change.property))
    }
}

/// An idempotency token: it stands for all that is asked for, with references resolved, so that what has the same address and
/// is made in another place (an access point on a restored file system) is another request.
pub fn token(run: &str, address: &Address, action: Action, spec: &Value, tags: &Tags) -> String {
    let text = serde_json::json!([run, address, action, spec, tags]);
    format!("{}{}", compare::digest(&text), compare::digest(&serde_json::json!([text])))
}

/// One resource as a list found it.
#[derive(Clone, Debug)]
pub struct Found<R> {
    pub address: Address,
    pub id: String,
    pub outputs: Outputs,
    pub phase: Phase,
    /// The properties; `None` at [`Depth::Phase`], where a kind need not find them out.
    pub spec: Option<R>,
    pub tags: Tags,
}

impl<R> Found<R> {
    /// Ready, with `id` as the only output; builder methods say what differs.
    pub fn new(address: Address, id: &str) -> Self {
        Self {
            address,
            id: id.to_owned(),
            outputs: Outputs::from([("id".to_owned(), id.to_owned())]),
            phase: Phase::Ready,
            spec: None,
            tags: Tags::new(),
        }
    }

    pub fn output(mut self, name: &str, value: &str) -> Self {
        self.outputs.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn phase(mut self, phase: Phase) -> Self {
        self.phase = phase;
        self
    }

    pub fn spec(mut self, spec: R) -> Self {
        self.spec = Some(spec);
        self
    }

    pub fn tags(mut self, tags: Tags) -> Self {
        self.tags = tags;
        self
    }
}

/// Something of a kind that is there, whosever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub id: String,
    pub outputs: Outputs,
    pub tags: Tags,
}

impl Neighbour {
    /// With `id` as the only output.
    pub fn new(id: Option<&str>, tags: Tags) -> Self {
        let id = id.unwrap_or_default().to_owned();
        Self { outputs: Outputs::from([("id".to_owned(), id.clone())]), id, tags }
    }

    pub fn output(mut self, name: &str, value: Option<&str>) -> Self {
        self.outputs.insert(name.to_owned(), value.unwrap_or_default().to_owned());
        self
    }
}

/// What a list found.
#[derive(Clone, Debug)]
pub struct Seen<R> {
    pub found: Vec<Found<R>>,
    /// What went wrong and a person should be told at once.
    pub incidents: Vec<Incident>,
}

impl<R> From<Vec<Found<R>>> for Seen<R> {
    fn from(found: Vec<Found<R>>) -> Self {
        Self { found, incidents: Vec::new() }
    }
}

/// A made resource with `id` among its outputs.
pub fn made(id: &str, outputs: &[(&str, &str)]) -> Made {
    let mut all: Outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.insert("id".to_owned(), id.to_owned());
    Made { id: id.to_owned(), outputs: all }
}

/// A resource kind in AWS. `self` is the wanted specification with every reference resolved.
///
/// Every call can be made again: `create` after a lost answer is preceded by a list (see `live::world`), `update` sets
/// what should be rather than adding, `delete` of what is gone is success.
#[async_trait]
pub trait Resource: Spec {
    /// Finds every resource of this kind that belongs to the deployment.
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure>;

    /// Creates it, with its tags in the same call where AWS can. Returns at acceptance.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure>;

    /// Makes the changed properties as specified. Tags are not its business.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure>;

    /// Deletes it. Returns at acceptance.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure>;

    /// Sets tags, and removes those named. Kinds that cannot be tagged are never asked.
    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure>;

    /// [`Action::Unprotect`], [`Action::Restore`], [`Action::Stop`] and the like, for kinds that know them.
    async fn act(_context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)))
    }

    /// What is behind an incident that `list` reported.
    async fn explain(_context: &Context, _incident: &Incident) -> Option<Event> {
        None
    }

    /// What of this kind stands where this one would be made, or has one of these ids, whatever its tags say: what lost its tags
    /// by hand would get a twin, or be in the way. References that are not resolved yet lead nowhere. Kinds that AWS knows by a
    /// name of ours need not answer: they are looked for by that.
    async fn neighbours(&self, _context: &Context, _ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        Ok(Vec::new())
    }

    /// What a caller must be allowed to do for all of this: the actions of the calls above, and those that AWS authorises
    /// with them (Service Authorization Reference, one page a service).
    fn grants(place: &Place) -> Vec<Grant>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACTIONS: [Action; 3] = [Action::Create, Action::Update, Action::Run];

    fn request() -> impl Strategy<Value = (usize, usize, Value, Tags)> {
        // Few values, so that two requests often differ in one thing only.
        let spec = ("[ab]", "[ab]", 0..2_u8, any::<bool>());
        let tags = prop::collection::btree_map("[kl]", "[vw]", 0..2);
        (0..3_usize, 0..ACTIONS.len(), spec, tags).prop_map(|(name, action, (file_system, path, uid, list), tags)| {
            let path = if list { serde_json::json!([path]) } else { serde_json::json!(path) };
            (name, action, serde_json::json!({ "file_system": file_system, "path": path, "uid": uid }), tags)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn two_requests_of_one_run_share_a_token_only_where_they_are_the_same(one in request(), other in request()) {
            let token = |(name, action, spec, tags): &(usize, usize, Value, Tags)| {
                let address = Address::new("access-point", ["a", "b", "a-b"][*name]);
                token("run", &address, ACTIONS[*action], spec, tags)
            };
            prop_assert_eq!(token(&one) == token(&other), one == other);
            prop_assert_eq!(token(&one).len(), 32);
        }
    }

    #[test]
    fn another_run_asks_anew() {
        let address = Address::new("access-point", "a");
        let of = |run| token(run, &address, Action::Create, &Value::Null, &Tags::new());
        assert_ne!(of("one"), of("two"));
    }
}
