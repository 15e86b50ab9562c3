//! The executor's core: a state machine. Inputs in, commands out; no I/O, no async, no clock of its own.
//!
//! A step goes `Waiting → Due → Performing → Settling → Done`. From `Performing` it returns to `Due` when the call
//! failed and the cause allows another try; from anywhere it may end `Failed`, and then whatever needs it is
//! `Skipped`. Looking is done per kind, not per step: eight access points settle with one call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cadence::{self, Again};
use super::estimate;
use super::event::{Event, Outcome};
use super::failure::{Cause, Failure};
use super::inventory::{Incident, Live, Phase, Sighting};
use super::kind::{Kinds, Seconds};
use super::plan::{Action, Plan, Until};
use super::queue::{Queue, Unstartable};
use super::reference::{Known, Outputs};

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
    Due { at: f64, attempt: u32, since: f64 },
    Performing { attempt: u32, since: f64 },
    Settling { since: f64, started: f64, look: f64, why: String },
    Done,
    Failed,
    Skipped,
}

#[derive(Clone, Debug, Default)]
struct Look {
    in_flight: bool,
    /// Not before this time.
    at: f64,
    failures: u32,
    failing_since: f64,
}

/// How many calls may be in flight at once.
const AT_ONCE: usize = 12;

/// One execution of one plan.
pub struct Run {
    plan: Arc<Plan>,
    queue: Queue,
    seconds: Vec<Seconds>,
    states: Vec<State>,
    ids: Vec<String>,
    known: Known,
    looks: BTreeMap<String, Look>,
    told: BTreeSet<Incident>,
    begun: bool,
    interrupted: bool,
    finished: bool,
}

impl Run {
    /// A run that has not begun.
    pub fn new<K: Kinds + ?Sized>(plan: Arc<Plan>, kinds: &K) -> Result<Self, Unstartable> {
        let after: Vec<_> = plan.steps.iter().map(|step| step.after.clone()).collect();
        let queue = Queue::new(&after, &estimate::durations(&plan, kinds))?;
        let seconds = plan
            .steps
            .iter()
            .map(|step| kinds.kind(step.address.kind()).map_or(Seconds::AT_ONCE, |kind| kind.seconds))
            .collect();
        Ok(Self {
            queue,
            seconds,
            states: vec![State::Waiting; plan.steps.len()],
            ids: plan.steps.iter().map(|step| step.id.clone().unwrap_or_default()).collect(),
            known: plan.known.clone(),
            plan,
            looks: BTreeMap::new(),
            told: BTreeSet::new(),
            begun: false,
            interrupted: false,
            finished: false,
        })
    }

