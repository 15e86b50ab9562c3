//! The executor's core: a state machine. Inputs in, commands out; no I/O, no async, no clock of its own.
//!
//! A step goes `Waiting → Due → Performing → Settling → Done`. From `Performing` it returns to `Due` when the call
//! failed and the cause allows another try; from anywhere it may end `Failed`, and then whatever needs it is
//! `Skipped`. Looking is done per kind, not per step: eight access points settle with one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::Address;
use super::cadence;
use super::estimate;
use super::event::{Event, Outcome};
use super::failure::{Cause, Failure};
use super::inventory::{Incident, Sighting};
use super::kind::{Kinds, Seconds};
use super::looks::{Looks, Turn};
use super::pace::Pace;
use super::plan::{Action, Plan, Step, Until};
use super::propagation::Propagation;
use super::queue::{Queue, Unstartable};
use super::reference::{Known, Outputs};

mod failing;
mod settle;

/// What a performed step left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    pub id: String,
    pub outputs: Outputs,
}

/// What the world tells the run.
#[derive(Clone, Debug)]
pub enum Input {
    Begin,
    /// The call of a step has been answered.
    Performed {
        step: usize,
        result: Result<Made, Failure>,
    },
    /// A kind has been looked at.
    Observed {
        kind: String,
        result: Result<Sighting, Failure>,
    },
    /// The time asked for has come.
    Woken,
    /// Stop starting things.
    Interrupt,
}

/// What the run asks of the world.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make the call of a step. `attempt` counts from 1.
    Perform { step: usize, attempt: u32 },
    /// Look at all resources of a kind once.
    Observe { kind: String },
    /// Find out what is behind an incident, and tell it.
    Explain { incident: Incident },
    /// Say this.
    Say(Event),
    /// Come back at this time at the latest.
    Wake { at: f64 },
    /// The run is over.
    Finish(Outcome),
}

#[derive(Clone, Debug)]
enum State {
    Waiting,
    Due {
        at: f64,
        attempt: u32,
        since: f64,
    },
    Performing {
        attempt: u32,
        since: f64,
    },
    /// `stopped` counts the looks in a row at which everything was seen stopped.
    Settling {
        since: f64,
        started: f64,
        look: f64,
        why: String,
        attempt: u32,
        stopped: u32,
    },
    Done,
    Failed,
    /// AWS permits the change later only. What is there works, so that nothing is skipped for it.
    Postponed,
    Skipped,
}

/// One execution of one plan.
pub struct Run {
    plan: Arc<Plan>,
    queue: Queue,
    seconds: Vec<Seconds>,
    /// Whether a look may miss for a while what the step has made.
    late: Vec<bool>,
    /// Until when looks may miss something that was made.
    unseen_until: f64,
    propagation: Propagation,
    /// Whether what a step has begun in vain can be begun anew.
    repeatable: Vec<bool>,
    states: Vec<State>,
    ids: Vec<String>,
    known: Known,
    looks: Looks,
    pace: Pace,
    reported: BTreeSet<Incident>,
    /// The steps whose call was made again although it had been accepted: what they stop lingers.
    insisted: BTreeSet<usize>,
    /// What AWS said of deletions of what it says is not there, until that is seen.
    doubted: BTreeMap<usize, Failure>,
    begun: bool,
    /// Why steps have failed.
    causes: BTreeSet<Cause>,
    /// Why nothing else is started.
    stopped: Option<Outcome>,
    finished: bool,
}

impl Run {
    /// A run that has not begun. For `earlier` seconds, what an earlier run has made may not be known everywhere.
    pub fn new<K: Kinds + ?Sized>(plan: Arc<Plan>, kinds: &K, earlier: f64) -> Result<Self, Unstartable> {
        let after: Vec<_> = plan.steps.iter().map(|step| step.after.clone()).collect();
        let queue = Queue::new(&after, &estimate::durations(&plan, kinds))?;
        let seconds = |step: &Step| kinds.kind(step.address.kind()).map_or(Seconds::AT_ONCE, |kind| kind.seconds);
        let late = |step: &Step| kinds.kind(step.address.kind()).is_some_and(|kind| kind.late);
        let repeatable = |step: &Step| kinds.kind(step.address.kind()).is_some_and(|kind| !kind.swept);
        Ok(Self {
            queue,
            seconds: plan.steps.iter().map(seconds).collect(),
            late: plan.steps.iter().map(late).collect(),
            unseen_until: 0.0,
            propagation: Propagation::new(plan.clone(), kinds, earlier),
            repeatable: plan.steps.iter().map(repeatable).collect(),
            states: vec![State::Waiting; plan.steps.len()],
            ids: plan.steps.iter().map(|step| step.id.clone().unwrap_or_default()).collect(),
            known: plan.known.clone(),
            plan,
            looks: Looks::default(),
            pace: Pace::default(),
            reported: BTreeSet::new(),
            insisted: BTreeSet::new(),
            doubted: BTreeMap::new(),
            causes: BTreeSet::new(),
            begun: false,
            stopped: None,
            finished: false,
        })
    }

