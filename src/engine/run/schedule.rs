//! Which steps start, which kinds are polled, and when to come back.

use std::collections::BTreeSet;

use crate::engine::clock::Ordered;
use crate::engine::event::Event;
use crate::engine::polls::Turn;

use super::{Attempt, Command, Run, State};

impl Run {
    /// Starts what may start, polls what is due, and says when to come back.
    pub(super) fn advance(&mut self, now: f64) {
        if self.stopped.is_none() {
            self.start_steps(now);
        }
        if let Some(outcome) = self.outcome() {
            self.finished = true;
            self.commands.push(Command::Finish(outcome));
        } else if self.stopped.is_none()
            && let Some(at) = self.poll(now)
        {
            self.commands.push(Command::Wake { at });
        }
    }

    /// Starts retries that are due, then new steps, as many as the pace allows.
    fn start_steps(&mut self, now: f64) {
        let mut room = self.pace.room(self.states.performing().len());
        while room > 0
            && let Some((Ordered(at), step)) = self.states.due().first().copied()
            && at <= now
            && let State::Due { attempt, .. } = *self.states.get(step)
        {
            room -= 1;
            self.start(step, attempt);
        }
        while room > 0
            && let Some(step) = self.queue.pop()
        {
            if !matches!(self.states.get(step), State::Waiting) {
                continue;
            }
            if let Some((seconds, youngest)) = self.propagation.wait(step, now) {
                let at = now + seconds;
                self.states.set(step, State::Due { at, attempt: Attempt::first(at) });
                let why =
                    format!("{youngest} was just changed; AWS may need {seconds:.0} s more to apply that everywhere");
                self.say(Event::StepWaiting { step, address: self.address(step), why });
            } else {
                room -= 1;
                self.start(step, Attempt::first(now));
            }
        }
    }

    fn start(&mut self, step: usize, attempt: Attempt) {
        self.states.set(step, State::Performing(attempt));
        let planned = &self.plan.steps[step];
        let (address, action, reason) = (planned.address.clone(), planned.action, planned.reason.clone());
        self.say(Event::StepStarted { step, address, action, reason, attempt: attempt.number });
        self.commands.push(Command::Perform { step, attempt: attempt.number });
    }

    /// Polls the kinds that are due; gives the time of the next poll or retry that is not.
    fn poll(&mut self, now: f64) -> Option<f64> {
        // A retry that is due already starts as soon as a call in flight is answered.
        let later = self.states.due().range((Ordered(now), usize::MAX)..).next();
        let mut next = later.map(|(Ordered(at), _)| *at);
        for (kind, steps) in self.states.settling() {
            let Some((Ordered(first), _)) = steps.first() else { continue };
            let kind = &self.kinds[*kind];
            let in_order = || steps.iter().map(|(_, step)| *step).collect::<BTreeSet<_>>().into_iter().collect();
            match self.polls.request(kind, *first, in_order, now) {
                Turn::Now => self.commands.push(Command::Observe { kind: kind.clone() }),
                Turn::At(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Turn::InFlight => {}
            }
        }
        next
    }
}
