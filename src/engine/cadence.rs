//! How often to poll and how long to retry, in seconds of AWS time.
//!
//! AWS's own waiters poll every 15 to 120 seconds; on a stack whose slowest part takes 105 seconds that would be most
//! of the waiting. We poll every two to three seconds, one call a kind, and first when an answer is likely.

use super::failure::Cause;
use super::kind::Seconds;

/// Between two polls of one kind. AWS throttles some reads early (EFS DescribeMountTargets).
pub const POLL_EVERY: f64 = 2.5;

/// How many polls in a row must confirm that everything is stopped before another writer may start.
pub const FENCE_POLLS: u32 = 2;

/// How long a stop may take before it is repeated for each task by name: at most 120 s for the containers, 300 s by
/// default to deregister the target, and some slack.
pub const STOP_AGAIN_AFTER: f64 = 480.0;

/// How long something just created may be missing from lists before it counts as vanished. AWS documents "a few
/// minutes" for EC2's eventual consistency; a minute is what is observed.
pub const MAY_BE_INVISIBLE: f64 = 60.0;

/// The fewest attempts before giving up: a slow call or a timeout must not use up the budget.
const FEWEST_ATTEMPTS: u32 = 15;

/// When to poll first after acceptance: at half the usual time, so that the common case costs few calls, and within a
/// minute, so that a fast one is soon noticed.
pub fn first_poll(seconds: &Seconds, usual: f64) -> f64 {
    (usual / 2.0).clamp(POLL_EVERY, 60.0).min(seconds.patience / 2.0)
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Retry {
    /// Make the same call after so many seconds.
    After(f64),
    /// Give up.
    No,
}

/// Whether to retry a call whose `attempt` (from 1) failed `elapsed` seconds after the first.
pub fn retry(cause: Cause, attempt: u32, elapsed: f64) -> Retry {
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
        | Cause::Internal => return Retry::No,
    };
    if elapsed >= budget && attempt >= FEWEST_ATTEMPTS {
        return Retry::No;
    }
    Retry::After((first * f64::from(1_u32 << (attempt - 1).min(10))).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backs_off_up_to_a_bound_and_gives_up_after_the_budget() {
        assert_eq!(retry(Cause::Throttled, 1, 0.0), Retry::After(1.0));
        assert_eq!(retry(Cause::Throttled, 3, 5.0), Retry::After(4.0));
        assert_eq!(retry(Cause::Throttled, 99, 5.0), Retry::After(20.0));
        assert_eq!(retry(Cause::Throttled, 15, 600.0), Retry::No);
        assert_eq!(retry(Cause::Throttled, 14, 600.0), Retry::After(20.0));
        assert_eq!(retry(Cause::Denied, 1, 0.0), Retry::No);
    }

    #[test]
    fn polls_first_at_half_the_usual_time() {
        let seconds = Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 600.0 };
        assert_eq!(first_poll(&seconds, seconds.ready), 52.5);
        assert_eq!(first_poll(&seconds, 1.0), POLL_EVERY);
        assert_eq!(first_poll(&seconds, 900.0), 60.0);
    }
}
