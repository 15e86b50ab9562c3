//! How the engine's cost grows with the number of resources: planning, the queue, the executor's core, and the
//! asynchronous shell around it. `just bench` runs it; times per resource should stay level from one size to the next.
//!
//! The graph is like a stack of Cloud Exchange, only larger: layers of resources of which each needs up to three of
//! the layer before, and one service in the end.

#![expect(clippy::expect_used, reason = "a benchmark may panic")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use ce_aws::engine::address::Address;
use ce_aws::engine::clock::Clock;
use ce_aws::engine::drive::{World, drive};
use ce_aws::engine::estimate;
use ce_aws::engine::event::{Event, Outcome};
use ce_aws::engine::failure::{Cause, Failure};
use ce_aws::engine::graph::{Graph, Handle};
use ce_aws::engine::inventory::{Incident, Inventory, Live, Observation, Phase};
use ce_aws::engine::kind::{Kind, Part, Seconds, Spec};
use ce_aws::engine::plan::{Plan, Step, Target};
use ce_aws::engine::queue::Queue;
use ce_aws::engine::reference::{self, Known, Outputs, Ref};
use ce_aws::engine::run::{Command, Input, Made, Run};
use ce_aws::planners::converge::{self, converge};
use ce_aws::planners::teardown::{self, teardown};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const WIDTH: usize = 24;

const fn kind(name: &'static str, ready: f64, gone: f64) -> Kind {
    Kind { seconds: Seconds { create: 1.0, ready, gone, patience: 1200.0 }, ..Kind::new(name, Part::Network) }
}

const KINDS: [Kind; 8] = [
    kind("subnet", 0.0, 0.0),
    kind("role", 0.0, 0.0),
    kind("group", 0.0, 0.0),
    kind("access-point", 3.0, 3.0),
    kind("mount-target", 85.0, 20.0),
    kind("gateway", 105.0, 60.0),
    kind("balancer", 150.0, 10.0),
    Kind { fenced: &["needs"], ..kind("service", 150.0, 90.0) },
];

#[derive(Serialize, Deserialize)]
struct Thing<const KIND: usize> {
    note: String,
    size: u32,
    needs: Vec<Ref>,
}

impl<const N: usize> Spec for Thing<N> {
    const KIND: Kind = KINDS[N];
}

fn main() {
    divan::main();
}

fn target() -> Target {
    Target { deployment: "bench".to_owned(), account: "111122223333".to_owned(), region: "us-east-1".to_owned() }
}

/// A graph of so many resources.
fn graph(count: usize) -> Graph {
    let mut graph = Graph::default();
    let mut made: Vec<[Ref; 2]> = Vec::with_capacity(count);
    for number in 0..count {
        // The last one is the service; of the others each layer has all kinds.
        let kind = if number + 1 == count { 7 } else { number % 7 };
        let layer = number / WIDTH * WIDTH;
        let mut needs = Vec::new();
        for nth in 0..3 {
            let before = layer.checked_sub(1 + (number * 7 + nth * 5) % WIDTH);
            needs.extend(before.map(|before| made[before][usize::from(nth == 0)].clone()));
        }
        made.push(add(&mut graph, kind, &format!("r{number}"), needs));
    }
    graph.finish().expect("no circle")
}

fn add(graph: &mut Graph, kind: usize, name: &str, needs: Vec<Ref>) -> [Ref; 2] {
    fn of<const N: usize>(graph: &mut Graph, name: &str, needs: Vec<Ref>) -> [Ref; 2] {
        let tags = BTreeMap::from([("Name".to_owned(), format!("bench {name}")), ("team".to_owned(), "a".to_owned())]);
        let handle: Handle<Thing<N>> = graph.add(name, tags, &Thing { note: "as it is".to_owned(), size: 1, needs });
        [handle.id().any(), handle.ready().any()]
    }
    match kind {
        0 => of::<0>(graph, name, needs),
        1 => of::<1>(graph, name, needs),
        2 => of::<2>(graph, name, needs),
        3 => of::<3>(graph, name, needs),
        4 => of::<4>(graph, name, needs),
        5 => of::<5>(graph, name, needs),
        6 => of::<6>(graph, name, needs),
        _ => of::<7>(graph, name, needs),
    }
}

