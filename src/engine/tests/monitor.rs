//! Watches a run from outside and objects to whatever must never happen.

use std::collections::{BTreeMap, BTreeSet};

use super::cases::{Case, KINDS};
use crate::engine::cadence::{self, Retry};
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Observation, Phase};
use crate::engine::kind::Kinds;
use crate::engine::pace::MOST;
use crate::engine::plan::{Action, Until};
use crate::engine::queue::Queue;
use crate::engine::reference::Need;
use crate::engine::run::{Command, Input};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Failed,
    /// AWS permits it later only; nothing is skipped for it.
    Postponed,
    Skipped,
}

/// A run that is over.
#[derive(Debug)]
pub struct Trace {
    pub outcome: Outcome,
    pub seconds: f64,
    /// By step; none for what an interrupt left open.
    pub ends: Vec<Option<End>>,
    /// Every command and when it came.
    pub log: String,
}

#[derive(Clone, Default)]
struct Seen {
    calling: bool,
    attempts: u32,
    first: f64,
    not_before: f64,
    /// Counted in inputs.
    accepted: Option<usize>,
    /// Its call was made again after it had been accepted.
    insisted: bool,
    /// AWS has said that what is to be deleted is not there.
    doubted: bool,
    end: Option<End>,
}

#[derive(Default)]
struct Polls {
    /// Counted in inputs.
    asked: Option<usize>,
    answered: Option<f64>,
    /// When each failure since the last success, or since steps were given up for it, was heard.
    failures: Vec<f64>,
    given_up: bool,
}

/// What was seen of a run so far.
pub struct Monitor<'a> {
    case: &'a Case,
    input: Input,
    inputs: usize,
    steps: Vec<Seen>,
    polls: BTreeMap<String, Polls>,
    /// When the poll was asked for whose answer is being heard.
    poll: Option<usize>,
    reported: BTreeSet<Incident>,
    interrupted: bool,
    log: String,
}

impl<'a> Monitor<'a> {
    pub fn new(case: &'a Case) -> Self {
        Self {
            case,
            input: Input::Begin,
            inputs: 0,
            steps: vec![Seen::default(); case.plan.steps.len()],
            polls: BTreeMap::new(),
            poll: None,
            reported: BTreeSet::new(),
            interrupted: false,
            log: String::new(),
        }
    }

    /// Notes what the run is about to receive.
    pub fn hears(&mut self, input: &Input, now: f64) {
        self.inputs += 1;
        self.input = input.clone();
        match input {
            Input::Performed { step, .. } => self.steps[*step].calling = false,
            Input::Observed { kind, result } => {
                let polls = self.polls.get_mut(kind).expect("nobody answers unasked");
                self.poll = polls.asked.take();
                polls.answered = Some(now);
                if std::mem::take(&mut polls.given_up) {
                    polls.failures.clear();
                }
                match result {
                    Ok(_) => polls.failures.clear(),
                    Err(_) => polls.failures.push(now),
                }
            }
            Input::Interrupt => self.interrupted = true,
            Input::Begin | Input::Woken => {}
        }
    }

    /// Judges what the run wants next.
    pub fn sees(&mut self, commands: &[Command], now: f64) {
        for command in commands {
            self.log.push_str(&format!("{now} {command:?}\n"));
            match command {
                Command::Perform { step, attempt } => self.perform(*step, *attempt, now),
                Command::Observe { kind } => self.observe(kind, now),
                Command::Explain { incident } => {
                    assert!(self.reported.insert(incident.clone()), "{incident:?} is reported twice");
                }
                Command::Wake { at } => assert!(*at > now, "a wake-up at {at}, and it is {now} already"),
                Command::Say(event) => self.event(event, now),
                Command::Finish(_) => {}
            }
        }
        let calling = self.steps.iter().filter(|seen| seen.calling).count();
        assert!(calling <= MOST, "{calling} calls at once");
        let finished = commands.iter().any(|command| matches!(command, Command::Finish(_)));
        assert!(!finished || calling == 0, "a call was abandoned");
        assert!(finished || calling > 0 || !self.interrupted, "interrupted, nothing in flight, and still not over");
    }

