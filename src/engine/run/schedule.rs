//! Which steps start, which kinds are polled, and when to come back.

use std::collections::BTreeMap;

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
        let mut room = self.pace.room(self.performing().count());
        for step in 0..self.states.len() {
            if let State::Due { at, attempt } = self.states[step]
                && at <= now
                && room > 0
            {
                room -= 1;
                self.start(step, attempt);
            }
        }
        while room > 0
            && let Some(step) = self.queue.pop()
        {
            if !matches!(self.states[step], State::Waiting) {
                continue;
            }
            if let Some((seconds, youngest)) = self.propagation.wait(step, now) {
                let at = now + seconds;
                self.states[step] = State::Due { at, attempt: Attempt::first(at) };
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
        self.states[step] = State::Performing(attempt);
        let planned = &self.plan.steps[step];
        let (address, action, reason) = (planned.address.clone(), planned.action, planned.reason.clone());
        self.say(Event::StepStarted { step, address, action, reason, attempt: attempt.number });
        self.commands.push(Command::Perform { step, attempt: attempt.number });
    }

    /// Polls the kinds that are due; gives the time of the next poll or retry that is not.
    fn poll(&mut self, now: f64) -> Option<f64> {
        let mut times = Vec::new();
        let mut requested: BTreeMap<&str, (f64, Vec<usize>)> = BTreeMap::new();
        for (step, state) in self.states.iter().enumerate() {
            match state {
                // A retry that is due already starts as soon as a call in flight is answered.
                State::Due { at, .. } if *at > now => times.push(*at),
                State::Settling { poll_at, .. } => {
                    let kind = self.plan.steps[step].address.kind();
                    let (first, steps) = requested.entry(kind).or_insert((*poll_at, Vec::new()));
                    *first = first.min(*poll_at);
                    steps.push(step);
                }
                _ => {}
            }
        }
        for (kind, (first, steps)) in requested {
            match self.polls.request(kind, first, steps, now) {
                Turn::Now => self.commands.push(Command::Observe { kind: kind.to_owned() }),
                Turn::At(at) => times.push(at),
                Turn::InFlight => {}
            }
        }
        times.into_iter().reduce(f64::min)
    }
}
