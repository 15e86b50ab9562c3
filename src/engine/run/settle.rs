//! What follows from the answer to a poll.

use crate::engine::address::Address;
use crate::engine::cadence::{self, Retry};
use crate::engine::condition::{self, Condition};
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Live, Observation, Phase};
use crate::engine::plan::{Action, Step, Until};

use super::{Attempt, Command, Run, State};

impl Run {
    pub(super) fn observed(&mut self, kind: &str, result: Result<Observation, Failure>, now: f64) {
        match result {
            Ok(Observation { live, incidents }) => {
                for incident in incidents {
                    if self.reported.insert(incident.clone()) && !self.is_being_stopped(&incident.address) {
                        self.commands.push(Command::Explain { incident });
                    }
                }
                for step in self.polls.answered(kind, now) {
                    self.settle(step, &live, now);
                }
            }
            Err(failure) => {
                for step in self.polls.failed(kind, failure.cause, now) {
                    self.fail(step, failure.clone());
                }
            }
        }
    }

    /// True where everything at an address is being stopped: failures there are expected then.
    fn is_being_stopped(&self, address: &Address) -> bool {
        let settling = |(state, step): (&State, &Step)| {
            (matches!(state, State::Settling { .. }) && step.address == *address).then_some(step.until)
        };
        let mut untils = self.states.iter().zip(&self.plan.steps).filter_map(settling).peekable();
        untils.peek().is_some() && untils.all(|until| until == Until::Idle)
    }

    /// Decides by one poll whether a settling step is done.
    fn settle(&mut self, step: usize, live: &[Live], now: f64) {
        let State::Settling { accepted, attempt, stopped, .. } = self.states[step] else { return };
        let planned = &self.plan.steps[step];
        let is_confirmed = !self.unconfirmed.contains_key(&step);
        let until = if is_confirmed { planned.until } else { Until::Gone };
        let id = &self.ids[step];
        // Idle must hold for everything at the address: another writer there must be confirmed stopped, too.
        let any = id.is_empty() || planned.until == Until::Idle;
        let is_it = |live: &&Live| live.address == planned.address && (any || &live.id == id);
        let observed: Vec<&Live> = live.iter().filter(is_it).collect();
        let (action, waited) = (planned.action, now - accepted);
        let patience = planned.patience.unwrap_or(self.facts[step].seconds.patience);
        match condition::evaluate(until, &observed, waited, patience) {
            Condition::Met if until == Until::Idle && stopped + 1 < cadence::FENCE_POLLS => {
                self.set_stopped(step, stopped + 1);
                self.wait(step, "everything is stopped; checking once more".to_owned());
            }
            Condition::Met | Condition::Pending(_) if until == Until::STAYS_READY && self.is_replaced(&observed) => {
                self.fail(step, Failure::of(Cause::Unsettled, "was healthy, and has been replaced"));
            }
            Condition::Met => {
                if let Some(ready) = observed.iter().find(|live| live.phase == Phase::Ready) {
                    self.known.entry(ready.address.clone()).or_default().extend(ready.outputs.clone());
                }
                self.finish_step(step, attempt, now);
            }
            _ if !is_confirmed && !observed.iter().any(|live| matches!(live.phase, Phase::Deleting(_))) => {
                self.delete_again(step, attempt, now);
            }
            Condition::Failed(failure) => self.failed_later(step, failure, accepted, attempt, now),
            Condition::Pending(why)
                if action == Action::Stop && waited > cadence::STOP_AGAIN_AFTER && self.stopped_again.insert(step) =>
            {
                self.wait(step, format!("{why}; slow to stop, so each task is now stopped by name"));
                self.states[step] = State::Due { at: now, attempt: attempt.next() };
            }
            Condition::Pending(why) => {
                self.set_stopped(step, 0);
                self.wait(step, why);
            }
        }
    }

    /// AWS said that it does not exist, and still lists it.
    fn delete_again(&mut self, step: usize, attempt: Attempt, now: f64) {
        let Some(failure) = self.unconfirmed.remove(&step) else { return };
        match cadence::retry(Cause::NotYetVisible, attempt.number, now - attempt.since) {
            Retry::After(seconds) => self.retry(step, failure, seconds, None, attempt.next(), now),
            Retry::No => self.fail(step, failure),
        }
    }

    /// True when the one that is ready has other outputs than the one that became ready: it is another task.
    fn is_replaced(&self, observed: &[&Live]) -> bool {
        observed.iter().filter(|live| live.phase == Phase::Ready).any(|live| {
            let known = self.known.get(&live.address);
            known.is_some_and(|known| {
                live.outputs.iter().any(|(name, now)| known.get(name).is_some_and(|old| old != now))
            })
        })
    }

    fn set_stopped(&mut self, step: usize, polls: u32) {
        if let State::Settling { stopped, .. } = &mut self.states[step] {
            *stopped = polls;
        }
    }

    /// Reports what a step waits for, if that has changed.
    fn wait(&mut self, step: usize, now_why: String) {
        let State::Settling { why, .. } = &mut self.states[step] else { return };
        if *why != now_why {
            *why = now_why.clone();
            self.say(Event::StepWaiting { step, address: self.address(step), why: now_why });
        }
    }
}
