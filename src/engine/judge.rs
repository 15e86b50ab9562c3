//! What one look says of a step that waits.

use super::cadence;
use super::failure::{Cause, Failure};
use super::inventory::{Live, Phase};
use super::plan::Until;

/// What one look says of a step that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// What was waited for is seen.
    Done,
    /// It will not be seen by waiting any longer.
    Failed(Failure),
    /// Not yet; the text says what is seen instead.
    Waits(String),
}

/// Judges a step from everything seen at its address, `waited` seconds after its call was accepted.
///
/// `patience` is how long to wait, and for [`Until::Steady`] how long it has to last.
///
/// There may be several at one address: a service that is going and the tasks that outlive it. Ready needs one that is;
/// idle and gone must be true of all.
pub fn judge(until: Until, seen: &[&Live], waited: f64, patience: f64) -> Judgement {
    let is_over = |live: &&Live| match until {
        Until::Accepted => true,
        Until::Ready | Until::Sound => live.phase == Phase::Ready,
        Until::Steady => live.phase == Phase::Ready && waited >= patience,
        Until::Idle => live.phase == Phase::Idle,
        // What can still be brought back is as gone as it gets.
        Until::Gone => live.phase == Phase::Recoverable,
    };
    let done = match until {
        Until::Ready | Until::Sound | Until::Steady => seen.iter().any(is_over),
        Until::Accepted | Until::Idle | Until::Gone => seen.iter().all(is_over),
    };
    if done {
        return Judgement::Done;
    }
    let unsettled = |message: String| Judgement::Failed(Failure::of(Cause::Unsettled, message));
    if until == Until::Steady {
        return match seen.iter().map(|live| &live.phase).next() {
            Some(Phase::Ready) => Judgement::Waits(format!("healthy; watched for {patience:.0} s")),
            Some(Phase::Pending(why) | Phase::Faltering(why) | Phase::Failed(why) | Phase::Deleting(why)) => {
                unsettled(format!("was healthy, and now: {why}"))
            }
            _ => unsettled("was healthy, and is no longer there".to_owned()),
        };
    }
    let why = match (until, seen.iter().find(|live| !is_over(live)).map(|live| &live.phase)) {
        (Until::Sound, Some(Phase::Faltering(why))) => return unsettled(why.clone()),
        (Until::Ready | Until::Sound, Some(Phase::Failed(why) | Phase::Deleting(why))) => {
            return unsettled(why.clone());
        }
        (Until::Ready | Until::Sound, None) if waited > cadence::MAY_BE_INVISIBLE => {
            return unsettled("was accepted, and AWS no longer lists it".to_owned());
        }
        (_, Some(Phase::Pending(why) | Phase::Faltering(why) | Phase::Deleting(why) | Phase::Failed(why))) => {
            why.clone()
        }
        (_, Some(Phase::Ready)) => "still there".to_owned(),
        (_, Some(Phase::Idle)) => "stopped".to_owned(),
        (_, Some(Phase::Recoverable)) => "marked for deletion".to_owned(),
        (_, None) => "not visible yet".to_owned(),
    };
    if waited > patience {
        return unsettled(format!("gave up after {waited:.0} s; last seen: {why}"));
    }
    Judgement::Waits(why)
}
