//! What there is: the result of one sweep over AWS.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address::Address;
use super::reference::{Known, Outputs};

/// The life of a resource as far as the engine cares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", content = "why", rename_all = "kebab-case")]
pub enum Phase {
    /// On its way to ready; the text says what is awaited, for people.
    Pending(String),
    /// On its way to ready, and something went wrong that it may recover from; the text says what.
    Faltering(String),
    /// It does what it is for.
    Ready,
    /// It is there and deliberately does nothing: a service at zero, all its tasks seen stopped.
    Idle,
    /// It will not become ready by waiting; the text says why.
    Failed(String),
    /// On its way out.
    Deleting(String),
    /// Marked for deletion, and can be brought back (a secret in its recovery window).
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
    /// The properties, in the shape of the specification of its kind. Null where only the phase was asked for.
    pub spec: Value,
    /// All tags, ours included; empty for what cannot be tagged.
    pub tags: BTreeMap<String, String>,
}

impl Phase {
    /// What is awaited, of what is on its way to ready.
    pub fn awaits(&self) -> Option<&str> {
        match self {
            Self::Pending(why) | Self::Faltering(why) => Some(why),
            _ => None,
        }
    }
}

impl Live {
    /// True for what can only be waited for: it is on its way out, or it is what outlives its resource (tasks that
    /// still run although their service is gone), which has no properties.
    pub fn is_going(&self) -> bool {
        matches!(self.phase, Phase::Deleting(_)) || self.spec.is_null()
    }
}

/// Why something found is worth telling although it is not of an address: a stopped task, for example.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Incident {
    /// The resource it happened to.
    pub address: Address,
    /// What it is about, in AWS's terms: a task ARN. Each subject is told once a run.
    pub subject: String,
}

/// What a sweep of one kind found.
#[derive(Clone, Debug, Default)]
pub struct Sighting {
    pub live: Vec<Live>,
    pub incidents: Vec<Incident>,
}

/// Everything of one deployment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// Sorted by address, then by id. More than one of an address: twins, left by a lost answer.
    pub live: Vec<Live>,
    /// The kinds that could not be read, and what AWS said: whether there is anything of them is not known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

impl Inventory {
    /// An inventory in its one order, with everything read.
    pub fn new(mut live: Vec<Live>) -> Self {
        live.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
        Self { live, unread: BTreeMap::new() }
    }

    /// The resources at an address.
    pub fn at<'a, 'b>(&'a self, address: &'b Address) -> impl Iterator<Item = &'a Live> + use<'a, 'b> {
        self.live.iter().filter(move |live| &live.address == address)
    }

    /// The outputs of every resource that is not on its way out.
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
