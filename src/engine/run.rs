//! The executor's core: a state machine. Inputs in, commands out; no I/O, no async, no clock of its own.
//!
//! A step goes `Waiting → Due → Performing → Settling → Done`. From `Performing` it returns to `Due` when the call
//! failed and can be retried; from anywhere it may end as `Failed`, and whatever needs it is then `Skipped`. Polls are
//! made per kind, not per step: eight access points settle with one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::Address;
use super::estimate;
use super::event::{Event, Outcome};
use super::failure::{Cause, Failure};
use super::inventory::{Incident, Observation};
use super::kind::{Kinds, Seconds};
use super::pace::Pace;
use super::plan::{Action, Plan, Step};
use super::polls::Polls;
use super::propagation::Propagation;
use super::queue::{Queue, Unstartable};
use super::reference::{Known, Outputs};

mod calls;
mod failing;
mod schedule;
mod settle;
mod states;

use states::{State, States};

/// What a performed step left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub outputs: Outputs,
}

/// What the world reports to the run.
#[derive(Clone, Debug)]
pub enum Input {
    Begin,
    /// The call of a step was answered.
    Performed {
        step: usize,
        result: Result<Made, Failure>,
    },
    /// The poll of a kind was answered.
    Observed {
        kind: String,
        result: Result<Observation, Failure>,
    },
    /// The requested time has come.
    Woken,
    /// Start no new steps.
    Interrupt,
}

/// What the run asks of the world.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make the call of a step. `attempt` counts from 1.
    Perform { step: usize, attempt: u32 },
    /// Poll all resources of a kind once.
    Observe { kind: String },
    /// Find out what caused an incident, and report it.
    Explain { incident: Incident },
    /// Report this.
    Say(Event),
    /// Come back at this time at the latest.
    Wake { at: f64 },
    /// The run is over.
    Finish(Outcome),
}

/// One attempt at the call of a step.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    /// Counts from 1.
    number: u32,
    /// When the first one began.
    since: f64,
}

impl Attempt {
    fn first(since: f64) -> Self {
        Self { number: 1, since }
    }

    fn next(self) -> Self {
        Self { number: self.number + 1, ..self }
    }
}

/// What the run needs to know of a step's kind.
#[derive(Clone, Copy, Debug)]
struct Facts {
    seconds: Seconds,
    /// Whether a poll may miss for a while what the step has created.
    late: bool,
    /// Whether it can be started again after it has failed.
    job: bool,
}

/// One execution of one plan.
pub struct Run {
    plan: Arc<Plan>,
    queue: Queue,
    facts: Vec<Facts>,
    states: States,
    /// The names of the kinds, by their numbers.
    kinds: Vec<String>,
    ids: Vec<String>,
    known: Known,
    polls: Polls,
    pace: Pace,
    propagation: Propagation,
    /// Until when polls may miss something that was created.
    unseen_until: f64,
    reported: BTreeSet<Incident>,
    /// The steps whose stop was repeated because it took too long.
    stopped_again: BTreeSet<usize>,
    /// Deletions that AWS answered with "not found", with that answer, until a poll confirms it.
    unconfirmed: BTreeMap<usize, Failure>,
    /// Why steps have failed.
    causes: BTreeSet<Cause>,
    begun: bool,
    /// Why no new steps are started.
    stopped: Option<Outcome>,
    finished: bool,
    /// What the current input leads to.
    commands: Vec<Command>,
}

