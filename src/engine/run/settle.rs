//! What the run makes of its looks.

use crate::engine::address::Address;
use crate::engine::cadence::{self, Again};
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Live, Phase, Sighting};
use crate::engine::judge::{self, Judgement};
use crate::engine::plan::{Action, Step, Until};

use super::{Command, Run, State};

impl Run {
    pub(super) fn observed(
        &mut self,
        kind: &str,
        result: Result<Sighting, Failure>,
        now: f64,
        commands: &mut Vec<Command>,
    ) {
        match result {
            Ok(sighting) => {
                for incident in sighting.incidents {
                    if self.reported.insert(incident.clone()) && !self.is_being_stopped(&incident.address) {
                        commands.push(Command::Explain { incident });
                    }
                }
                for step in self.looks.seen(kind, now) {
                    self.judge(step, &sighting.live, now, commands);
                }
            }
            Err(failure) => {
                for step in self.looks.lost(kind, failure.cause, now) {
                    self.fail(step, failure.clone(), commands);
                }
            }
        }
    }

    /// True where everything at an address is on its way to a stop: how it failed is no news then.
    fn is_being_stopped(&self, address: &Address) -> bool {
        let settling = |(state, step): (&State, &Step)| {
            (matches!(state, State::Settling { .. }) && step.address == *address).then_some(step.until)
        };
        let mut untils = self.states.iter().zip(&self.plan.steps).filter_map(settling).peekable();
        untils.peek().is_some() && untils.all(|until| until == Until::Idle)
    }

    /// Decides from one look whether a settling step is done.
    fn judge(&mut self, step: usize, live: &[Live], now: f64, commands: &mut Vec<Command>) {
        let State::Settling { since, started, attempt, stopped, .. } = self.states[step] else { return };
        let planned = &self.plan.steps[step];
        let id = &self.ids[step];
        // Idle is asked of everything at the address: another writer there must be seen stopped as well.
        let any = id.is_empty() || planned.until == Until::Idle;
        let is_it = |live: &&Live| live.address == planned.address && (any || &live.id == id);
        let seen: Vec<&Live> = live.iter().filter(is_it).collect();
        let until = if self.doubted.contains_key(&step) { Until::Gone } else { planned.until };
        let (action, waited) = (planned.action, now - since);
        let judgement = judge::judge(until, &seen, waited, planned.patience.unwrap_or(self.seconds[step].patience));
        match judgement {
            Judgement::Done if until == Until::Idle && stopped + 1 < cadence::FENCE_LOOKS => {
                self.set_stopped(step, stopped + 1);
                self.wait(step, "everything is stopped; looking once more".to_owned(), commands);
            }
            Judgement::Done | Judgement::Waits(_) if until == Until::Steady && self.is_another(&seen) => {
                let message = "was healthy, and has been replaced by another one";
                self.fail(step, Failure::of(Cause::Unsettled, message), commands);
            }
            Judgement::Done => {
                if let Some(ready) = seen.iter().find(|live| live.phase == Phase::Ready) {
                    self.known.entry(ready.address.clone()).or_default().extend(ready.outputs.clone());
                }
                self.finish_step(step, started, now, commands);
            }
            Judgement::Waits(_) | Judgement::Failed(_) if self.is_still_there(step, &seen) => {
                self.delete_again(step, started, attempt, now, commands);
            }
            Judgement::Failed(failure) => self.failed_later(step, failure, since, started, now, commands),
            Judgement::Waits(why)
                if action == Action::Stop && waited > cadence::MAY_LINGER && self.insisted.insert(step) =>
            {
                self.wait(step, format!("{why}; it lingers and is stopped by name"), commands);
                self.states[step] = State::Due { at: now, attempt: attempt + 1, since: started };
            }
            Judgement::Waits(why) => {
                self.set_stopped(step, 0);
                self.wait(step, why, commands);
            }
        }
    }

    /// True where AWS lists what it says is not there.
    fn is_still_there(&self, step: usize, seen: &[&Live]) -> bool {
        self.doubted.contains_key(&step) && !seen.iter().any(|live| matches!(live.phase, Phase::Deleting(_)))
    }

    fn delete_again(&mut self, step: usize, started: f64, attempt: u32, now: f64, commands: &mut Vec<Command>) {
        let Some(failure) = self.doubted.remove(&step) else { return };
        match cadence::again(Cause::NotYetVisible, attempt, now - started) {
            Again::After(seconds) => {
                self.states[step] = State::Due { at: now + seconds, attempt: attempt + 1, since: started };
                let address = self.plan.steps[step].address.clone();
                commands.push(Command::Say(Event::StepRetrying { step, address, failure, seconds, awaits: None }));
            }
            Again::No => self.fail(step, failure, commands),
        }
    }

    /// True when one that was ready has other outputs than the one that became ready: another task.
    fn is_another(&self, seen: &[&Live]) -> bool {
        seen.iter().filter(|live| live.phase == Phase::Ready).any(|live| {
            let known = self.known.get(&live.address);
            known.is_some_and(|known| {
                live.outputs.iter().any(|(name, now)| known.get(name).is_some_and(|old| old != now))
            })
        })
    }

    fn set_stopped(&mut self, step: usize, looks: u32) {
        if let State::Settling { stopped, .. } = &mut self.states[step] {
            *stopped = looks;
        }
    }

    /// Says what a step waits for, if that is news.
    fn wait(&mut self, step: usize, now_why: String, commands: &mut Vec<Command>) {
        let State::Settling { why, .. } = &mut self.states[step] else { return };
        if *why != now_why {
            *why = now_why.clone();
            let event = Event::StepWaiting { step, address: self.plan.steps[step].address.clone(), why: now_why };
            commands.push(Command::Say(event));
        }
    }
}
