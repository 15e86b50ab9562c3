//! How often to ask and how long to insist, in seconds of AWS time.
//!
//! AWS's own waiters ask every 15 to 120 seconds; on a stack whose slowest part takes 105 seconds that is most of
//! the waiting. We ask every two to three seconds, one call a kind, and first when an answer is likely.

use super::failure::Cause;
use super::kind::Seconds;

/// Between two looks at one kind. AWS throttles some reads early (EFS DescribeMountTargets).
pub const LOOK_EVERY: f64 = 2.5;

/// How often in a row everything must be seen stopped before another writer may start.
pub const FENCE_LOOKS: u32 = 2;

/// How long what was asked to stop may take before it is asked again, and harder: the containers' 120 s at most, the
/// deregistration of the target, 300 s where nobody has set it, and some.
pub const MAY_LINGER: f64 = 480.0;

/// How long something created a moment ago may be missing from lists before it counts as vanished. AWS documents
/// "a few minutes" for EC2's eventual consistency; a minute is what is seen.
pub const MAY_BE_INVISIBLE: f64 = 60.0;

/// So often at least before giving up: what precedes a call, and an answer that is awaited in vain, take time too. Where they
/// do not, no budget is used up by fewer.
const FEWEST: u32 = 15;

/// When to look first after acceptance: half the usual time, so that the common case costs few calls, and never
/// more than a minute, so that a fast one is not missed for long.
pub fn first_look(seconds: &Seconds, usual: f64) -> f64 {
    (usual / 2.0).clamp(LOOK_EVERY, 60.0).min(seconds.patience / 2.0)
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Again {
    /// The same call after so many seconds.
    After(f64),
    /// It will not get better.
    No,
}

/// Whether to try again, `attempt` (from 1) having failed `elapsed` seconds after the first.
pub fn again(cause: Cause, attempt: u32, elapsed: f64) -> Again {
    let (first, longest, budget) = match cause {
        Cause::Throttled => (1.0, 20.0, 600.0),
        Cause::Unavailable => (1.0, 15.0, 300.0),
        Cause::NotYetVisible => (1.0, 5.0, 90.0),
        // A role takes 2 to 30 seconds, rarely a minute (provider threads quoted in docs/aws-behaviour.md).
        Cause::NotYetTrusted => (2.0, 5.0, 120.0),
        // Network interfaces of a deleted load balancer linger for minutes; a draining service for ten.
        Cause::StillHeld => (3.0, 5.0, 1200.0),
        Cause::Gone
        | Cause::Taken
        | Cause::HeldByOthers
        | Cause::Denied
        | Cause::Quota
        | Cause::Cooldown
        | Cause::Refused
        | Cause::Unsettled
        | Cause::LeaseLost
        | Cause::Internal => return Again::No,
    };
    if elapsed >= budget && attempt >= FEWEST {
        return Again::No;
    }
    Again::After((first * f64::from(1_u32 << (attempt - 1).min(10))).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_a_bound_and_gives_up_after_the_budget() {
        assert_eq!(again(Cause::Throttled, 1, 0.0), Again::After(1.0));
        assert_eq!(again(Cause::Throttled, 3, 5.0), Again::After(4.0));
        assert_eq!(again(Cause::Throttled, 99, 5.0), Again::After(20.0));
        assert_eq!(again(Cause::Throttled, 15, 600.0), Again::No);
        assert_eq!(again(Cause::Throttled, 14, 600.0), Again::After(20.0));
        assert_eq!(again(Cause::Denied, 1, 0.0), Again::No);
    }

    #[test]
    fn looks_first_at_half_the_usual_time() {
        let seconds = Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 600.0 };
        assert_eq!(first_look(&seconds, seconds.ready), 52.5);
        assert_eq!(first_look(&seconds, 1.0), LOOK_EVERY);
        assert_eq!(first_look(&seconds, 900.0), 60.0);
    }
}
