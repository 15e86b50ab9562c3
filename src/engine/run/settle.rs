//! What follows from the answer to a poll.

use std::collections::HashMap;

use crate::engine::address::Address;
use crate::engine::cadence::{self, Retry};
use crate::engine::condition::{self, Condition};
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Live, Observation, Phase};
use crate::engine::plan::{Action, Until};

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
                let (plan, steps) = (self.plan.clone(), self.polls.answered(kind, now));
                let address = |step: &usize| &plan.steps[*step].address;
                // A poll lists the whole kind, of which few may be waited for.
                let mut found: HashMap<&Address, Vec<&Live>> =
                    steps.iter().map(|step| (address(step), Vec::new())).collect();
                for live in &live {
                    if let Some(here) = found.get_mut(&live.address) {
                        here.push(live);
                    }
                }
                for step in &steps {
                    self.settle(*step, &found[address(step)], now);
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
        let settling = self.states.settling().values().flatten().map(|(_, step)| &self.plan.steps[*step]);
        let mut untils = settling.filter(|step| step.address == *address).map(|step| step.until).peekable();
        untils.peek().is_some() && untils.all(|until| until == Until::Idle)
    }

    /// Decides by what one poll has found at its address whether a settling step is done.
    fn settle(&mut self, step: usize, here: &[&Live], now: f64) {
        let State::Settling { accepted, attempt, stopped, .. } = *self.states.get(step) else { return };
        let planned = &self.plan.steps[step];
        let is_confirmed = !self.unconfirmed.contains_key(&step);
        let until = if is_confirmed { planned.until } else { Until::Gone };
        let id = &self.ids[step];
        // Idle must hold for everything at the address: another writer there must be confirmed stopped, too.
        let any = id.is_empty() || planned.until == Until::Idle;
        let observed: Vec<&Live> = here.iter().copied().filter(|live| any || &live.id == id).collect();
        let (action, waited) = (planned.action, now - accepted);
        let patience = planned.patience.unwrap_or(self.facts[step].seconds.patience);
        match condition::evaluate(until, &observed, waited, patience) {
            Condition::Met if until == Until::Idle && stopped + 1 < cadence::FENCE_POLLS => {
                self.states.poll_again(step, now + cadence::POLL_EVERY, stopped + 1);
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
                self.states.set(step, State::Due { at: now, attempt: attempt.next() });
            }
            Condition::Pending(why) => {
                self.states.poll_again(step, now + cadence::next_poll(waited), 0);
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

    /// Reports what a step waits for, if that has changed.
    fn wait(&mut self, step: usize, why: String) {
        if self.states.wait(step, &why) {
            self.say(Event::StepWaiting { step, address: self.address(step), why });
        }
    }
}
