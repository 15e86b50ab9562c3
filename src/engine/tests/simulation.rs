//! A world in virtual time that answers a run.

use std::collections::BTreeMap;

use super::cases::{Case, Ending, KINDS};
use super::monitor::{Monitor, Trace};
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Live, Observation, Phase};
use crate::engine::plan::Action;
use crate::engine::reference::Outputs;
use crate::engine::run::{Command, Input, Made, Run};

/// More inputs than any run may need: every retry and every poll within budgets and patience, several times over.
const TOO_MANY: usize = 40_000;

struct Entity {
    id: String,
    until: f64,
    before: Phase,
    /// None: gone.
    after: Option<Phase>,
}

struct World<'a> {
    case: &'a Case,
    entities: BTreeMap<Address, Entity>,
    /// Answers under way, in the order of asking.
    answers: Vec<(f64, Input)>,
    polls: usize,
}

/// Plays a case to its end, watched by a monitor.
pub fn play(case: &Case) -> Trace {
    let mut run = Run::new(case.plan.clone(), KINDS.as_slice(), 0.0).unwrap();
    let mut monitor = Monitor::new(case);
    let mut world = World { case, entities: existing(case), answers: Vec::new(), polls: 0 };
    let (mut now, mut input, mut wake, mut interrupt) = (0.0, Input::Begin, None, case.interrupt);
    for _ in 0..TOO_MANY {
        monitor.hears(&input, now);
        let commands = run.on(input, now);
        monitor.sees(&commands, now);
        for command in commands {
            match command {
                Command::Perform { step, attempt } => world.perform(step, attempt, now),
                Command::Observe { kind } => world.observe(kind, now),
                Command::Wake { at } => wake = Some(at),
                Command::Finish(outcome) => {
                    assert!(run.on(Input::Woken, now + 1000.0).is_empty(), "nothing follows the end");
                    return monitor.finish(outcome, now, run.summary(outcome, now));
                }
                Command::Say(_) | Command::Explain { .. } => {}
            }
        }
        let answer = world.next();
        let times = [interrupt, answer.map(|(_, at)| at), wake];
        let next = times.iter().flatten().copied().reduce(f64::min);
        now = next.unwrap_or_else(|| panic!("at {now} nothing is under way, and the run is not over"));
        input = if interrupt == Some(now) {
            interrupt = None;
            Input::Interrupt
        } else if let Some((index, _)) = answer.filter(|(_, at)| *at == now) {
            world.answers.remove(index).1
        } else {
            wake = None;
            Input::Woken
        };
    }
    panic!("the run never ends");
}

fn existing(case: &Case) -> BTreeMap<Address, Entity> {
    let steps = case.plan.steps.iter().zip(&case.scripts);
    let existing = steps.filter_map(|(step, script)| {
        let awaited = step.action == Action::Verify && script.ending != Ending::Never;
        let entity = Entity {
            id: step.id.clone()?,
            until: if awaited { script.settle } else { 0.0 },
            before: Phase::Pending("busy".to_owned()),
            after: Some(Phase::Ready),
        };
        Some((step.address.clone(), entity))
    });
    existing.collect()
}

impl World<'_> {
    /// The first answer to come; the one asked for first among equals.
    fn next(&self) -> Option<(usize, f64)> {
        let times = self.answers.iter().enumerate().map(|(index, (at, _))| (index, *at));
        times.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn perform(&mut self, step: usize, attempt: u32, now: f64) {
        let script = &self.case.scripts[step];
        let answered = now + script.latency;
        let refusal = script.refusals.get(attempt as usize - 1).copied();
        // A lost answer: the call had its effect all the same.
        if refusal.is_none_or(|cause| cause == Cause::Unavailable) {
            self.take_effect(step, now + script.latency / 2.0);
        }
        let result = match refusal {
            Some(cause) => Err(Failure::of(cause, "scripted")),
            None => Ok(self.made(step)),
        };
        self.answers.push((answered, Input::Performed { step, result }));
    }

    fn made(&self, step: usize) -> Made {
        match self.entities.get(&self.case.plan.steps[step].address) {
            Some(Entity { id, .. }) => Made { id: id.clone(), outputs: Outputs::from([("id".to_owned(), id.clone())]) },
            None => Made::default(),
        }
    }

    fn take_effect(&mut self, step: usize, at: f64) {
        let (planned, script) = (&self.case.plan.steps[step], &self.case.scripts[step]);
        let busy = || Phase::Pending("busy".to_owned());
        let (before, after) = match planned.action {
            Action::Create | Action::Update | Action::Run => (busy(), Some(Phase::Ready)),
            Action::Delete => (Phase::Deleting("going".to_owned()), None),
            Action::Stop => (busy(), Some(Phase::Idle)),
            Action::Unprotect | Action::Restore | Action::Promote | Action::Prune | Action::Verify => {
                return;
            }
        };
        let (until, after) = match script.ending {
            Ending::Well => (at + script.settle, after),
            Ending::Fails => (at + script.settle, Some(Phase::Failed("it broke".to_owned()))),
            Ending::Vanishes => (at, None),
            Ending::Never => (f64::INFINITY, after),
        };
        let entity = self.entities.entry(planned.address.clone());
        let entity = entity.or_insert_with(|| Entity {
            id: format!("new-{step}"),
            until,
            before: before.clone(),
            after: after.clone(),
        });
        (entity.until, entity.before, entity.after) = (until, before, after);
    }

    fn observe(&mut self, kind: String, now: f64) {
        let script = &self.case.polls[self.polls % self.case.polls.len()];
        self.polls += 1;
        let answered = now + script.latency;
        let result = match script.failure {
            Some(cause) => Err(Failure::of(cause, "scripted")),
            None => Ok(Observation {
                live: self.snapshot(&kind, if script.stale { now } else { answered }),
                incidents: script.incident.iter().map(|number| incident(&kind, *number)).collect(),
            }),
        };
        self.answers.push((answered, Input::Observed { kind, result }));
    }

    fn snapshot(&self, kind: &str, at: f64) -> Vec<Live> {
        let of_kind = self.entities.iter().filter(|(address, _)| address.kind() == kind);
        let live = of_kind.filter_map(|(address, entity)| {
            let phase = if at < entity.until { entity.before.clone() } else { entity.after.clone()? };
            Some(Live {
                address: address.clone(),
                id: entity.id.clone(),
                outputs: Outputs::from([("id".to_owned(), entity.id.clone())]),
                phase,
                spec: serde_json::Value::Null,
                tags: BTreeMap::new(),
            })
        });
        live.collect()
    }
}

fn incident(kind: &str, number: u8) -> Incident {
    Incident { address: Address::new(kind, "any"), subject: format!("task-{number}") }
}