fn id(address: &Address) -> String {
    format!("id-{address}")
}

fn outputs(address: &Address) -> Outputs {
    Outputs::from([("id".to_owned(), id(address))])
}

fn create(graph: &Graph) -> Plan {
    converge(graph, &Inventory::default(), target(), &KINDS, converge::Options::default())
}

/// What exists when everything of a graph has been created.
fn created(graph: &Graph) -> Inventory {
    let plan = create(graph);
    let known: Known = plan.steps.iter().map(|step| (step.address.clone(), outputs(&step.address))).collect();
    // The service is looked at once more in the end, which makes no second one.
    let live = plan.steps.iter().filter(|step| !step.is_recheck()).map(|step| Live {
        address: step.address.clone(),
        id: id(&step.address),
        outputs: outputs(&step.address),
        phase: Phase::Ready,
        spec: reference::resolve(&step.spec, &known),
        tags: step.tags.clone(),
    });
    Inventory::new(live.collect())
}

#[divan::bench(args = SIZES)]
fn a_graph(bencher: Bencher<'_, '_>, count: usize) {
    bencher.counter(ItemsCount::new(count)).bench(|| graph(count));
}

#[divan::bench(args = SIZES)]
fn plan_of_a_create(bencher: Bencher<'_, '_>, count: usize) {
    let graph = graph(count);
    bencher.counter(ItemsCount::new(count)).bench(|| create(&graph));
}

#[divan::bench(args = SIZES)]
fn plan_without_changes(bencher: Bencher<'_, '_>, count: usize) {
    let graph = graph(count);
    let inventory = created(&graph);
    let plan = || converge(&graph, &inventory, target(), &KINDS, converge::Options::default());
    assert!(plan().is_empty());
    bencher.counter(ItemsCount::new(count)).bench(plan);
}

#[divan::bench(args = SIZES)]
fn plan_of_a_teardown(bencher: Bencher<'_, '_>, count: usize) {
    let inventory = created(&graph(count));
    let plan = || teardown(&inventory, target(), &KINDS, teardown::Options::default(), &[]);
    bencher.counter(ItemsCount::new(count)).bench(plan);
}

#[divan::bench(args = SIZES)]
fn queue(bencher: Bencher<'_, '_>, count: usize) {
    let plan = create(&graph(count));
    let durations = estimate::durations(&plan, KINDS.as_slice());
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let mut queue = Queue::new(&plan.steps, &durations).expect("no circle");
        let mut done = 0;
        while let Some(step) = queue.pop() {
            queue.done(step);
            done += 1;
        }
        assert_eq!(done, plan.steps.len());
    });
}

/// What AWS does with a step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answers {
    AllAccepted,
    /// One in a hundred is denied.
    SomeDenied,
    /// One in ten is throttled once.
    SomeThrottled,
}

impl Answers {
    fn to(self, step: usize, attempt: u32, address: &Address) -> Result<Made, Failure> {
        match self {
            Self::SomeDenied if step % 100 == 99 => Err(Failure::of(Cause::Denied, "may not")),
            Self::SomeThrottled if step % 10 == 9 && attempt == 1 => Err(Failure::of(Cause::Throttled, "too fast")),
            _ => Ok(Made { id: id(address), outputs: outputs(address) }),
        }
    }
}

