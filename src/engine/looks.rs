//! When to look at which kind: never twice at once, never too often, and a failed look again as its cause allows.

use std::collections::BTreeMap;

use super::cadence::{self, Again};
use super::failure::Cause;

/// The looks of one run.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    by_kind: BTreeMap<String, Look>,
}

#[derive(Clone, Debug, Default)]
struct Look {
    /// The steps for which the look in flight was asked for; none when none is. What starts to wait later is not
    /// judged by it: the answer may be older than the step.
    asked_for: Vec<usize>,
    /// Not before this time.
    at: f64,
    failures: u32,
    failing_since: f64,
}

/// Whether to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    Now,
    At(f64),
    /// A look is in flight.
    UnderWay,
}

impl Looks {
    /// A look at a kind is wanted at `time` for the given steps, of which there is at least one. [`Turn::Now`] counts
    /// as asked.
    pub fn want(&mut self, kind: &str, time: f64, steps: Vec<usize>, now: f64) -> Turn {
        let look = self.by_kind.entry(kind.to_owned()).or_default();
        let at = time.max(look.at);
        if !look.asked_for.is_empty() {
            Turn::UnderWay
        } else if at > now {
            Turn::At(at)
        } else {
            look.asked_for = steps;
            Turn::Now
        }
    }

    /// A look has been answered: the steps to judge by it.
    pub fn seen(&mut self, kind: &str, now: f64) -> Vec<usize> {
        let look = self.by_kind.entry(kind.to_owned()).or_default();
        look.failures = 0;
        look.at = now + cadence::LOOK_EVERY;
        std::mem::take(&mut look.asked_for)
    }

    /// A look has failed: the steps to give up, none when it will be repeated.
    pub fn lost(&mut self, kind: &str, cause: Cause, now: f64) -> Vec<usize> {
        let look = self.by_kind.entry(kind.to_owned()).or_default();
        let steps = std::mem::take(&mut look.asked_for);
        if look.failures == 0 {
            look.failing_since = now;
        }
        look.failures += 1;
        match cadence::again(cause, look.failures, now - look.failing_since) {
            Again::After(seconds) => {
                look.at = now + seconds.max(cadence::LOOK_EVERY);
                Vec::new()
            }
            Again::No => {
                look.failures = 0;
                look.at = now + cadence::LOOK_EVERY;
                steps
            }
        }
    }
}
