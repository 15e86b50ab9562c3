//! How often to poll and how long to retry, in seconds of AWS time.
//!
//! AWS's own waiters poll every 15 to 120 seconds; on a stack whose slowest part takes 105 seconds that would be most
//! of the waiting. We poll every two to three seconds, one call a kind, and less often what has taken long already:
//! what settles is seen 2.5 s later at most, or 2 % of the time that it took.

use super::failure::Cause;

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

/// After how many seconds to poll again for what has been waited for so long.
pub fn next_poll(waited: f64) -> f64 {
    (waited * 0.02).max(POLL_EVERY)
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
        // Network interfaces of a deleted load balancer linger for minutes; a draining service for ten. Nothing else
        // shows when they let go: the call is a poll.
        Cause::StillHeld => (POLL_EVERY, next_poll(elapsed), 1200.0),
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
        assert_eq!(retry(Cause::StillHeld, 9, 20.0), Retry::After(POLL_EVERY), "as often as a poll");
        assert_eq!(retry(Cause::StillHeld, 9, 200.0), Retry::After(4.0));
    }

    #[test]
    fn what_has_taken_long_is_polled_less_often() {
        assert_eq!([0.0, 100.0, 200.0, 600.0].map(next_poll), [POLL_EVERY, POLL_EVERY, 4.0, 12.0]);
    }
}
