//! What the engine must know of a resource kind, as data.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The part of the stack under which a kind is shown, in the order of showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Identity,
    Network,
    Storage,
    Secrets,
    Logs,
    Ingress,
    Service,
    Alarms,
}

/// What becomes of a resource when the deployment is torn down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    /// Ours; deleted with the deployment.
    Owned,
    /// Ours and holds what cannot be had again: kept unless its deletion was asked for by name, never replaced.
    Data,
    /// Comes and goes with its parent (the default security group of a VPC); it can be changed, not deleted.
    Intrinsic,
    /// Belongs to the whole account (service-linked roles): created if missing, never changed, never deleted.
    Shared,
}

/// How long AWS usually takes, in seconds: for estimates, for the priority of the queue and for when to poll first.
/// Never a limit, except `patience`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds {
    /// From the call to acceptance.
    pub create: f64,
    /// From acceptance to ready; 0 when accepted means ready, so that nothing is polled.
    pub ready: f64,
    /// From the call to gone; 0 when accepted means gone.
    pub gone: f64,
    /// How long to wait for ready or gone before giving up.
    pub patience: f64,
}

impl Seconds {
    /// A resource that is ready, or gone, as soon as AWS has answered.
    pub const AT_ONCE: Self = Self { create: 1.0, ready: 0.0, gone: 0.0, patience: 60.0 };
}

/// A resource kind.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The first half of addresses: `subnet`.
    pub name: &'static str,
    pub part: Part,
    pub lifecycle: Lifecycle,
    /// The kinds through which this one is found (mount targets through their file system); they are read first.
    pub parents: &'static [&'static str],
    /// Kinds whose resources must be gone before this one can be deleted although no property says so.
    pub gone_after: &'static [&'static str],
    /// Kinds whose resources must be stopped before this one can be deleted, and may still exist.
    pub stopped_after: &'static [&'static str],
    /// Kinds that AWS deletes although one of this kind still refers to them: in a teardown neither waits for the
    /// other. Elsewhere what refers to something that goes is changed first.
    pub lets_go: &'static [&'static str],
    /// Top-level properties that AWS cannot change in place.
    pub immutable: &'static [&'static str],
    /// Top-level properties that only creation looks at: never compared.
    pub write_once: &'static [&'static str],
    /// What replacing a resource of this kind means for the user; `None` where that is never done.
    pub replaceable: Option<&'static str>,
    /// The top-level property of which only one resource at a time may have a given value. Mount targets: one of each
    /// file system in a zone. `None` is no such limit.
    pub room: Option<&'static str>,
    /// Whether a change decides who may do what (roles, security groups): shown first.
    pub security: bool,
    /// Properties whose change means another task: the running one is stopped, and confirmed stopped, first.
    pub fenced: &'static [&'static str],
    /// Whether it carries tags, and so the digest of the specification last applied.
    pub tagged: bool,
    /// Whether it is work that runs once rather than a resource: a backup, a restore, a one-shot task. It can be
    /// started again after it has failed, and is no part of the inventory.
    pub job: bool,
    /// Whether most deployments have none, so that a sweep goes on where it cannot be read: the account may not have
    /// the service at all.
    pub dispensable: bool,
    /// Whether an update creates another one, with other outputs (a revision of a task definition).
    pub renews: bool,
    /// Whether lists may miss a new one for a while, and creating it again would make a second one or be refused: it is
    /// found by its tags only, and AWS takes no idempotency token for it.
    pub late: bool,
    /// Whether a change to it reaches all of AWS's services only after a while (roles, policies, secrets): see
    /// [`super::propagation`].
    pub spreads: bool,
    /// Whether AWS uses what it refers to only after it has accepted the call: a task that starts, a job that runs.
    pub uses_later: bool,
    pub seconds: Seconds,
}

impl Kind {
    /// The usual case; kinds name what differs.
    pub const fn new(name: &'static str, part: Part) -> Self {
        Self {
            name,
            part,
            lifecycle: Lifecycle::Owned,
            parents: &[],
            gone_after: &[],
            stopped_after: &[],
            lets_go: &[],
            immutable: &[],
            write_once: &[],
            replaceable: None,
            room: None,
            security: false,
            fenced: &[],
            tagged: true,
            job: false,
            dispensable: false,
            renews: false,
            late: false,
            spreads: false,
            uses_later: false,
            seconds: Seconds::AT_ONCE,
        }
    }
}

/// Finds a kind by name.
pub trait Kinds: Sync {
    /// The kind of that name, if this program knows it.
    fn kind(&self, name: &str) -> Option<&Kind>;
}

impl Kinds for [Kind] {
    fn kind(&self, name: &str) -> Option<&Kind> {
        self.iter().find(|kind| kind.name == name)
    }
}

/// The properties of one resource of a kind, as wanted or as read; both have the same shape, so that comparing them
/// needs no knowledge of the kind. A property that is `None` is left to AWS and not compared.
pub trait Spec: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: Kind;
}
