//! The asynchronous shell around [`crate::engine::run::Run`]: it makes the calls, keeps the time, passes events on.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::address::Address;
use super::clock::Clock;
use super::event::{Event, Outcome, Stamped};
use super::failure::{Cause, Failure};
use super::inventory::{Incident, Sighting};
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

    /// Looks once at all resources of a kind.
    async fn observe(&self, kind: &str, known: &Known) -> Result<Sighting, Failure>;

    /// Finds out what is behind an incident: an [`Event::Diagnosis`].
    async fn explain(&self, incident: &Incident, known: &Known) -> Option<Event>;
}

/// What a run left behind.
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
    /// For how many seconds from now looks may miss something that was made.
    pub unseen: f64,
    /// For how many seconds from now something that was made may not be known everywhere.
    pub young: f64,
}

enum Signal {
    Input(Input),
    Diagnosis(Event),
}

/// Executes a plan; for `earlier` seconds, what an earlier run has made may not be known everywhere. Events leave through `say`; a message on `interrupt` stops the start of further steps.
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
    let mut stories = 0_usize;
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
                Command::Perform { step, attempt } => {
                    let (world, known, plan) = (world.clone(), run.known().clone(), plan.clone());
                    let sender = sender.clone();
                    tokio::spawn(async move {
                        let call = async move { world.perform(&plan.steps[step], &known, attempt).await };
                        let result = alone(call).await;
                        // The receiver lives as long as the run; after it nobody wants the answer.
                        let _ = sender.send(Signal::Input(Input::Performed { step, result }));
                    });
                }
                Command::Observe { kind } => {
                    let (world, known, sender) = (world.clone(), run.known().clone(), sender.clone());
                    tokio::spawn(async move {
                        let asked = kind.clone();
                        let result = alone(async move { world.observe(&asked, &known).await }).await;
                        let _ = sender.send(Signal::Input(Input::Observed { kind, result }));
                    });
                }
                Command::Explain { incident } => {
                    stories += 1;
                    let (world, known, sender) = (world.clone(), run.known().clone(), sender.clone());
                    tokio::spawn(async move {
                        let asked = incident.clone();
                        let diagnosis = alone(async move { Ok(world.explain(&asked, &known).await) }).await;
                        let diagnosis = diagnosis.ok().flatten().unwrap_or(Event::Diagnosis {
                            address: incident.address,
                            subject: incident.subject,
                            title: "something went wrong, and AWS no longer says what".to_owned(),
                            lines: Vec::new(),
                            hints: Vec::new(),
                        });
                        let _ = sender.send(Signal::Diagnosis(diagnosis));
                    });
                }
            }
        }
        if let (Some(outcome), 0) = (ended, stories) {
            let event = run.summary(outcome, now);
            let postponed = if let Event::RunFinished { postponed, .. } = &event { *postponed } else { 0 };
            say(Stamped { at: now, event });
            // What ended well has been seen.
            let unseen = if outcome == Outcome::Done { 0.0 } else { run.unseen(now) };
            return Ok(Report {
                outcome,
                known: run.known().clone(),
                failures,
                postponed,
                done,
                unseen,
                young: run.young(now),
            });
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
                        stories -= 1;
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

/// Makes a call in a task of its own, so that a panic in it is a failed call and not an answer waited for in vain.
async fn alone<T: Send + 'static>(
    call: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(call).await {
        Ok(result) => result,
        Err(error) => Err(Failure::of(Cause::Internal, format!("a fault in this program: {error}"))),
    }
}
