//! Everything that happens during a run, in order. Terminal, plain lines, JSON and stored history read this stream;
//! nothing in the engine prints.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::failure::{Cause, Failure};
use super::plan::{Action, Purpose, Reason, Target};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    /// At least one step failed; what did not depend on it was done.
    Failed,
    /// Stopped on request; every call in flight was answered.
    Interrupted,
    /// Stopped because the lease was lost; every call in flight was answered.
    LeaseLost,
}

/// What happened. `code` is stable and part of the contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    RunStarted {
        purpose: Purpose,
        #[serde(flatten)]
        target: Target,
        run: String,
        steps: usize,
        /// The usual time of the critical path, in seconds.
        estimate: f64,
    },
    /// A call is about to be made.
    StepStarted {
        step: usize,
        address: Address,
        action: Action,
        reason: Reason,
        attempt: u32,
    },
    /// AWS accepted it; others that only need it to exist may start.
    StepAccepted {
        step: usize,
        address: Address,
        id: String,
    },
    /// It is accepted and not done; `why` says what it waits for. Sent when that changes.
    StepWaiting {
        step: usize,
        address: Address,
        why: String,
    },
    /// The call failed and will be retried.
    StepRetrying {
        step: usize,
        address: Address,
        failure: Failure,
        seconds: f64,
        /// What the retry waits for, for people, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        awaits: Option<String>,
    },
    StepDone {
        step: usize,
        address: Address,
        action: Action,
        seconds: f64,
    },
    StepFailed {
        step: usize,
        address: Address,
        action: Action,
        failure: Failure,
    },
    /// Not started, because it needs something that failed.
    StepSkipped {
        step: usize,
        address: Address,
        because: Address,
    },
    /// Why something failed, reported at once: why a task stopped, with its last log lines.
    #[serde(rename = "story")]
    Diagnosis {
        address: Address,
        subject: String,
        title: String,
        lines: Vec<String>,
        hints: Vec<String>,
    },
    /// Something does not work, and nothing depends on it.
    Warning {
        address: Address,
        title: String,
        hints: Vec<String>,
    },
    /// The run was interrupted: no new steps; these calls are still in flight.
    Interrupting {
        in_flight: Vec<Address>,
    },
    /// The lease is lost: no new steps; these calls are still in flight.
    LeaseLost {
        in_flight: Vec<Address>,
    },
    RunFinished {
        outcome: Outcome,
        done: usize,
        failed: usize,
        /// Changes that AWS permits only later; nothing waited for them.
        #[serde(default, skip_serializing_if = "is_none")]
        postponed: usize,
        skipped: usize,
        left: Vec<Address>,
        /// Why steps have failed, each cause once.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        causes: BTreeSet<Cause>,
        seconds: f64,
    },
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// An event and when it happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stamped {
    /// Seconds of AWS time since the start of the run.
    pub at: f64,
    #[serde(flatten)]
    pub event: Event,
}