    fn perform(&mut self, step: usize, attempt: u32, now: f64) {
        assert!(!self.interrupted, "step {step} starts after the interrupt");
        for after in &self.case.plan.steps[step].after {
            let before = &self.steps[after.step];
            let holds = match after.need {
                _ if before.end == Some(End::Postponed) => true,
                Need::Exists => before.accepted.is_some(),
                Need::Ready => before.end == Some(End::Done),
            };
            assert!(holds, "step {step} starts before {after:?} holds");
        }
        let seen = &mut self.steps[step];
        // A slow stop is repeated once.
        if self.case.plan.steps[step].action == Action::Stop
            && now - seen.first > cadence::STOP_AGAIN_AFTER
            && !seen.insisted
        {
            seen.insisted |= seen.accepted.take().is_some();
        }
        assert!(!seen.calling && seen.accepted.is_none() && seen.end.is_none(), "step {step} is performed twice");
        assert_eq!(attempt, seen.attempts + 1);
        assert!(now >= seen.not_before, "step {step} is tried again too early");
        if attempt == 1 {
            seen.first = now;
        }
        (seen.calling, seen.attempts) = (true, attempt);
    }

    fn observe(&mut self, kind: &str, now: f64) {
        let waits = |step: usize| self.steps[step].accepted.is_some() && self.steps[step].end.is_none();
        let of_kind = |step: &usize| self.case.plan.steps[*step].address.kind() == kind;
        assert!((0..self.steps.len()).filter(of_kind).any(waits), "a poll at {kind}, for which nobody waits");
        let polls = self.polls.entry(kind.to_owned()).or_default();
        assert!(polls.asked.is_none(), "two polls at {kind} at once");
        let since = now - polls.answered.unwrap_or(f64::NEG_INFINITY);
        assert!(since >= cadence::POLL_EVERY - 1e-6, "polls at {kind} {since} s apart");
        polls.asked = Some(self.inputs);
    }

    fn event(&mut self, event: &Event, now: f64) {
        match event {
            Event::StepAccepted { step, .. } => {
                let is_gone = matches!(&self.input, Input::Performed { result: Err(_), .. });
                let seen = &mut self.steps[*step];
                (seen.accepted, seen.doubted) = (Some(self.inputs), is_gone);
            }
            Event::StepRetrying { step, failure, seconds, .. } => {
                let seen = &mut self.steps[*step];
                assert_eq!(cadence::retry(failure.cause, seen.attempts, now - seen.first), Retry::After(*seconds));
                seen.not_before = now + seconds;
                if matches!(self.input, Input::Observed { .. }) {
                    assert!(
                        seen.doubted && seen.accepted.take().is_some(),
                        "step {step} was accepted and is tried again"
                    );
                }
            }
            Event::StepDone { step, .. } => {
                self.end(*step, End::Done);
                self.was_seen(*step);
            }
            Event::StepFailed { step, failure, .. } => {
                let is_update = self.case.plan.steps[*step].action == Action::Update;
                let is_postponed = is_update && failure.cause == Cause::Cooldown;
                self.end(*step, if is_postponed { End::Postponed } else { End::Failed });
                self.had_to_fail(*step, failure, now);
                if let Input::Observed { kind, result: Err(_) } = &self.input {
                    self.polls.entry(kind.clone()).or_default().given_up = true;
                }
            }
            Event::StepSkipped { step, because, .. } => {
                assert_eq!(self.steps[*step].attempts, 0, "step {step} was started and is skipped");
                let failed = |seen: &Seen| seen.end == Some(End::Failed);
                let mut steps = self.case.plan.steps.iter().zip(&self.steps);
                assert!(steps.any(|(planned, seen)| &planned.address == because && failed(seen)));
                self.end(*step, End::Skipped);
            }
            _ => {}
        }
    }