impl Run {
    /// A run that has not begun. For `earlier` seconds, what an earlier run has changed may not have reached all of
    /// AWS.
    pub fn new<K: Kinds + ?Sized>(plan: Arc<Plan>, kinds: &K, earlier: f64) -> Result<Self, Unstartable> {
        let queue = Queue::new(&plan.steps, &estimate::durations(&plan, kinds))?;
        let facts = |step: &Step| match kinds.kind(step.address.kind()) {
            Some(kind) => Facts { seconds: kind.seconds, late: kind.late, job: kind.job },
            None => Facts { seconds: Seconds::AT_ONCE, late: false, job: false },
        };
        let kinds_of_steps = plan.steps.iter().map(|step| step.address.kind());
        let names: Vec<String> =
            kinds_of_steps.clone().collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
        let number = |kind: &str| names.partition_point(|name| name.as_str() < kind);
        Ok(Self {
            queue,
            states: States::new(kinds_of_steps.map(number).collect()),
            facts: plan.steps.iter().map(facts).collect(),
            kinds: names,
            ids: plan.steps.iter().map(|step| step.id.clone().unwrap_or_default()).collect(),
            known: plan.known.clone(),
            propagation: Propagation::new(plan.clone(), kinds, earlier),
            plan,
            polls: Polls::default(),
            pace: Pace::default(),
            unseen_until: 0.0,
            reported: BTreeSet::new(),
            stopped_again: BTreeSet::new(),
            unconfirmed: BTreeMap::new(),
            causes: BTreeSet::new(),
            begun: false,
            stopped: None,
            finished: false,
            commands: Vec::new(),
        })
    }

    /// The outputs known so far, from which specifications are resolved.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// For how many seconds from `now` polls may miss something that this run has created.
    pub fn unseen(&self, now: f64) -> f64 {
        (self.unseen_until - now).max(0.0)
    }

    /// For how many seconds from `now` some change may not have reached all of AWS.
    pub fn young(&self, now: f64) -> f64 {
        self.propagation.young_for(now)
    }

    /// Takes one input at a time `now` (seconds, never decreasing) and gives what to do.
    pub fn on(&mut self, input: Input, now: f64) -> Vec<Command> {
        if self.finished {
            return Vec::new();
        }
        match input {
            Input::Begin => self.begun = true,
            Input::Woken => {}
            Input::Interrupt => self.stop(Outcome::Interrupted),
            Input::Performed { step, result } => self.performed(step, result, now),
            Input::Observed { kind, result } => self.observed(&kind, result, now),
        }
        if self.begun {
            self.advance(now);
        }
        std::mem::take(&mut self.commands)
    }

    /// Starts no new steps. A lost lease outweighs an interrupt, because another run may be at work.
    fn stop(&mut self, why: Outcome) {
        if self.stopped.is_none() || (self.stopped != Some(why) && why == Outcome::LeaseLost) {
            self.stopped = Some(why);
            let in_flight = self.states.performing().iter().map(|step| self.address(*step)).collect();
            self.say(match why {
                Outcome::LeaseLost => Event::LeaseLost { in_flight },
                _ => Event::Interrupting { in_flight },
            });
        }
    }

    fn say(&mut self, event: Event) {
        self.commands.push(Command::Say(event));
    }

    fn address(&self, step: usize) -> Address {
        self.plan.steps[step].address.clone()
    }

    fn action(&self, step: usize) -> Action {
        self.plan.steps[step].action
    }

    /// How the run has ended, once it has.
    fn outcome(&self) -> Option<Outcome> {
        match self.stopped {
            _ if !self.states.performing().is_empty() => None,
            Some(Outcome::LeaseLost) => Some(Outcome::LeaseLost),
            stopped if self.states.is_open() => stopped,
            _ if self.states.has_failed() => Some(Outcome::Failed),
            _ => Some(Outcome::Done),
        }
    }

    /// The closing event.
    pub fn summary(&self, outcome: Outcome, now: f64) -> Event {
        let count = |wanted: fn(&State) -> bool| self.states.iter().filter(|state| wanted(state)).count();
        let left = self.states.iter().zip(&self.plan.steps).filter(|(state, _)| !matches!(state, State::Done));
        let left: BTreeSet<_> = left.map(|(_, step)| step.address.clone()).collect();
        Event::RunFinished {
            outcome,
            done: count(|state| matches!(state, State::Done)),
            failed: count(|state| matches!(state, State::Failed)),
            postponed: count(|state| matches!(state, State::Postponed)),
            skipped: count(|state| matches!(state, State::Skipped)),
            left: left.into_iter().collect(),
            causes: self.causes.clone(),
            seconds: now,
        }
    }
}
