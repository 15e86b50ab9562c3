//! When to poll which kind: one poll at a time, not too often, and a failed poll again as its cause allows.

use std::collections::BTreeMap;

use super::cadence::{self, Retry};
use super::failure::Cause;

/// The polls of one run.
#[derive(Clone, Debug, Default)]
pub struct Polls {
    by_kind: BTreeMap<String, KindPolls>,
}

#[derive(Clone, Debug, Default)]
struct KindPolls {
    /// The steps that the poll in flight is for; none when none is in flight. A step that starts to wait later is not
    /// judged by it, because the answer may be older than the step.
    waiting: Vec<usize>,
    /// Not before this time.
    not_before: f64,
    failures: u32,
    failing_since: f64,
}

/// Whether to poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    Now,
    At(f64),
    InFlight,
}

impl Polls {
    /// Requests a poll of a kind at `time` for at least one step. [`Turn::Now`] counts as sent.
    pub fn request(&mut self, kind: &str, time: f64, steps: impl FnOnce() -> Vec<usize>, now: f64) -> Turn {
        let polls = self.of(kind);
        let at = time.max(polls.not_before);
        if !polls.waiting.is_empty() {
            Turn::InFlight
        } else if at > now {
            Turn::At(at)
        } else {
            polls.waiting = steps();
            Turn::Now
        }
    }

    /// A poll was answered: gives the steps that waited for it.
    pub fn answered(&mut self, kind: &str, now: f64) -> Vec<usize> {
        self.of(kind).next_round(now)
    }

    /// A poll failed: gives the steps to give up, none when it will be repeated.
    pub fn failed(&mut self, kind: &str, cause: Cause, now: f64) -> Vec<usize> {
        let polls = self.of(kind);
        if polls.failures == 0 {
            polls.failing_since = now;
        }
        polls.failures += 1;
        match cadence::retry(cause, polls.failures, now - polls.failing_since) {
            Retry::After(seconds) => {
                polls.waiting.clear();
                polls.not_before = now + seconds.max(cadence::POLL_EVERY);
                Vec::new()
            }
            Retry::No => polls.next_round(now),
        }
    }

    fn of(&mut self, kind: &str) -> &mut KindPolls {
        self.by_kind.entry(kind.to_owned()).or_default()
    }
}

impl KindPolls {
    fn next_round(&mut self, now: f64) -> Vec<usize> {
        self.failures = 0;
        self.not_before = now + cadence::POLL_EVERY;
        std::mem::take(&mut self.waiting)
    }
}