    /// The outputs known so far, from which specifications are resolved.
    pub fn known(&self) -> &Known {
        &self.known
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
            Input::Interrupt => self.interrupt(&mut commands),
            Input::Performed { step, result } => self.performed(step, result, now, &mut commands),
            Input::Observed { kind, result } => self.observed(&kind, result, now, &mut commands),
        }
        if self.begun {
            self.advance(now, &mut commands);
        }
        commands
    }

    fn interrupt(&mut self, commands: &mut Vec<Command>) {
        if !self.interrupted {
            self.interrupted = true;
            let in_flight = self.performing().map(|step| self.plan.steps[step].address.clone()).collect();
            commands.push(Command::Say(Event::Interrupting { in_flight }));
        }
    }

    fn performing(&self) -> impl Iterator<Item = usize> {
        let states = self.states.iter().enumerate();
        states.filter(|(_, state)| matches!(state, State::Performing { .. })).map(|(step, _)| step)
    }

    fn performed(&mut self, step: usize, result: Result<Made, Failure>, now: f64, commands: &mut Vec<Command>) {
        let State::Performing { attempt, since } = self.states[step] else { return };
        let action = self.plan.steps[step].action;
        match result {
            Ok(made) => self.accept(step, made, since, now, commands),
            Err(failure) if action == Action::Delete && failure.cause == Cause::Gone => {
                self.accept(step, Made::default(), since, now, commands);
            }
            Err(failure) => match cadence::again(failure.cause, attempt, now - since) {
                Again::After(seconds) => {
                    self.states[step] = State::Due { at: now + seconds, attempt: attempt + 1, since };
                    let address = self.plan.steps[step].address.clone();
                    commands.push(Command::Say(Event::StepRetrying { step, address, failure, seconds }));
                }
                Again::No => self.fail(step, failure, commands),
            },
        }
    }

    fn accept(&mut self, step: usize, made: Made, started: f64, now: f64, commands: &mut Vec<Command>) {
        let Made { id, outputs } = made;
        let planned = &self.plan.steps[step];
        let address = planned.address.clone();
        if !id.is_empty() {
            self.ids[step] = id;
        }
        match planned.action {
            Action::Delete => drop(self.known.remove(&address)),
            _ if !outputs.is_empty() => drop(self.known.insert(address.clone(), outputs)),
            _ => {}
        }
        commands.push(Command::Say(Event::StepAccepted { step, address, id: self.ids[step].clone() }));
        self.queue.accepted(step);
        if planned.until == Until::Accepted {
            self.finish_step(step, started, now, commands);
            return;
        }
        let usual = estimate::duration(planned, &self.seconds[step]).settle;
        let looks_now = matches!(planned.action, Action::Await | Action::Prove) || planned.until == Until::Idle;
        let look = if looks_now { now } else { now + cadence::first_look(&self.seconds[step], usual) };
        self.states[step] = State::Settling { since: now, started, look, why: String::new() };
    }

    fn finish_step(&mut self, step: usize, started: f64, now: f64, commands: &mut Vec<Command>) {
        self.states[step] = State::Done;
        self.queue.done(step);
        let planned = &self.plan.steps[step];
        let (address, action) = (planned.address.clone(), planned.action);
        commands.push(Command::Say(Event::StepDone { step, address, action, seconds: now - started }));
    }

    fn fail(&mut self, step: usize, failure: Failure, commands: &mut Vec<Command>) {
        self.states[step] = State::Failed;
        let planned = &self.plan.steps[step];
        let (address, action) = (planned.address.clone(), planned.action);
        commands.push(Command::Say(Event::StepFailed { step, address: address.clone(), action, failure }));
        for skipped in self.queue.downstream(step) {
            if matches!(self.states[skipped], State::Waiting) {
                self.states[skipped] = State::Skipped;
                let event = Event::StepSkipped {
                    step: skipped,
                    address: self.plan.steps[skipped].address.clone(),
                    because: address.clone(),
                };
                commands.push(Command::Say(event));
            }
        }
    }

    fn observed(&mut self, kind: &str, result: Result<Sighting, Failure>, now: f64, commands: &mut Vec<Command>) {
        let look = self.looks.entry(kind.to_owned()).or_default();
        look.in_flight = false;
        look.at = now + cadence::LOOK_EVERY;
        match result {
            Ok(sighting) => {
                look.failures = 0;
                for incident in sighting.incidents {
                    if self.told.insert(incident.clone()) {
                        commands.push(Command::Explain { incident });
                    }
                }
                for step in self.settling(kind) {
                    self.judge(step, &sighting.live, now, commands);
                }
            }
            Err(failure) => {
                if look.failures == 0 {
                    look.failing_since = now;
                }
                look.failures += 1;
                match cadence::again(failure.cause, look.failures, now - look.failing_since) {
                    Again::After(seconds) => look.at = now + seconds.max(cadence::LOOK_EVERY),
                    Again::No => {
                        for step in self.settling(kind) {
                            self.fail(step, failure.clone(), commands);
                        }
                    }
                }
            }
        }
    }

    fn settling(&self, kind: &str) -> Vec<usize> {
        let is_settling = |step: &usize| {
            matches!(self.states[*step], State::Settling { .. }) && self.plan.steps[*step].address.kind() == kind
        };
        (0..self.states.len()).filter(is_settling).collect()
    }

    /// Decides from one look whether a settling step is done.
    fn judge(&mut self, step: usize, live: &[Live], now: f64, commands: &mut Vec<Command>) {
        let State::Settling { since, started, look, why } = self.states[step].clone() else { return };
        let planned = &self.plan.steps[step];
        let id = &self.ids[step];
        let seen = live.iter().find(|live| live.address == planned.address && (id.is_empty() || &live.id == id));
        let waits_for = match (planned.until, seen.map(|live| &live.phase)) {
            (Until::Ready, Some(Phase::Ready)) | (Until::Idle, None | Some(Phase::Idle)) | (Until::Gone, None) => {
                if let (Some(seen), true) = (seen, planned.until == Until::Ready) {
                    self.known.insert(planned.address.clone(), seen.outputs.clone());
                }
                return self.finish_step(step, started, now, commands);
            }
            (Until::Ready, Some(Phase::Failed(reason) | Phase::Deleting(reason))) => {
                return self.fail(step, Failure::of(Cause::Unsettled, reason.clone()), commands);
            }
            (Until::Ready, None) if now - since > cadence::MAY_BE_INVISIBLE => {
                let message = "was accepted, and AWS no longer lists it";
                return self.fail(step, Failure::of(Cause::Unsettled, message), commands);
            }
            (_, Some(Phase::Pending(reason) | Phase::Deleting(reason) | Phase::Failed(reason))) => reason.clone(),
            (_, Some(Phase::Ready)) => "still there".to_owned(),
            (_, Some(Phase::Idle)) => "stopped".to_owned(),
            (_, Some(Phase::Recoverable)) => "marked for deletion".to_owned(),
            (_, None) => "not visible yet".to_owned(),
        };
        if now - since > self.seconds[step].patience {
            let message = format!("gave up after {:.0} s; last seen: {waits_for}", now - since);
            return self.fail(step, Failure::of(Cause::Unsettled, message), commands);
        }
        if waits_for != why {
            let (address, why) = (planned.address.clone(), waits_for.clone());
            commands.push(Command::Say(Event::StepWaiting { step, address, why }));
        }
        self.states[step] = State::Settling { since, started, look, why: waits_for };
    }

    /// Starts what may start, looks where it is time, and says when to come back.
    fn advance(&mut self, now: f64, commands: &mut Vec<Command>) {
        let mut room = AT_ONCE.saturating_sub(self.performing().count());
        if !self.interrupted {
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
                if matches!(self.states[step], State::Waiting) {
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
        let mut next: Option<f64> = None;
        let mut wanted: BTreeMap<&str, f64> = BTreeMap::new();
        for (step, state) in self.states.iter().enumerate() {
            match state {
                State::Due { at, .. } if !self.interrupted => next = Some(next.map_or(*at, |next| next.min(*at))),
                State::Settling { look, .. } if !self.interrupted => {
                    let first = wanted.entry(self.plan.steps[step].address.kind()).or_insert(*look);
                    *first = first.min(*look);
                }
                _ => {}
            }
        }
        for (kind, first) in wanted {
            let look = self.looks.entry(kind.to_owned()).or_default();
            let at = first.max(look.at);
            if look.in_flight {
            } else if at <= now {
                look.in_flight = true;
                commands.push(Command::Observe { kind: kind.to_owned() });
            } else {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        next
    }

    fn outcome(&self) -> Option<Outcome> {
        let in_flight = self.performing().next().is_some();
        let open = self.states.iter().any(|state| match state {
            State::Waiting | State::Due { .. } | State::Performing { .. } | State::Settling { .. } => true,
            State::Done | State::Failed | State::Skipped => false,
        });
        let failed = self.states.iter().any(|state| matches!(state, State::Failed));
        match (in_flight, open, self.interrupted) {
            (true, ..) => None,
            (false, true, true) => Some(Outcome::Interrupted),
            (false, true, false) => None,
            (false, false, _) if failed => Some(Outcome::Failed),
            (false, false, _) => Some(Outcome::Done),
        }
    }

    /// The closing event.
    pub fn summary(&self, outcome: Outcome, now: f64) -> Event {
        let count = |wanted: fn(&State) -> bool| self.states.iter().filter(|state| wanted(state)).count();
        let left = self.states.iter().zip(&self.plan.steps).filter(|(state, _)| !matches!(state, State::Done));
        let mut left: Vec<_> = left.map(|(_, step)| step.address.clone()).collect();
        left.dedup();
        Event::RunFinished {
            outcome,
            done: count(|state| matches!(state, State::Done)),
            failed: count(|state| matches!(state, State::Failed)),
            skipped: count(|state| matches!(state, State::Skipped)),
            left,
            seconds: now,
        }
    }
}
