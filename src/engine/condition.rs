//! Whether the condition of a step is met, by one poll.

use super::cadence;
use super::failure::{Cause, Failure};
use super::inventory::{Live, Phase};
use super::plan::Until;

/// The condition of a step, by one poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Met,
    /// Waiting longer will not help.
    Failed(Failure),
    /// Not yet; the text says what AWS reports instead.
    Pending(String),
}

/// Evaluates a step's condition from everything at its address, `waited` seconds after its call was accepted.
///
/// `patience` is how long to wait, or how long it has to stay ready.
///
/// There may be several at one address: a service being deleted and the tasks that outlive it. Ready needs one of them;
/// idle and gone must hold for all.
pub fn evaluate(until: Until, observed: &[&Live], waited: f64, patience: f64) -> Condition {
    let meets = |live: &&Live| match until {
        Until::Accepted => true,
        Until::Ready { stays, .. } => live.phase == Phase::Ready && (!stays || waited >= patience),
        Until::Idle => live.phase == Phase::Idle,
        // A resource in its recovery window does not go any further by itself.
        Until::Gone => live.phase == Phase::Recoverable,
    };
    let is_met = match until {
        Until::Ready { .. } => observed.iter().any(meets),
        Until::Accepted | Until::Idle | Until::Gone => observed.iter().all(meets),
    };
    if is_met {
        return Condition::Met;
    }
    if let Until::Ready { stays: true, .. } = until {
        return staying(observed.first().map(|live| &live.phase), patience);
    }
    let phase = observed.iter().find(|live| !meets(live)).map(|live| &live.phase);
    if let Until::Ready { may_degrade, .. } = until {
        match phase {
            Some(Phase::Failed(why) | Phase::Deleting(why)) => return failed(why.clone()),
            Some(Phase::Degraded(why)) if !may_degrade => return failed(why.clone()),
            None if waited > cadence::MAY_BE_INVISIBLE => return failed("was accepted, and AWS no longer lists it"),
            _ => {}
        }
    }
    let why = match phase {
        Some(Phase::Pending(why) | Phase::Degraded(why) | Phase::Deleting(why) | Phase::Failed(why)) => why,
        Some(Phase::Ready) => "still there",
        Some(Phase::Idle) => "stopped",
        Some(Phase::Recoverable) => "marked for deletion",
        None => "not visible yet",
    };
    if waited > patience {
        return failed(format!("gave up after {waited:.0} s; last status: {why}"));
    }
    Condition::Pending(why.to_owned())
}

/// Something that was ready and has to stay so.
fn staying(phase: Option<&Phase>, patience: f64) -> Condition {
    match phase {
        Some(Phase::Ready) => Condition::Pending(format!("healthy; has to stay so for {patience:.0} s")),
        Some(Phase::Pending(why) | Phase::Degraded(why) | Phase::Failed(why) | Phase::Deleting(why)) => {
            failed(format!("was healthy, and is no longer: {why}"))
        }
        _ => failed("was healthy, and no longer exists"),
    }
}

fn failed(message: impl Into<String>) -> Condition {
    Condition::Failed(Failure::of(Cause::Unsettled, message))
}