    fn end(&mut self, step: usize, end: End) {
        let before = self.steps[step].end.replace(end);
        assert_eq!(before, None, "step {step} ends twice");
    }

    /// A step that waits for something is done only when a poll, asked for after its call was accepted, has shown it.
    fn was_seen(&self, step: usize) {
        let planned = &self.case.plan.steps[step];
        let accepted = self.steps[step].accepted.expect("a done step was accepted");
        let until = if self.steps[step].doubted { Until::Gone } else { planned.until };
        if until == Until::Accepted {
            return;
        }
        let Input::Observed { result: Ok(Observation { live, .. }), .. } = &self.input else {
            panic!("step {step} is done and nothing was polled");
        };
        assert!(self.poll >= Some(accepted), "step {step} was judged by a poll older than itself");
        let phase = live.iter().find(|live| live.address == planned.address).map(|live| &live.phase);
        let shown = match until {
            Until::Accepted => true,
            Until::Ready { .. } => phase == Some(&Phase::Ready),
            Until::Idle => matches!(phase, None | Some(Phase::Idle)),
            Until::Gone => phase.is_none(),
        };
        assert!(shown, "step {step} is done, and the poll shows {phase:?}");
    }

    /// No step fails while its cause allows another try, or while there is patience left.
    fn had_to_fail(&self, step: usize, failure: &Failure, now: f64) {
        let (planned, seen) = (&self.case.plan.steps[step], &self.steps[step]);
        match &self.input {
            Input::Performed { .. } => {
                assert_eq!(cadence::retry(failure.cause, seen.attempts, now - seen.first), Retry::No);
                assert!(planned.action != Action::Delete || failure.cause != Cause::Gone);
            }
            Input::Observed { kind, result: Err(_) } => {
                let failures = &self.polls[kind].failures;
                let (attempt, elapsed) = (failures.len() as u32, now - failures[0]);
                assert_eq!(cadence::retry(failure.cause, attempt, elapsed), Retry::No);
            }
            Input::Observed { result: Ok(_), .. } if failure.message.starts_with("gave up") => {
                let patience = KINDS.as_slice().kind(planned.address.kind()).map(|kind| kind.seconds.patience);
                assert!(Some(now - seen.first) > patience, "{failure}");
            }
            Input::Observed { result: Ok(_), .. } => {}
            other => panic!("step {step} fails because of {other:?}"),
        }
    }

    /// What must be true when a run is over.
    pub fn finish(self, outcome: Outcome, now: f64, summary: Event) -> Trace {
        let ends: Vec<Option<End>> = self.steps.iter().map(|seen| seen.end).collect();
        let queue = Queue::new(&self.case.plan.steps, &[]).unwrap();
        for (step, end) in ends.iter().enumerate() {
            if *end == Some(End::Failed) {
                for dependent in queue.clone().cut_off(step) {
                    let started = self.steps[dependent].attempts > 0;
                    assert!(started || ends[dependent] == Some(End::Skipped), "step {dependent} is not skipped");
                }
            }
            assert!(self.interrupted || end.is_some(), "step {step} has no end");
        }
        let count = |wanted| ends.iter().filter(|end| **end == Some(wanted)).count();
        let expected = match (ends.iter().all(Option::is_some), count(End::Failed)) {
            (false, _) => Outcome::Interrupted,
            (true, 0) => Outcome::Done,
            (true, _) => Outcome::Failed,
        };
        assert_eq!(outcome, expected);
        let Event::RunFinished { done, failed, postponed, skipped, .. } = summary else { panic!("no summary") };
        assert_eq!((done, failed, skipped), (count(End::Done), count(End::Failed), count(End::Skipped)));
        assert_eq!(postponed, count(End::Postponed));
        Trace { outcome, seconds: now, ends, log: self.log }
    }
}
