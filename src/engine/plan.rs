//! A plan: what will be done, in which order, and why. Written by a planner, shown to the reader, executed as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address::Address;
use super::compare::{self, Change};
use super::reference::{Known, Need};

/// The version of the saved form.
pub const FORMAT: u32 = 1;

/// What the plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    Apply,
    /// The running task is replaced by other images, with a way back.
    Upgrade,
    /// That way back.
    Rollback,
    /// A recovery point comes into use.
    Restore,
    Destroy,
}

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Create,
    /// Changes properties or tags in place.
    Update,
    Delete,
    /// Takes the one thing off that forbids deletion; a step of its own, because a reader must consent to it.
    Unprotect,
    /// Brings back what is marked for deletion.
    Restore,
    /// Runs once and ends.
    Run,
    /// Makes what was restored the one that the deployment uses.
    Promote,
    /// Takes away what earlier ones are left: old revisions.
    Prune,
    /// Brings the running task to a stop: desired count 0.
    Stop,
    /// Changes nothing: waits until what AWS is doing by itself has come to its end.
    Await,
    /// Changes nothing: sees that it is still as it should be, after something else has changed.
    Prove,
}

/// What must be seen before a step counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// AWS has accepted the call.
    Accepted,
    Ready,
    /// Ready, and nothing went wrong on the way: the first failure ends the waiting.
    Sound,
    /// It was ready and stays the same and ready at every look, for [`Step::patience`].
    Steady,
    /// It is there, does nothing, and every task that wrote through it has been seen stopped.
    Idle,
    Gone,
}

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", content = "detail", rename_all = "kebab-case")]
pub enum Reason {
    /// It does not exist.
    Missing,
    /// The plan file, or this program, asks for something else than was last applied.
    Changed,
    /// It was as asked for and somebody changed it.
    Drifted,
    /// It is as asked for, but its tags do not say so.
    Unrecorded,
    /// It exists and does not work; the text says what is seen.
    Unhealthy(String),
    /// A property that AWS cannot change in place differs: the old one goes, a new one comes.
    Replaced(Vec<String>),
    /// An earlier run was cut off while AWS was still at it.
    Unfinished(String),
    /// It is marked for deletion and still wanted.
    Recoverable,
    /// A second one of this address, left by a lost answer.
    Twin,
    /// Something that ends is made anew; the text says why.
    Renewal(String),
    /// No longer part of the deployment.
    Unwanted,
    /// The whole deployment is to go.
    Teardown,
    /// The old task must be seen stopped before a new one may start.
    OneWriter,
    /// Something changed that could disturb it.
    Afterwards,
    /// A step of an upgrade; the text says what it is for.
    Upgrade(String),
}

/// The part of an upgrade that a step belongs to, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// What the new release needs beside the old one.
    Prepare,
    /// The intent is written down.
    Record,
    /// Everything is stopped and seen stopped.
    Fence,
    Backup,
    /// The data steps of the release.
    Data,
    /// The recovery point becomes the file system in use.
    Restore,
    Start,
    /// It stays healthy for a while.
    Prove,
    /// The intent is taken back, and what is no longer needed goes.
    Commit,
}

/// One step waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct After {
    /// Index into [`Plan::steps`].
    pub step: usize,
    /// `Exists`: its call was accepted. `Ready`: it is done.
    pub need: Need,
}

/// One thing to do to one resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    pub address: Address,
    pub action: Action,
    pub until: Until,
    #[serde(flatten)]
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What the reader should know before consenting: what stops, what is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// The wanted properties with references; null where none are needed (deletion).
    #[serde(default)]
    pub spec: Value,
    /// The wanted tags, ours included but for the run.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The identifier of the existing resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Seconds to wait for it, where they are not those of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<f64>,
    /// Set in an upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
}

impl Step {
    /// A step that is done when AWS accepts it, waits for nothing and says nothing of properties.
    pub fn new(address: Address, action: Action, reason: Reason) -> Self {
        Self {
            address,
            action,
            until: Until::Accepted,
            reason,
            changes: Vec::new(),
            consequences: Vec::new(),
            after: Vec::new(),
            spec: Value::Null,
            tags: BTreeMap::new(),
            id: None,
            patience: None,
            stage: None,
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing may be changed before it is dealt with.
    Refusal,
    Warning,
}

/// Something the reader must know before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable: `plan/cannot-replace`.
    pub code: String,
    pub severity: Severity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Something a teardown leaves in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub address: Address,
    pub id: String,
    pub why: String,
}

/// Something of the user's that the deployment uses and this program never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Existing {
    /// What it is: `vpc`, `execution role`.
    pub what: String,
    /// As the plan file names it.
    pub id: String,
    /// What AWS says of it, in a word: a range, a zone, an address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
}

/// The deployment a plan is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub deployment: String,
    pub account: String,
    pub region: String,
}

/// The whole plan. It holds no secret: specifications name where secrets are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub format: u32,
    pub tool: String,
    pub purpose: Purpose,
    #[serde(flatten)]
    pub target: Target,
    pub steps: Vec<Step>,
    /// Resources that are as they should be.
    pub unchanged: Vec<Address>,
    pub kept: Vec<Kept>,
    /// What the user brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[serde(rename = "borrowed")]
    pub existing: Vec<Existing>,
    pub findings: Vec<Finding>,
    /// Outputs of what exists, from which references are resolved.
    pub known: Known,
}

impl Plan {
    /// A plan with nothing in it.
    pub fn empty(purpose: Purpose, target: Target) -> Self {
        Self {
            format: FORMAT,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            purpose,
            target,
            steps: Vec::new(),
            unchanged: Vec::new(),
            kept: Vec::new(),
            existing: Vec::new(),
            findings: Vec::new(),
            known: Known::new(),
        }
    }

    /// The fingerprint of what will be done: equal for equal plans, whenever they were made.
    pub fn digest(&self) -> String {
        let Self { purpose, target, steps, kept, existing, findings, .. } = self;
        compare::digest(&serde_json::json!([purpose, target, steps, kept, existing, findings]))
    }

    /// The findings that forbid execution.
    pub fn refusals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity == Severity::Refusal)
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}
