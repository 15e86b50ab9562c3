//! What exists: the result of one sweep over AWS.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address::Address;
use super::reference::{Known, Outputs};

/// The life of a resource as far as the engine cares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", content = "why", rename_all = "kebab-case")]
pub enum Phase {
    /// Not ready yet; the text says what it waits for, for people.
    Pending(String),
    /// Not ready, because of a failure that it may recover from; the text says which.
    #[serde(rename = "faltering")]
    Degraded(String),
    /// It does what it is for.
    Ready,
    /// It exists and is meant to do nothing: a service at zero, all its tasks confirmed stopped.
    Idle,
    /// It will not become ready by itself; the text says why.
    Failed(String),
    /// Being deleted.
    Deleting(String),
    /// Marked for deletion, and can be restored (a secret in its recovery window).
    Recoverable,
}

/// One resource as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Live {
    pub address: Address,
    /// The identifier that calls take: `vpc-0a1b`, an ARN, a name.
    pub id: String,
    pub outputs: Outputs,
    #[serde(flatten)]
    pub phase: Phase,
    /// The properties, in the shape of the specification of its kind. Null where only the phase was requested.
    pub spec: Value,
    /// All tags, ours included; empty for kinds without tags.
    pub tags: BTreeMap<String, String>,
}

impl Phase {
    /// What it waits for, if it is not ready yet.
    pub fn awaits(&self) -> Option<&str> {
        match self {
            Self::Pending(why) | Self::Degraded(why) => Some(why),
            _ => None,
        }
    }
}

/// The output of what AWS does not let anybody delete yet, and drops by itself unless somebody confirms it.
pub const LAPSES: &str = "lapses";

/// The output that says what stays when something is deleted, for people.
pub const LEAVES: &str = "leaves";

impl Live {
    /// True where nothing needs to be done to be rid of it, and nothing can.
    pub fn lapses(&self) -> bool {
        self.outputs.contains_key(LAPSES)
    }

    /// True where the only thing to do is to wait: it is being deleted, or it outlives its resource (tasks that still
    /// run although their service is gone) and has no properties.
    pub fn is_going(&self) -> bool {
        matches!(self.phase, Phase::Deleting(_)) || self.spec.is_null()
    }
}

/// Something that went wrong with a resource and is reported at once: a stopped task, for example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Incident {
    /// The resource it happened to.
    pub address: Address,
    /// What it is about, in AWS's terms: a task ARN. Each is reported once a run.
    pub subject: String,
}

/// What one poll of a kind found.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    pub live: Vec<Live>,
    pub incidents: Vec<Incident>,
}

/// Everything of one deployment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// Sorted by address, then by id. Several at one address are duplicates, left by a lost response.
    pub live: Vec<Live>,
    /// The kinds that could not be read, and AWS's answer: whether any exist is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

impl Inventory {
    /// A sorted inventory, with every kind read.
    pub fn new(mut live: Vec<Live>) -> Self {
        live.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
        Self { live, unread: BTreeMap::new() }
    }

    /// The resources at an address.
    pub fn at(&self, address: &Address) -> &[Live] {
        &self.live[self.numbers(address)]
    }

    /// Where in the list the resources at an address are.
    pub fn numbers(&self, address: &Address) -> Range<usize> {
        let from = self.live.partition_point(|live| &live.address < address);
        from..from + self.live[from..].partition_point(|live| &live.address == address)
    }

    /// The outputs of every resource that is not being deleted.
    pub fn known(&self) -> Known {
        let mut known = Known::new();
        for live in &self.live {
            if !matches!(live.phase, Phase::Deleting(_)) {
                known.entry(live.address.clone()).or_insert_with(|| live.outputs.clone());
            }
        }
        known
    }
}
