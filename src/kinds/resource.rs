//! What a kind must be able to do.

use async_trait::async_trait;
use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::compare::{self, Change};
use crate::engine::event::Event;
use crate::engine::failure::Failure;
use crate::engine::inventory::Incident;
use crate::engine::kind::Spec;
use crate::engine::plan::Action;
use crate::engine::reference::Outputs;
use crate::engine::run::Made;

use super::found::Found;
use super::place::{Grants, Place};
use super::tags::{self, Tagging};

pub use super::context::{Context, Tags};
pub use super::found::Candidate;

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
    /// For calls that take an idempotency token: 32 hexadecimal digits, the same for every attempt of one request of
    /// one run and another for every other request, see [`token`].
    pub token: String,
    /// What differs, for updates.
    pub changes: Vec<Change>,
    /// Counts from 1. A repeated stop means that something is slow to stop.
    pub attempt: u32,
}

impl Target {
    /// The resource with what is known of it already: for a call that changes neither id nor outputs.
    pub fn as_known(&self) -> Made {
        Made { id: self.id.clone(), outputs: self.outputs.clone() }
    }

    /// One output of the existing resource; empty where it is not known.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).map(String::as_str).unwrap_or_default()
    }

    /// True when a top-level property is among the changes.
    pub fn changed(&self, property: &str) -> bool {
        self.changes.iter().any(|change| change.top() == property)
    }

    /// The same, where an update without changes sets everything.
    pub fn is_due(&self, property: &str) -> bool {
        self.changes.is_empty() || self.changed(property)
    }

    /// True when one entry of a property that is a map is among the changes, or the whole map is.
    pub fn changed_entry(&self, property: &str, key: &str) -> bool {
        let entry = format!("{property}.{key}");
        let inside =
            |path: &str| path.strip_prefix(&entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.changes.iter().any(|change| change.property == property || inside(&change.property))
    }
}

/// An idempotency token: it stands for all that is asked for, with references resolved, so that a resource of the same
/// address in another place (an access point on a restored file system) is another request.
pub fn token(run: &str, address: &Address, action: Action, spec: &Value, tags: &Tags) -> String {
    let text = serde_json::json!([run, address, action, spec, tags]);
    format!("{}{}", compare::digest(&text), compare::digest(&serde_json::json!([text])))
}

/// A kind of resource in AWS, or of job (see `Kind::job`). `self` is the wanted specification with every reference
/// resolved.
///
/// A job is in no graph and no inventory, and nothing of it is compared, changed or tagged later. `create` starts it,
/// again where an earlier one has failed. The run that starts or resumes it finds it by its address, which names the
/// operation that it belongs to.
///
/// Every call can be repeated: `create` after a lost answer is preceded by a list (see `live::world`), `update` sets
/// what should be rather than adding, `delete` of what is gone is success.
#[async_trait]
pub trait Resource: Spec {
    /// The service whose calls tag it.
    const TAGGING: Tagging = Tagging::None;

    /// The step of its own that it knows: [`Action::Unprotect`], [`Action::Restore`], [`Action::Stop`] and the like.
    const ACT: Option<Action> = None;

    /// Finds every resource of this kind that belongs to the deployment. Others may be among them: their tags name no
    /// address of it.
    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure>;

    /// Creates it, with its tags in the same call where AWS can. Returns when AWS has accepted.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure>;

    /// Sets the changed properties, but not tags; neither id nor outputs change. A kind whose properties cannot be
    /// changed in place has nothing to do, and one that renews (`Kind::renews`) is created again afterwards.
    async fn update(&self, _context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    /// Deletes it. Returns when AWS has accepted.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure>;

    /// Sets tags, and removes those named. Never called for kinds that cannot be tagged.
    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::set(Self::TAGGING, context, &target.id, set, remove).await
    }

    /// Performs [`Self::ACT`].
    async fn act(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    /// The diagnosis of an incident that `list` reported.
    async fn explain(_context: &Context, _incident: &Incident) -> Option<Event> {
        None
    }

    /// What may be this resource with its tags lost, or would be in its way: what is in its place or has one of these
    /// ids, whatever its tags say. References that are not resolved yet match nothing. Kinds that AWS knows by a name
    /// of ours need not answer: they are looked for by name.
    async fn candidates(&self, _context: &Context, _ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        Ok(Vec::new())
    }

    /// The permissions that all of this needs: the actions of the calls above, and those that AWS authorises with them
    /// (Service Authorization Reference, one page a service).
    fn grants(place: &Place) -> Grants<'_>;
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
    fn another_run_has_another_token() {
        let address = Address::new("access-point", "a");
        let of = |run| token(run, &address, Action::Create, &Value::Null, &Tags::new());
        assert_ne!(of("one"), of("two"));
    }
}
