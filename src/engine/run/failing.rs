//! What becomes of a step whose call, or whose work, has failed.

use crate::engine::cadence::{self, Again};
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::Action;
use crate::engine::propagation;

use super::{Command, Run, State};

impl Run {
    /// Tries a failed call again, if that can help.
    pub(super) fn refused(
        &mut self,
        step: usize,
        failure: Failure,
        attempt: u32,
        since: f64,
        now: f64,
        commands: &mut Vec<Command>,
    ) {
        let young = self.propagation.explains(step, &failure, since, |address| self.known.get(address));
        let again = match &young {
            Some(young) => cadence::again(Cause::NotYetTrusted, attempt, now - young.made),
            None => cadence::again(failure.cause, attempt, now - since),
        };
        match again {
            Again::After(mut seconds) => {
                // The next attempt begins with a look, which must not miss what this one may have made.
                if self.plan.steps[step].action == Action::Create && self.late[step] && failure.may_have_made() {
                    seconds = seconds.max(cadence::MAY_BE_INVISIBLE);
                }
                self.states[step] = State::Due { at: now + seconds, attempt: attempt + 1, since };
                let awaits = young.as_ref().map(|young| propagation::awaits(young, now));
                let cause = if young.is_some() { Cause::NotYetTrusted } else { failure.cause };
                let failure = Failure { cause, ..failure };
                let event = Event::StepRetrying { step, address: self.address(step), failure, seconds, awaits };
                commands.push(Command::Say(event));
            }
            Again::No => {
                let is_lost = failure.cause == Cause::LeaseLost;
                let failure = match self.propagation.advice(step, &failure) {
                    Some(advice) => failure.hint(advice),
                    None => failure,
                };
                self.fail(step, failure, commands);
                if is_lost {
                    self.stop(Outcome::LeaseLost, commands);
                }
            }
        }
    }

    /// What was accepted has failed. A job or a task that could not do its work yet is begun anew; what else has failed so is
    /// tried again by AWS itself, or not at all.
    pub(super) fn failed_later(
        &mut self,
        step: usize,
        failure: Failure,
        accepted: f64,
        started: f64,
        now: f64,
        commands: &mut Vec<Command>,
    ) {
        let young = self.propagation.explains(step, &failure, accepted, |address| self.known.get(address));
        match young.filter(|young| self.repeatable[step] && now - young.made < propagation::YOUNG) {
            Some(young) => {
                let seconds = cadence::LOOK_EVERY;
                // The first attempt of another one: there is no look for what has failed.
                self.states[step] = State::Due { at: now + seconds, attempt: 1, since: started };
                let address = self.plan.steps[step].address.clone();
                let failure = Failure { cause: Cause::NotYetTrusted, ..failure };
                let awaits = Some(propagation::awaits(&young, now));
                commands.push(Command::Say(Event::StepRetrying { step, address, failure, seconds, awaits }));
            }
            None => self.fail(step, failure, commands),
        }
    }

    pub(super) fn fail(&mut self, step: usize, failure: Failure, commands: &mut Vec<Command>) {
        let is_postponed = failure.cause == Cause::Cooldown && self.plan.steps[step].action == Action::Update;
        self.states[step] = if is_postponed { State::Postponed } else { State::Failed };
        self.causes.insert(failure.cause);
        let planned = &self.plan.steps[step];
        let (address, action) = (planned.address.clone(), planned.action);
        commands.push(Command::Say(Event::StepFailed { step, address: address.clone(), action, failure }));
        if is_postponed {
            self.queue.done(step);
            return;
        }
        for skipped in self.queue.downstream(step) {
            if matches!(self.states[skipped], State::Waiting) {
                self.states[skipped] = State::Skipped;
                let (skips, because) = (self.address(skipped), address.clone());
                commands.push(Command::Say(Event::StepSkipped { step: skipped, address: skips, because }));
            }
        }
    }
}
