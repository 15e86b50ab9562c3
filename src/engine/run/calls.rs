//! What follows from the answer to a call.

use crate::engine::address::Address;
use crate::engine::cadence;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::{Action, Until};

use super::{Attempt, Made, Run, State};

impl Run {
    pub(super) fn performed(&mut self, step: usize, result: Result<Made, Failure>, now: f64) {
        let State::Performing(attempt) = *self.states.get(step) else { return };
        let action = self.action(step);
        if result.as_ref().map_or_else(Failure::may_have_made, |_| true) {
            if action == Action::Create && self.facts[step].late {
                self.unseen_until = now + cadence::MAY_BE_INVISIBLE;
            }
            self.propagation.made(step, now);
        }
        match &result {
            Err(failure) if failure.cause == Cause::Throttled => self.pace.throttled(now),
            _ => self.pace.taken(),
        }
        match result {
            Ok(made) => self.accepted(step, made, attempt, now),
            Err(failure) if action == Action::Delete && failure.cause == Cause::Gone => {
                // AWS answers so for something that was just created, too.
                self.unconfirmed.insert(step, Failure { cause: Cause::NotYetVisible, ..failure });
                self.accepted(step, Made::default(), attempt, now);
            }
            Err(failure) => self.refused(step, failure, attempt, now),
        }
    }

    fn accepted(&mut self, step: usize, Made { id, outputs }: Made, attempt: Attempt, now: f64) {
        let address = self.address(step);
        if !id.is_empty() {
            self.ids[step] = id;
        }
        if self.action(step) == Action::Delete {
            // The outputs may be those of a twin at the same address, which stays.
            if self.is_known_as(&address, self.plan.steps[step].id.as_deref()) {
                self.known.remove(&address);
            }
        } else if !outputs.is_empty() {
            // An answer may hold less than what was known before.
            self.known.entry(address.clone()).or_default().extend(outputs);
        }
        self.say(Event::StepAccepted { step, address, id: self.ids[step].clone() });
        // The call may have to be repeated: until a poll confirms it, nothing relies on it.
        let is_confirmed = !self.unconfirmed.contains_key(&step);
        if is_confirmed {
            self.queue.accepted(step);
        }
        if self.plan.steps[step].until == Until::Accepted && is_confirmed {
            return self.finish_step(step, attempt, now);
        }
        let poll_at = if is_confirmed && !self.polls_at_once(step) { now + cadence::next_poll(0.0) } else { now };
        self.states.set(step, State::Settling { attempt, accepted: now, poll_at, why: String::new(), stopped: 0 });
    }

    /// Whether its condition may be met already, or must not be missed.
    fn polls_at_once(&self, step: usize) -> bool {
        let planned = &self.plan.steps[step];
        let is_now = matches!(planned.until, Until::Idle | Until::Ready { may_degrade: false, .. });
        is_now || planned.action == Action::Verify
    }

    fn is_known_as(&self, address: &Address, id: Option<&str>) -> bool {
        self.known.get(address).and_then(|outputs| outputs.get("id")).map(String::as_str) == id
    }

    pub(super) fn finish_step(&mut self, step: usize, attempt: Attempt, now: f64) {
        self.states.set(step, State::Done);
        self.queue.done(step);
        let (address, action) = (self.address(step), self.action(step));
        self.say(Event::StepDone { step, address, action, seconds: now - attempt.since });
    }
}
