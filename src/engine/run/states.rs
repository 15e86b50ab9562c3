//! The state of every step, with indexes of those that the run asks for at each input.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::clock::Ordered;

use super::Attempt;

/// Where a step is: `Waiting → Due → Performing → Settling`, then one of the ends.
#[derive(Clone, Debug)]
pub(super) enum State {
    Waiting,
    /// Its call is made at this time, or as soon as there is room.
    Due {
        at: f64,
        attempt: Attempt,
    },
    Performing(Attempt),
    /// The call was accepted, and the condition is not met yet.
    Settling {
        attempt: Attempt,
        accepted: f64,
        poll_at: f64,
        why: String,
        /// How many polls in a row have confirmed that everything is stopped.
        stopped: u32,
    },
    Done,
    Failed,
    /// AWS permits the change only later. What is there works, so nothing is skipped because of it.
    Postponed,
    Skipped,
}

impl State {
    fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Postponed | Self::Skipped)
    }
}

/// Steps by a time of theirs.
pub(super) type ByTime = BTreeSet<(Ordered, usize)>;

/// The states of all steps. Kinds are numbers, in the order of their names.
#[derive(Debug)]
pub(super) struct States {
    all: Vec<State>,
    kinds: Vec<usize>,
    performing: BTreeSet<usize>,
    due: ByTime,
    /// The steps that settle, by kind and by the time from which to poll for them.
    settling: BTreeMap<usize, ByTime>,
    open: usize,
    failed: usize,
}

impl States {
    /// As many steps as there are kinds, all of them waiting.
    pub fn new(kinds: Vec<usize>) -> Self {
        Self {
            all: vec![State::Waiting; kinds.len()],
            open: kinds.len(),
            kinds,
            performing: BTreeSet::new(),
            due: ByTime::new(),
            settling: BTreeMap::new(),
            failed: 0,
        }
    }

    pub fn get(&self, step: usize) -> &State {
        &self.all[step]
    }

    pub fn set(&mut self, step: usize, state: State) {
        self.count(step, false);
        self.all[step] = state;
        self.count(step, true);
    }

    /// Counts the present state of a step, or no longer.
    fn count(&mut self, step: usize, counts: bool) {
        let place = |set: &mut ByTime, at: f64| match counts {
            true => set.insert((Ordered(at), step)),
            false => set.remove(&(Ordered(at), step)),
        };
        let state = &self.all[step];
        match state {
            State::Performing(_) if counts => drop(self.performing.insert(step)),
            State::Performing(_) => drop(self.performing.remove(&step)),
            State::Due { at, .. } => drop(place(&mut self.due, *at)),
            State::Settling { poll_at, .. } => {
                let kind = self.kinds[step];
                let steps = self.settling.entry(kind).or_default();
                place(steps, *poll_at);
                if steps.is_empty() {
                    self.settling.remove(&kind);
                }
            }
            _ => {}
        }
        let by = |count: &mut usize| *count = if counts { *count + 1 } else { *count - 1 };
        if matches!(state, State::Failed) {
            by(&mut self.failed);
        }
        if !state.is_over() {
            by(&mut self.open);
        }
    }

    /// Keeps what a settling step waits for; true if that has changed.
    pub fn wait(&mut self, step: usize, now_why: &str) -> bool {
        let State::Settling { why, .. } = &mut self.all[step] else { return false };
        let is_new = why != now_why;
        if is_new {
            now_why.clone_into(why);
        }
        is_new
    }

    /// Lets a settling step be polled for again at this time; so many polls in a row have confirmed that everything is
    /// stopped.
    pub fn poll_again(&mut self, step: usize, at: f64, polls: u32) {
        self.count(step, false);
        if let State::Settling { poll_at, stopped, .. } = &mut self.all[step] {
            (*poll_at, *stopped) = (at, polls);
        }
        self.count(step, true);
    }

    /// The steps whose call is in flight, in order.
    pub fn performing(&self) -> &BTreeSet<usize> {
        &self.performing
    }

    /// Steps that wait for a time, the earliest first.
    pub fn due(&self) -> &ByTime {
        &self.due
    }

    /// The steps that settle, by kind.
    pub fn settling(&self) -> &BTreeMap<usize, ByTime> {
        &self.settling
    }

    /// Whether some step is not over.
    pub fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Whether some step has failed.
    pub fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// All states, by step.
    pub fn iter(&self) -> impl Iterator<Item = &State> {
        self.all.iter()
    }
}