/// Plays a run in virtual time: a call takes 60 ms, and everything is ready at the first poll.
fn play(plan: &Arc<Plan>, answers: Answers) -> Outcome {
    let mut run = Run::new(plan.clone(), KINDS.as_slice(), 0.0).expect("no circle");
    let mut live: BTreeMap<String, Vec<Live>> = BTreeMap::new();
    let mut coming: VecDeque<(f64, Input)> = VecDeque::new();
    let (mut now, mut wake, mut input) = (0.0, f64::INFINITY, Input::Begin);
    loop {
        for command in run.on(input, now) {
            match command {
                Command::Perform { step, attempt } => {
                    let address = &plan.steps[step].address;
                    let result = answers.to(step, attempt, address);
                    coming.push_back((now + 0.06, Input::Performed { step, result }));
                }
                Command::Observe { kind } => {
                    // What a poll has confirmed is not needed again.
                    let live = live.remove(&kind).unwrap_or_default();
                    let result = Ok(Observation { live, incidents: Vec::new() });
                    coming.push_back((now + 0.06, Input::Observed { kind, result }));
                }
                Command::Wake { at } => wake = at,
                Command::Finish(outcome) => return outcome,
                Command::Say(_) | Command::Explain { .. } => {}
            }
        }
        let next = coming.pop_front_if(|(at, _)| *at <= wake);
        (now, input) = next.unwrap_or_else(|| (std::mem::replace(&mut wake, f64::INFINITY), Input::Woken));
        if let Input::Performed { step, result: Ok(_) } = &input {
            let address = &plan.steps[*step].address;
            live.entry(address.kind().to_owned()).or_default().push(ready(address));
        }
    }
}

fn ready(address: &Address) -> Live {
    Live {
        address: address.clone(),
        id: id(address),
        outputs: outputs(address),
        phase: Phase::Ready,
        spec: serde_json::Value::Null,
        tags: BTreeMap::new(),
    }
}

fn core(bencher: Bencher<'_, '_>, count: usize, answers: Answers) {
    let plan = Arc::new(create(&graph(count)));
    let expected = if answers == Answers::SomeDenied { Outcome::Failed } else { Outcome::Done };
    bencher.counter(ItemsCount::new(count)).bench(|| assert_eq!(play(&plan, answers), expected));
}

#[divan::bench(args = SIZES)]
fn core_all_accepted(bencher: Bencher<'_, '_>, count: usize) {
    core(bencher, count, Answers::AllAccepted);
}

#[divan::bench(args = SIZES)]
fn core_some_denied(bencher: Bencher<'_, '_>, count: usize) {
    core(bencher, count, Answers::SomeDenied);
}

#[divan::bench(args = SIZES)]
fn core_some_throttled(bencher: Bencher<'_, '_>, count: usize) {
    core(bencher, count, Answers::SomeThrottled);
}

/// A world in which everything is accepted at once, and ready; its resources by kind.
struct Eager(BTreeMap<String, Vec<Live>>);

#[async_trait]
impl World for Eager {
    async fn perform(&self, step: &Step, _: &Known, _: u32) -> Result<Made, Failure> {
        Ok(Made { id: id(&step.address), outputs: outputs(&step.address) })
    }

    async fn observe(&self, kind: &str, _: &Known) -> Result<Observation, Failure> {
        Ok(Observation { live: self.0.get(kind).cloned().unwrap_or_default(), incidents: Vec::new() })
    }

    async fn explain(&self, _: &Incident, _: &Known) -> Option<Event> {
        None
    }
}

#[divan::bench(args = [100, 1_000, 10_000])]
fn the_shell(bencher: Bencher<'_, '_>, count: usize) {
    let plan = Arc::new(create(&graph(count)));
    let mut live: BTreeMap<String, Vec<Live>> = BTreeMap::new();
    for step in &plan.steps {
        live.entry(step.address.kind().to_owned()).or_default().push(ready(&step.address));
    }
    let world = Arc::new(Eager(live));
    bencher.counter(ItemsCount::new(count)).bench(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let (_keep, interrupt) = mpsc::channel(1);
        let ended = runtime.expect("a runtime").block_on(async {
            let clock = Clock::new(1.0);
            drive(plan.clone(), KINDS.as_slice(), world.clone(), clock, 0.0, interrupt, |_| {}).await
        });
        assert_eq!(ended.expect("no circle").outcome, Outcome::Done);
    });
}