    /// The outputs known so far, from which specifications are resolved.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// For how many seconds from `now` looks may miss something that this run has made.
    pub fn unseen(&self, now: f64) -> f64 {
        (self.unseen_until - now).max(0.0)
    }

    /// For how many seconds from `now` something that was made may not be known everywhere.
    pub fn young(&self, now: f64) -> f64 {
        self.propagation.young_for(now)
    }

    /// Takes one input at a time `now` (seconds, never decreasing) and says what to do.
    pub fn on(&mut self, input: Input, now: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.finished {
            return commands;
        }
        match input {
            Input::Begin => self.begun = true,
            Input::Woken => {}
            Input::Interrupt => self.stop(Outcome::Interrupted, &mut commands),
            Input::Performed { step, result } => self.performed(step, result, now, &mut commands),
            Input::Observed { kind, result } => self.observed(&kind, result, now, &mut commands),
        }
        if self.begun {
            self.advance(now, &mut commands);
        }
        commands
    }

    /// Starts nothing any more. A lost lease outweighs a request: whoever holds it now goes on.
    fn stop(&mut self, why: Outcome, commands: &mut Vec<Command>) {
        if self.stopped.is_none() || (self.stopped != Some(why) && why == Outcome::LeaseLost) {
            self.stopped = Some(why);
            let in_flight = self.performing().map(|step| self.address(step)).collect();
            commands.push(Command::Say(match why {
                Outcome::LeaseLost => Event::LeaseLost { in_flight },
                _ => Event::Interrupting { in_flight },
            }));
        }
    }

    fn address(&self, step: usize) -> Address {
        self.plan.steps[step].address.clone()
    }

    fn is_known_as(&self, address: &Address, id: Option<&str>) -> bool {
        self.known.get(address).and_then(|outputs| outputs.get("id")).map(String::as_str) == id
    }

    fn performing(&self) -> impl Iterator<Item = usize> {
        let states = self.states.iter().enumerate();
        states.filter(|(_, state)| matches!(state, State::Performing { .. })).map(|(step, _)| step)
    }

    fn performed(&mut self, step: usize, result: Result<Made, Failure>, now: f64, commands: &mut Vec<Command>) {
        let State::Performing { attempt, since } = self.states[step] else { return };
        let action = self.plan.steps[step].action;
        let may_have_made = result.as_ref().map_or_else(Failure::may_have_made, |_| true);
        if action == Action::Create && self.late[step] && may_have_made {
            self.unseen_until = now + cadence::MAY_BE_INVISIBLE;
        }
        if may_have_made {
            self.propagation.made(step, now);
        }
        match &result {
            Err(failure) if failure.cause == Cause::Throttled => self.pace.throttled(now),
            _ => self.pace.taken(),
        }
        match result {
            Ok(made) => self.accept(step, made, since, attempt, now, commands),
            Err(failure) if action == Action::Delete && failure.cause == Cause::Gone => {
                // It says so of what was made a moment ago, too.
                self.doubted.insert(step, Failure { cause: Cause::NotYetVisible, ..failure });
                self.accept(step, Made::default(), since, attempt, now, commands);
            }
            Err(failure) => self.refused(step, failure, attempt, since, now, commands),
        }
    }

    fn accept(&mut self, step: usize, made: Made, started: f64, attempt: u32, now: f64, commands: &mut Vec<Command>) {
        let Made { id, outputs } = made;
        let planned = &self.plan.steps[step];
        let address = planned.address.clone();
        if !id.is_empty() {
            self.ids[step] = id;
        }
        match planned.action {
            // Another of the same address, a twin, stays known.
            Action::Delete if self.is_known_as(&address, planned.id.as_deref()) => drop(self.known.remove(&address)),
            Action::Delete => {}
            // An answer may say less than what was known before.
            _ if !outputs.is_empty() => self.known.entry(address.clone()).or_default().extend(outputs),
            _ => {}
        }
        commands.push(Command::Say(Event::StepAccepted { step, address, id: self.ids[step].clone() }));
        let is_doubted = self.doubted.contains_key(&step);
        // It may have to be asked for again: until it is seen gone, nobody relies on its being under way.
        if !is_doubted {
            self.queue.accepted(step);
        }
        if planned.until == Until::Accepted && !is_doubted {
            self.finish_step(step, started, now, commands);
            return;
        }
        let usual = estimate::duration(planned, &self.seconds[step]).settle;
        let looks_now = is_doubted
            || matches!(planned.action, Action::Await | Action::Prove)
            || matches!(planned.until, Until::Idle | Until::Sound | Until::Steady);
        let look = if looks_now { now } else { now + cadence::first_look(&self.seconds[step], usual) };
        self.states[step] = State::Settling { since: now, started, look, why: String::new(), attempt, stopped: 0 };
    }

