//! How long a plan usually takes.

use super::kind::{Kind, Kinds, Seconds};
use super::plan::{Action, Plan, Reason, Step, Until};
use super::queue::{Duration, Queue};

/// The usual duration of one step.
pub fn duration(step: &Step, seconds: &Seconds) -> Duration {
    let settle = match step.until {
        Until::Accepted => 0.0,
        Until::Ready { stays: true, .. } => step.patience.unwrap_or_default(),
        // It is usually still ready.
        Until::READY if step.action == Action::Verify && step.reason == Reason::Afterwards => seconds.ready / 10.0,
        Until::Ready { .. } => seconds.ready,
        Until::Idle | Until::Gone => seconds.gone,
    };
    let accept = if step.action == Action::Verify { 0.0 } else { seconds.create };
    Duration { accept, settle }
}

/// The usual duration of every step of a plan.
pub fn durations<K: Kinds + ?Sized>(plan: &Plan, kinds: &K) -> Vec<Duration> {
    let seconds = |step: &Step| kinds.kind(step.address.kind()).map_or(Seconds::AT_ONCE, |kind: &Kind| kind.seconds);
    plan.steps.iter().map(|step| duration(step, &seconds(step))).collect()
}

/// The usual time along the critical path, in seconds; 0 for a plan whose steps wait for each other.
pub fn critical_path<K: Kinds + ?Sized>(plan: &Plan, kinds: &K) -> f64 {
    match Queue::new(&plan.steps, &durations(plan, kinds)) {
        Ok(queue) => (0..plan.steps.len()).map(|step| queue.path(step)).fold(0.0, f64::max),
        Err(_) => 0.0,
    }
}
