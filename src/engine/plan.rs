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
    /// Replaces the running task with other images, and can be rolled back.
    Upgrade,
    Rollback,
    /// Puts a recovery point into use.
    Restore,
    Stop,
    Start,
    /// A recovery point is created or deleted.
    Backup,
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
    /// Removes deletion protection: a step of its own, because the user must consent to it.
    Unprotect,
    /// Cancels a pending deletion.
    Restore,
    /// Runs once and ends.
    Run,
    /// Makes a restored resource the one that the deployment uses.
    Promote,
    /// Deletes old revisions.
    Prune,
    /// Stops the running task: desired count 0.
    Stop,
    /// Changes nothing: polls until the step's condition is met.
    #[serde(rename = "prove", alias = "await")]
    Verify,
}

/// The condition that must be met before a step counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Until {
    /// AWS has accepted the call.
    Accepted,
    Ready {
        /// Whether it may fail on the way and recover. ECS replaces a failed task by itself.
        may_degrade: bool,
        /// Whether it is ready already and has to stay so, without being replaced, for [`Step::patience`].
        stays: bool,
    },
    /// It exists and does nothing, and every task that wrote through it is confirmed stopped.
    Idle,
    Gone,
}

impl Until {
    pub const READY: Self = Self::Ready { may_degrade: true, stays: false };
    /// The first failure ends the waiting.
    pub const READY_WITHOUT_FAILURE: Self = Self::Ready { may_degrade: false, stays: false };
    pub const STAYS_READY: Self = Self::Ready { may_degrade: false, stays: true };

    /// The names in JSON, which are part of the contract.
    const NAMES: [(&str, Self); 6] = [
        ("accepted", Self::Accepted),
        ("ready", Self::READY),
        ("sound", Self::READY_WITHOUT_FAILURE),
        ("steady", Self::STAYS_READY),
        ("idle", Self::Idle),
        ("gone", Self::Gone),
    ];
}

impl From<Until> for String {
    fn from(until: Until) -> Self {
        let named = Until::NAMES.iter().find(|(_, known)| *known == until);
        named.map_or("steady", |(name, _)| name).to_owned()
    }
}

impl TryFrom<String> for Until {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let named = Self::NAMES.iter().find(|(name, _)| *name == text);
        named.map(|(_, until)| *until).ok_or_else(|| format!("unknown condition {text:?}"))
    }
}

/// Why a step is in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", content = "detail", rename_all = "kebab-case")]
pub enum Reason {
    /// It does not exist.
    Missing,
    /// The plan file, or a new version of this program, differs from what was last applied.
    Changed,
    /// Somebody changed it in AWS.
    Drifted,
    /// It is correct, but its tags do not record that.
    Unrecorded,
    /// It exists and does not work; the text says what AWS reports.
    Unhealthy(String),
    /// These properties differ, and AWS cannot change them in place.
    Replaced(Vec<String>),
    /// An earlier run ended while AWS was still working on it.
    Unfinished(String),
    /// It is marked for deletion and still wanted.
    Recoverable,
    /// A duplicate at this address, left by a lost response.
    Twin,
    /// It expires and is renewed; the text says why.
    Renewal(String),
    /// No longer part of the deployment.
    Unwanted,
    /// The whole deployment is destroyed.
    Teardown,
    /// The old task must be confirmed stopped before a new one may start.
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
    /// What the new release needs is created beside the old one.
    Prepare,
    /// The intent is recorded.
    Record,
    /// Everything is stopped and confirmed stopped.
    Fence,
    Backup,
    /// The data steps of the release.
    Data,
    /// The recovery point becomes the file system in use.
    Restore,
    Start,
    /// It has to stay healthy for a while.
    #[serde(rename = "prove")]
    Verify,
    /// The intent is cleared, and what is no longer needed is deleted.
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
    /// What the user should know before consenting: what stops, what is lost.
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
    /// A step without properties or dependencies, done as soon as AWS accepts it.
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

    /// Whether it verifies that something is still ready, rather than waits for something under way.
    pub fn is_recheck(&self) -> bool {
        let stays = matches!(self.until, Until::Ready { stays: true, .. });
        self.action == Action::Verify && (stays || self.reason == Reason::Afterwards)
    }

    /// Lets it start only when the steps `earlier` are done.
    pub fn wait_for(&mut self, earlier: impl IntoIterator<Item = usize>) {
        self.after.extend(earlier.into_iter().map(After::done));
    }

    /// The same, for a step that is being made.
    pub fn after(mut self, earlier: impl IntoIterator<Item = usize>) -> Self {
        self.wait_for(earlier);
        self
    }
}

impl AsRef<[After]> for Step {
    fn as_ref(&self) -> &[After] {
        &self.after
    }
}

impl After {
    pub fn done(step: usize) -> Self {
        Self { step, need: Need::Ready }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It has to be fixed before anything is changed.
    Refusal,
    Warning,
}

/// Something the user must know before anything is changed.
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

/// Something that is left in place.
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
    /// One detail from AWS: a CIDR range, a zone, an address.
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
    /// Resources that need no change.
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
    /// A plan without steps.
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

    /// Adds a step and gives its index.
    pub fn push(&mut self, mut step: Step) -> usize {
        step.after.sort_unstable();
        step.after.dedup();
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// The indices of the steps that satisfy a condition.
    pub fn positions(&self, wanted: impl Fn(&Step) -> bool) -> Vec<usize> {
        self.steps.iter().enumerate().filter(|(_, step)| wanted(step)).map(|(index, _)| index).collect()
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_conditions_keep_their_names() {
        let names = ["accepted", "ready", "sound", "steady", "idle", "gone"].map(|name| format!("{name:?}"));
        let read = names.clone().map(|name| serde_json::from_str::<Until>(&name).unwrap());
        assert_eq!(read.map(|until| serde_json::to_string(&until).unwrap()), names);
        assert_eq!(read[1..4], [Until::READY, Until::READY_WITHOUT_FAILURE, Until::STAYS_READY]);
        assert!(serde_json::from_str::<Until>("\"readier\"").is_err());
        for name in ["await", "prove"] {
            assert_eq!(serde_json::from_value::<Action>(name.into()).unwrap(), Action::Verify);
        }
        assert_eq!(serde_json::to_value([Action::Verify]).unwrap(), serde_json::json!(["prove"]));
        assert_eq!(serde_json::to_value([Stage::Verify]).unwrap(), serde_json::json!(["prove"]));
    }
}