    fn finish_step(&mut self, step: usize, started: f64, now: f64, commands: &mut Vec<Command>) {
        self.states[step] = State::Done;
        self.queue.done(step);
        let planned = &self.plan.steps[step];
        let (address, action) = (planned.address.clone(), planned.action);
        commands.push(Command::Say(Event::StepDone { step, address, action, seconds: now - started }));
    }

    /// Starts what may start, looks where it is time, and says when to come back.
    fn advance(&mut self, now: f64, commands: &mut Vec<Command>) {
        let mut room = self.pace.room(self.performing().count());
        if self.stopped.is_none() {
            for step in 0..self.states.len() {
                if let State::Due { at, attempt, since } = self.states[step]
                    && at <= now
                    && room > 0
                {
                    room -= 1;
                    self.start(step, attempt, since, commands);
                }
            }
            while room > 0 {
                let Some(step) = self.queue.pop() else { break };
                if !matches!(self.states[step], State::Waiting) {
                    continue;
                }
                if let Some((seconds, youngest)) = self.propagation.wait(step, now) {
                    self.states[step] = State::Due { at: now + seconds, attempt: 1, since: now + seconds };
                    let why = format!(
                        "{youngest} has just been made; AWS may need {seconds:.0} s more to know it everywhere"
                    );
                    commands.push(Command::Say(Event::StepWaiting { step, address: self.address(step), why }));
                } else {
                    room -= 1;
                    self.start(step, 1, now, commands);
                }
            }
        }
        if let Some(outcome) = self.outcome() {
            self.finished = true;
            commands.push(Command::Finish(outcome));
            return;
        }
        if let Some(at) = self.look_where_due(now, commands) {
            commands.push(Command::Wake { at });
        }
    }

    fn start(&mut self, step: usize, attempt: u32, since: f64, commands: &mut Vec<Command>) {
        self.states[step] = State::Performing { attempt, since };
        let planned = &self.plan.steps[step];
        commands.push(Command::Say(Event::StepStarted {
            step,
            address: planned.address.clone(),
            action: planned.action,
            reason: planned.reason.clone(),
            attempt,
        }));
        commands.push(Command::Perform { step, attempt });
    }

    /// Asks for looks that are due; gives the time of the next look or retry that is not.
    fn look_where_due(&mut self, now: f64, commands: &mut Vec<Command>) -> Option<f64> {
        if self.stopped.is_some() {
            return None;
        }
        let mut times = Vec::new();
        let mut wanted: BTreeMap<&str, (f64, Vec<usize>)> = BTreeMap::new();
        for (step, state) in self.states.iter().enumerate() {
            match state {
                // One that is due already starts as soon as one of the calls in flight is answered.
                State::Due { at, .. } if *at > now => times.push(*at),
                State::Settling { look, .. } => {
                    let kind = self.plan.steps[step].address.kind();
                    let (first, steps) = wanted.entry(kind).or_insert((*look, Vec::new()));
                    *first = first.min(*look);
                    steps.push(step);
                }
                _ => {}
            }
        }
        for (kind, (first, steps)) in wanted {
            match self.looks.want(kind, first, steps, now) {
                Turn::Now => commands.push(Command::Observe { kind: kind.to_owned() }),
                Turn::At(at) => times.push(at),
                Turn::UnderWay => {}
            }
        }
        times.into_iter().reduce(f64::min)
    }

    fn outcome(&self) -> Option<Outcome> {
        let in_flight = self.performing().next().is_some();
        let open = self.states.iter().any(|state| match state {
            State::Waiting | State::Due { .. } | State::Performing { .. } | State::Settling { .. } => true,
            State::Done | State::Failed | State::Postponed | State::Skipped => false,
        });
        let failed = self.states.iter().any(|state| matches!(state, State::Failed));
        match (in_flight, open, self.stopped) {
            (true, ..) => None,
            (false, _, Some(Outcome::LeaseLost)) => Some(Outcome::LeaseLost),
            (false, true, stopped) => stopped,
            (false, false, _) if failed => Some(Outcome::Failed),
            (false, false, _) => Some(Outcome::Done),
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
