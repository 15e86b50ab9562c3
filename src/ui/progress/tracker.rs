//! The state of a run, from its events, and how long it may still take.

use std::collections::BTreeMap;

use crate::engine::address::Address;
use crate::engine::estimate;
use crate::engine::event::{Event, Stamped};
use crate::engine::failure::Cause;
use crate::engine::kind::Kind;
use crate::engine::plan::{Action, Plan, Purpose};
use crate::engine::queue::Queue;

/// A step that has started and is not over.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    pub address: Address,
    pub action: Action,
    /// When it started, in seconds since the start of the run.
    pub since: f64,
    /// How long it usually takes, in seconds.
    pub usual: f64,
    /// What it waits for, in AWS's words; empty while its call is in flight.
    pub why: String,
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Running(Running),
    Over,
}

/// The state of a run.
#[derive(Clone, Debug)]
pub struct Tracker {
    /// What the plan is for.
    pub purpose: Purpose,
    states: Vec<State>,
    /// The usual time of each step, in seconds.
    usual: Vec<f64>,
    /// The same plus that of the slowest chain of steps that wait for it.
    chain: Vec<f64>,
    /// Why a step is not done yet: a key that tells reasons apart, and the reason as last shown.
    held: BTreeMap<usize, (String, String)>,
    /// Whether the last event is no news: a holder is named once, and again when it is another one.
    pub repeats: bool,
    pub done: usize,
    pub failed: usize,
    pub is_interrupted: bool,
}

impl Tracker {
    /// A run of this plan that has not begun.
    pub fn new(plan: &Plan, kinds: &[Kind]) -> Self {
        let durations = estimate::durations(plan, kinds);
        let count = plan.steps.len();
        let usual: Vec<f64> = durations.iter().map(|duration| duration.accept + duration.settle).collect();
        let chain = match Queue::new(&plan.steps, &durations) {
            Ok(queue) => (0..count).map(|step| queue.path(step)).collect(),
            // The run will refuse such a plan; there is nothing to estimate.
            Err(_) => usual.clone(),
        };
        let states = vec![State::Waiting; count];
        Self {
            purpose: plan.purpose,
            states,
            usual,
            chain,
            held: BTreeMap::new(),
            repeats: false,
            done: 0,
            failed: 0,
            is_interrupted: false,
        }
    }

    /// Follows an event.
    pub fn on(&mut self, Stamped { at, event }: &Stamped) {
        self.repeats = false;
        match event {
            Event::StepStarted { step, address, action, .. } => {
                let why = self.held.get(step).map(|(_, why)| why.clone()).unwrap_or_default();
                let since = self.running_at(*step).map_or(*at, |running| running.since);
                let usual = self.usual.get(*step).copied().unwrap_or_default();
                let (address, action) = (address.clone(), *action);
                self.set(*step, State::Running(Running { address, action, since, usual, why }));
            }
            Event::StepAccepted { step, .. } => self.explain(*step, "accepted"),
            Event::StepWaiting { step, why, .. } => self.explain(*step, why),
            Event::StepRetrying { step, failure, .. } if failure.cause == Cause::StillHeld => {
                self.holds(*step, &failure.message, failure.message.clone());
            }
            Event::StepRetrying { step, failure, awaits: Some(awaits), .. } => {
                // The age in the text grows each time, so only another refusal is news.
                self.holds(*step, &failure.code, format!("will try again: {awaits}"));
            }
            Event::StepRetrying { step, failure, awaits: None, .. } => {
                self.held.remove(step);
                self.explain(*step, &format!("will try again: {}", failure.cause.code()));
            }
            Event::StepDone { step, .. } => {
                self.done += 1;
                self.set(*step, State::Over);
            }
            Event::StepFailed { step, .. } => {
                self.failed += 1;
                self.set(*step, State::Over);
            }
            Event::StepSkipped { step, .. } => self.set(*step, State::Over),
            Event::Interrupting { .. } | Event::LeaseLost { .. } => self.is_interrupted = true,
            Event::RunStarted { .. } | Event::Diagnosis { .. } | Event::Warning { .. } | Event::RunFinished { .. } => {}
        }
    }

    /// Notes why a step is not done yet; another `key` is another reason.
    fn holds(&mut self, step: usize, key: &str, why: String) {
        self.explain(step, &why);
        let last = self.held.insert(step, (key.to_owned(), why));
        self.repeats = last.is_some_and(|(last, _)| last == key);
    }

    fn set(&mut self, step: usize, state: State) {
        if let Some(slot) = self.states.get_mut(step) {
            *slot = state;
        }
    }

    fn running_at(&self, step: usize) -> Option<&Running> {
        match self.states.get(step) {
            Some(State::Running(running)) => Some(running),
            _ => None,
        }
    }

    fn explain(&mut self, step: usize, text: &str) {
        if let Some(State::Running(running)) = self.states.get_mut(step) {
            running.why = text.to_owned();
        }
    }

    /// The running steps, the longest-running first.
    pub fn running(&self) -> Vec<&Running> {
        let mut running: Vec<_> = (0..self.states.len()).filter_map(|step| self.running_at(step)).collect();
        running.sort_by(|a, b| a.since.total_cmp(&b.since));
        running
    }

    pub fn total(&self) -> usize {
        self.states.len()
    }

    /// Steps that have not started.
    pub fn waiting(&self) -> usize {
        self.states.iter().filter(|state| matches!(state, State::Waiting)).count()
    }

    /// How long a step usually takes, in seconds.
    pub fn usual(&self, step: usize) -> f64 {
        self.usual.get(step).copied().unwrap_or_default()
    }

    /// The usual time until the end, in seconds: along the longest chain of steps still to go. A step that takes
    /// longer than usual no longer counts itself, only what waits for it.
    pub fn remaining(&self, now: f64) -> f64 {
        let ahead = self.states.iter().enumerate().map(|(step, state)| match state {
            State::Waiting => self.chain[step],
            State::Running(running) => self.chain[step] - (now - running.since).clamp(0.0, self.usual[step]),
            State::Over => 0.0,
        });
        ahead.fold(0.0, f64::max)
    }
}
