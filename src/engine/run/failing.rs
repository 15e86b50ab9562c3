//! What becomes of a step whose call, or whose work, has failed.

use crate::engine::cadence::{self, Retry};
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::Action;
use crate::engine::propagation;

use super::{Attempt, Run, State};

impl Run {
    /// Retries a failed call, if that can help.
    pub(super) fn refused(&mut self, step: usize, failure: Failure, attempt: Attempt, now: f64) {
        let young = self.propagation.explains(step, &failure, attempt.since, |address| self.known.get(address));
        let retry = match &young {
            Some(young) => cadence::retry(Cause::NotYetTrusted, attempt.number, now - young.made),
            None => cadence::retry(failure.cause, attempt.number, now - attempt.since),
        };
        match retry {
            Retry::After(mut seconds) => {
                // The next attempt begins with a list, which must not miss what this one may have created.
                if self.action(step) == Action::Create && self.facts[step].late && failure.may_have_made() {
                    seconds = seconds.max(cadence::MAY_BE_INVISIBLE);
                }
                let awaits = young.as_ref().map(|young| propagation::awaits(young, now));
                let cause = if young.is_some() { Cause::NotYetTrusted } else { failure.cause };
                self.retry(step, Failure { cause, ..failure }, seconds, awaits, attempt.next(), now);
            }
            Retry::No => {
                let is_lost = failure.cause == Cause::LeaseLost;
                let failure = match self.propagation.advice(step, &failure) {
                    Some(advice) => failure.hint(advice),
                    None => failure,
                };
                self.fail(step, failure);
                if is_lost {
                    self.stop(Outcome::LeaseLost);
                }
            }
        }
    }

    /// Something that was accepted has failed. A job is started again if the reason may be a change that has not
    /// reached all of AWS; anything else is retried by AWS itself, or not at all.
    pub(super) fn failed_later(&mut self, step: usize, failure: Failure, accepted: f64, attempt: Attempt, now: f64) {
        let young = self.propagation.explains(step, &failure, accepted, |address| self.known.get(address));
        match young.filter(|young| self.facts[step].job && now - young.made < propagation::YOUNG) {
            Some(young) => {
                let failure = Failure { cause: Cause::NotYetTrusted, ..failure };
                let awaits = Some(propagation::awaits(&young, now));
                // It counts as a first attempt: what has failed is not looked for.
                self.retry(step, failure, cadence::POLL_EVERY, awaits, Attempt::first(attempt.since), now);
            }
            None => self.fail(step, failure),
        }
    }

    pub(super) fn retry(
        &mut self,
        step: usize,
        failure: Failure,
        seconds: f64,
        awaits: Option<String>,
        attempt: Attempt,
        now: f64,
    ) {
        self.states.set(step, State::Due { at: now + seconds, attempt });
        self.say(Event::StepRetrying { step, address: self.address(step), failure, seconds, awaits });
    }

    pub(super) fn fail(&mut self, step: usize, failure: Failure) {
        let (address, action) = (self.address(step), self.action(step));
        let is_postponed = failure.cause == Cause::Cooldown && action == Action::Update;
        self.states.set(step, if is_postponed { State::Postponed } else { State::Failed });
        self.causes.insert(failure.cause);
        self.say(Event::StepFailed { step, address: address.clone(), action, failure });
        if is_postponed {
            self.queue.done(step);
            return;
        }
        for skipped in self.queue.cut_off(step) {
            if matches!(self.states.get(skipped), State::Waiting) {
                self.states.set(skipped, State::Skipped);
                let (skips, because) = (self.address(skipped), address.clone());
                self.say(Event::StepSkipped { step: skipped, address: skips, because });
            }
        }
    }
}
