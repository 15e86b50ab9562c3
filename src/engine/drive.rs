//! The asynchronous shell around [`crate::engine::run::Run`]: it makes the calls, keeps the time and passes events on.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::address::Address;
use super::clock::Clock;
use super::event::{Event, Outcome, Stamped};
use super::failure::{Cause, Failure};
use super::inventory::{Incident, Observation};
use super::kind::Kinds;
use super::plan::{Plan, Step};
use super::queue::Unstartable;
use super::reference::Known;
use super::run::{Command, Input, Made, Run};

/// Where steps take effect: AWS, or a simulation.
#[async_trait]
pub trait World: Send + Sync + 'static {
    /// Makes the call of a step. From the second attempt on, an earlier one may have taken effect.
    async fn perform(&self, step: &Step, known: &Known, attempt: u32) -> Result<Made, Failure>;

    /// Polls all resources of a kind once.
    async fn observe(&self, kind: &str, known: &Known) -> Result<Observation, Failure>;

    /// Finds out what caused an incident: an [`Event::Diagnosis`].
    async fn explain(&self, incident: &Incident, known: &Known) -> Option<Event>;
}

/// The result of a run.
#[derive(Debug)]
pub struct Report {
    pub outcome: Outcome,
    pub known: Known,
    /// The failures of steps, in order.
    pub failures: Vec<(Address, Failure)>,
    /// How many changes AWS permits only later. A run that is done but for those is [`Outcome::Done`].
    pub postponed: usize,
    /// The steps that were done, by number.
    pub done: BTreeSet<usize>,
    /// For how many seconds from now lists may miss something that was created.
    pub unseen: f64,
    /// For how many seconds from now a change may not have taken effect everywhere.
    pub young: f64,
}

enum Signal {
    Input(Input),
    Diagnosis(Event),
}

/// Executes a plan. For `earlier` seconds, the changes of an earlier run may not have taken effect everywhere. Events
/// are passed to `say`; after a message on `interrupt` no new steps are started.
///
/// # Errors
///
/// A plan whose steps wait for each other is refused before anything is done.
pub async fn drive<K: Kinds + ?Sized>(
    plan: Arc<Plan>,
    kinds: &K,
    world: Arc<dyn World>,
    clock: Clock,
    earlier: f64,
    mut interrupt: mpsc::Receiver<()>,
    mut say: impl FnMut(Stamped),
) -> Result<Report, Unstartable> {
    let mut run = Run::new(plan.clone(), kinds, earlier)?;
    let start = clock.now();
    let (sender, mut signals) = mpsc::unbounded_channel::<Signal>();
    let mut wake: Option<f64> = None;
    let (mut failures, mut done) = (Vec::new(), BTreeSet::new());
    let mut diagnoses = 0_usize;
    let mut ended: Option<Outcome> = None;
    let mut input = Input::Begin;
    loop {
        let now = clock.now() - start;
        for command in run.on(input, now) {
            match command {
                Command::Say(event) => {
                    match &event {
                        Event::StepFailed { address, failure, .. } => failures.push((address.clone(), failure.clone())),
                        Event::StepDone { step, .. } => drop(done.insert(*step)),
                        _ => {}
                    }
                    say(Stamped { at: now, event });
                }
                Command::Wake { at } => wake = Some(at),
                Command::Finish(outcome) => ended = Some(outcome),
                command => {
                    diagnoses += usize::from(matches!(command, Command::Explain { .. }));
                    let call = answer(command, plan.clone(), world.clone(), run.known().clone());
                    let sender = sender.clone();
                    tokio::spawn(async move {
                        if let Some(signal) = call.await {
                            // After the end of the run nothing reads the answer.
                            let _ = sender.send(signal);
                        }
                    });
                }
            }
        }
        if let (Some(outcome), 0) = (ended, diagnoses) {
            let event = run.summary(outcome, now);
            let postponed = if let Event::RunFinished { postponed, .. } = &event { *postponed } else { 0 };
            say(Stamped { at: now, event });
            // After a successful run everything has been observed.
            let unseen = if outcome == Outcome::Done { 0.0 } else { run.unseen(now) };
            let (known, young) = (run.known().clone(), run.young(now));
            return Ok(Report { outcome, known, failures, postponed, done, unseen, young });
        }
        input = loop {
            let sleep = async {
                match wake {
                    Some(at) => tokio::time::sleep(clock.real(at + start - clock.now())).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(()) = interrupt.recv() => break Input::Interrupt,
                Some(signal) = signals.recv() => match signal {
                    Signal::Input(input) => break input,
                    Signal::Diagnosis(event) => {
                        diagnoses -= 1;
                        say(Stamped { at: clock.now() - start, event });
                        if ended.is_some() {
                            break Input::Woken;
                        }
                    }
                },
                () = sleep => {
                    wake = None;
                    break Input::Woken;
                }
            }
        };
    }
}

/// Does what a command asks of the world; `None` for commands that ask nothing of it.
async fn answer(command: Command, plan: Arc<Plan>, world: Arc<dyn World>, known: Known) -> Option<Signal> {
    Some(match command {
        Command::Perform { step, attempt } => {
            let result = alone(async move { world.perform(&plan.steps[step], &known, attempt).await }).await;
            Signal::Input(Input::Performed { step, result })
        }
        Command::Observe { kind } => {
            let polled = kind.clone();
            let result = alone(async move { world.observe(&polled, &known).await }).await;
            Signal::Input(Input::Observed { kind, result })
        }
        Command::Explain { incident } => {
            let explained = incident.clone();
            let diagnosis = alone(async move { Ok(world.explain(&explained, &known).await) }).await;
            Signal::Diagnosis(diagnosis.ok().flatten().unwrap_or(Event::Diagnosis {
                address: incident.address,
                subject: incident.subject,
                title: "something failed, and AWS no longer says why".to_owned(),
                lines: Vec::new(),
                hints: Vec::new(),
            }))
        }
        Command::Say(_) | Command::Wake { .. } | Command::Finish(_) => return None,
    })
}

/// Makes a call in a task of its own, so that a panic in it becomes a failure instead of an answer that never comes.
async fn alone<T: Send + 'static>(
    call: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(call).await {
        Ok(result) => result,
        Err(error) => Err(Failure::of(Cause::Internal, format!("a bug in this program: {error}"))),
    }
}
