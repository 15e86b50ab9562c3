//! The asynchronous shell, on a paused clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::cases::{KINDS, step};
use crate::engine::address::Address;
use crate::engine::clock::Clock;
use crate::engine::drive::{Report, World, drive};
use crate::engine::event::{Event, Outcome, Stamped};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Live, Observation, Phase};
use crate::engine::plan::{Action, After, Plan, Purpose, Step, Target};
use crate::engine::reference::{Known, Need, Outputs};
use crate::engine::run::Made;

/// Calls take a second; everything is ready when seen for the second time. Names say what goes wrong.
#[derive(Default)]
struct Scripted {
    polls: Mutex<BTreeMap<String, u32>>,
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned())])
}

#[async_trait]
impl World for Scripted {
    async fn perform(&self, step: &Step, known: &Known, attempt: u32) -> Result<Made, Failure> {
        sleep(Duration::from_secs(1)).await;
        match (step.address.name(), attempt) {
            ("throttled", 1) => Err(Failure::of(Cause::Throttled, "slow down")),
            ("panics", _) => panic!("a fault"),
            ("needs-quick", _) => {
                let id = &known[&Address::new("quick", "a")]["id"];
                Ok(Made { id: id.clone(), outputs: outputs(id) })
            }
            (name, _) => Ok(Made { id: format!("id-{name}"), outputs: outputs(&format!("id-{name}")) }),
        }
    }

    async fn observe(&self, kind: &str, known: &Known) -> Result<Observation, Failure> {
        let polls = {
            let mut polls = self.polls.lock().unwrap();
            *polls.entry(kind.to_owned()).and_modify(|polls| *polls += 1).or_insert(1)
        };
        if known.keys().any(|address| address.kind() == kind && address.name() == "unseen") {
            panic!("a fault");
        }
        let phase = if polls > 1 { Phase::Ready } else { Phase::Pending("starting".to_owned()) };
        let of_kind = known.iter().filter(|(address, _)| address.kind() == kind);
        let live = of_kind.map(|(address, outputs)| Live {
            address: address.clone(),
            id: outputs["id"].clone(),
            outputs: outputs.clone(),
            phase: phase.clone(),
            spec: Value::Null,
            tags: BTreeMap::new(),
        });
        let incident = Incident { address: format!("{kind}/main").parse().unwrap(), subject: "arn-1".to_owned() };
        Ok(Observation { live: live.collect(), incidents: vec![incident] })
    }

    /// Takes longer than everything else.
    async fn explain(&self, incident: &Incident, _known: &Known) -> Option<Event> {
        sleep(Duration::from_secs(1000)).await;
        (incident.address.kind() == "short").then(|| Event::Diagnosis {
            address: incident.address.clone(),
            subject: incident.subject.clone(),
            title: "a task stopped".to_owned(),
            lines: Vec::new(),
            hints: Vec::new(),
        })
    }
}

fn create(address: &str, after: Option<usize>) -> Step {
    let after = after.map(|step| After { step, need: Need::Ready });
    Step { after: after.into_iter().collect(), ..step(address.parse().unwrap(), Action::Create, None) }
}

/// Drives the steps, interrupting after so many seconds; gives the report and the codes of all events with their times.
async fn driven(steps: Vec<Step>, interrupt: Option<u64>) -> (Report, Vec<String>) {
    let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
    let mut plan = Plan::empty(Purpose::Apply, target);
    plan.steps = steps;
    let (stop, stopped) = mpsc::channel(2);
    if let Some(seconds) = interrupt {
        tokio::spawn(async move {
            sleep(Duration::from_secs(seconds)).await;
            stop.send(()).await.unwrap();
        });
    }
    let mut said = Vec::new();
    let say = |Stamped { at, event }: Stamped| {
        let json = serde_json::to_value(&event).unwrap();
        let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        said.push(format!("{at:.0} {} {}", text("code"), text("address")).trim().to_owned());
    };
    let world = Arc::new(Scripted::default());
    let driving = drive(Arc::new(plan), KINDS.as_slice(), world, Clock::new(1.0), 0.0, stopped, say);
    let report = timeout(Duration::from_secs(100_000), driving).await.expect("the run ends").unwrap();
    (report, said)
}

#[tokio::test(start_paused = true)]
async fn later_steps_get_the_outputs_of_earlier_ones() {
    let (report, said) = driven(vec![create("quick/a", None), create("quick/needs-quick", Some(0))], None).await;
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(report.known[&Address::new("quick", "needs-quick")]["id"], "id-a");
    assert_eq!(
        said,
        [
            "0 step-started quick/a",
            "1 step-accepted quick/a",
            "1 step-done quick/a",
            "1 step-started quick/needs-quick",
            "2 step-accepted quick/needs-quick",
            "2 step-done quick/needs-quick",
            "2 run-finished",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn it_wakes_for_retries_and_polls_and_waits_for_diagnoses_before_it_ends() {
    let (report, said) = driven(vec![create("short/throttled", None)], None).await;
    assert_eq!(report.outcome, Outcome::Done);
    assert_eq!(
        said,
        [
            "0 step-started short/throttled",
            "1 step-retrying short/throttled",
            "2 step-started short/throttled",
            "3 step-accepted short/throttled",
            "6 step-waiting short/throttled",
            "8 step-done short/throttled",
            "1006 story short/main",
            "1006 run-finished",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_unexplained_incident_is_reported_all_the_same() {
    let (_, said) = driven(vec![create("slow/a", None)], None).await;
    assert!(said.iter().any(|line| line.ends_with("story slow/main")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_waits_for_the_call_in_flight() {
    let (report, said) = driven(vec![create("slow/a", None), create("quick/b", Some(0))], Some(0)).await;
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert_eq!(said, ["0 step-started slow/a", "0 interrupting", "1 step-accepted slow/a", "1 run-finished"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_call_is_a_failed_step_and_not_a_hang() {
    let (report, _) = driven(vec![create("quick/panics", None), create("short/unseen", None)], None).await;
    assert_eq!(report.outcome, Outcome::Failed);
    let failures: Vec<_> = report.failures.iter().map(|(address, failure)| (address.as_str(), failure.cause)).collect();
    assert_eq!(failures, [("quick/panics", Cause::Internal), ("short/unseen", Cause::Internal)]);
}

#[tokio::test(start_paused = true)]
async fn a_faster_clock_waits_less() {
    let start = tokio::time::Instant::now();
    let clock = Clock::new(60.0);
    sleep(clock.real(120.0)).await;
    assert_eq!((clock.now().round(), start.elapsed().as_secs()), (120.0, 2));
}
