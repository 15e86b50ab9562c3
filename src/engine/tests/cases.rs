//! Random plans, and what the world does with them.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::engine::address::Address;
use crate::engine::failure::Cause;
use crate::engine::kind::{Kind, Part, Seconds};
use crate::engine::plan::{Action, After, Plan, Purpose, Reason, Step, Target, Until};
use crate::engine::reference::Need;

const fn kind(name: &'static str, ready: f64, gone: f64, patience: f64) -> Kind {
    Kind { seconds: Seconds { create: 1.0, ready, gone, patience }, ..Kind::new(name, Part::Network) }
}

/// Kinds of every speed.
pub const KINDS: [Kind; 5] = [
    kind("quick", 0.0, 0.0, 60.0),
    kind("short", 3.0, 3.0, 60.0),
    kind("sticky", 0.0, 20.0, 200.0),
    kind("slow", 100.0, 60.0, 400.0),
    kind("task", 150.0, 90.0, 600.0),
];

const CAUSES: [Cause; 14] = [
    Cause::Throttled,
    Cause::Unavailable,
    Cause::NotYetVisible,
    Cause::NotYetTrusted,
    Cause::StillHeld,
    Cause::HeldByOthers,
    Cause::Gone,
    Cause::Taken,
    Cause::Denied,
    Cause::Quota,
    Cause::Cooldown,
    Cause::Refused,
    Cause::Unsettled,
    Cause::Internal,
];

/// How a step ends in the world after its call was accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Well,
    Fails,
    Vanishes,
    Never,
}

/// What the world does with one step.
#[derive(Clone, Debug)]
pub struct Script {
    /// The answers to the first attempts; the next one is accepted.
    pub refusals: Vec<Cause>,
    /// Seconds from call to answer.
    pub latency: f64,
    /// Seconds from effect to ready, idle or gone.
    pub settle: f64,
    pub ending: Ending,
}

/// What the world does with one poll; polls take turns.
#[derive(Clone, Debug)]
pub struct PollScript {
    pub latency: f64,
    /// Whether it shows what was there when it was asked for, rather than when it was answered.
    pub stale: bool,
    pub failure: Option<Cause>,
    /// Something that went wrong meanwhile.
    pub incident: Option<u8>,
}

/// A plan and its world.
#[derive(Clone, Debug)]
pub struct Case {
    pub plan: Arc<Plan>,
    /// By step.
    pub scripts: Vec<Script>,
    pub polls: Vec<PollScript>,
    pub interrupt: Option<f64>,
}

#[derive(Clone, Debug)]
struct Sketch {
    kind: usize,
    action: Action,
    /// Continues with the resource of an earlier step.
    continues: Option<Index>,
    after: Vec<(Index, bool)>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let action = prop_oneof![
        4 => Just(Action::Create),
        2 => Just(Action::Delete),
        1 => Just(Action::Update),
        1 => Just(Action::Stop),
        2 => Just(Action::Verify),
        1 => Just(Action::Unprotect),
    ];
    let after = prop::collection::vec((any::<Index>(), any::<bool>()), 0..4);
    let continues = prop::option::weighted(0.2, any::<Index>());
    let parts = (0..KINDS.len(), action, continues, after);
    parts.prop_map(|(kind, action, continues, after)| Sketch { kind, action, continues, after })
}

fn hostile_script() -> impl Strategy<Value = Script> {
    let cause = prop_oneof![
        3 => prop::sample::select(&CAUSES[..5]),
        1 => prop::sample::select(&CAUSES[..]),
    ];
    let refusals = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(cause, 1..4)];
    let ending = prop_oneof![
        12 => Just(Ending::Well),
        1 => Just(Ending::Fails),
        1 => Just(Ending::Vanishes),
        1 => Just(Ending::Never),
    ];
    (refusals, 0.0..20.0_f64, 0.0..250.0_f64, ending).prop_map(|(refusals, latency, settle, ending)| Script {
        refusals,
        latency,
        settle,
        ending,
    })
}

fn hostile_poll() -> impl Strategy<Value = PollScript> {
    let failure = prop_oneof![
        12 => Just(None),
        2 => prop::sample::select(&CAUSES[..2]).prop_map(Some),
        1 => prop::sample::select(&CAUSES[..]).prop_map(Some),
    ];
    (0.0..6.0_f64, any::<bool>(), failure, prop::option::weighted(0.1, 0..3_u8))
        .prop_map(|(latency, stale, failure, incident)| PollScript { latency, stale, failure, incident })
}

/// A plan of up to `longest` steps in a world where everything may go wrong.
pub fn hostile(longest: usize) -> impl Strategy<Value = Case> {
    let steps = prop::collection::vec((sketch(), hostile_script()), 1..=longest);
    let polls = prop::collection::vec(hostile_poll(), 1..12);
    let interrupt = prop::option::weighted(0.4, 0.0..400.0_f64);
    (shuffled(steps), polls, interrupt).prop_map(|((steps, places), polls, interrupt)| {
        let (sketches, scripts): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let (plan, scripts) = plan(&sketches, &scripts, &places);
        Case { plan, scripts, polls, interrupt }
    })
}

/// A plan of up to `longest` steps in a world where everything takes exactly as long as usual.
pub fn ideal(longest: usize) -> impl Strategy<Value = Case> {
    let acts =
        |sketch: &Sketch| matches!(sketch.action, Action::Create | Action::Delete | Action::Update | Action::Stop);
    let alone = sketch().prop_map(|sketch| Sketch { continues: None, ..sketch }).prop_filter("takes time", acts);
    shuffled(prop::collection::vec(alone, 1..=longest)).prop_map(|(sketches, places)| {
        let scripts: Vec<Script> = sketches.iter().map(usual).collect();
        let (plan, scripts) = plan(&sketches, &scripts, &places);
        let poll = PollScript { latency: 0.0, stale: true, failure: None, incident: None };
        Case { plan, scripts, polls: vec![poll], interrupt: None }
    })
}

fn usual(sketch: &Sketch) -> Script {
    let Seconds { create, ready, gone, .. } = KINDS[sketch.kind].seconds;
    let settle = if matches!(sketch.action, Action::Delete | Action::Stop) { gone } else { ready };
    // The world lets a call take effect half way, and the estimate counts from its answer.
    Script { refusals: Vec::new(), latency: create, settle: settle + create / 2.0, ending: Ending::Well }
}

fn shuffled<T: Clone + std::fmt::Debug>(
    list: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = (Vec<T>, Vec<usize>)> {
    list.prop_flat_map(|list| {
        let places: Vec<usize> = (0..list.len()).collect();
        (Just(list), Just(places).prop_shuffle())
    })
}

/// Steps refer to earlier sketches only, so that there is no circle; `places` says where in the plan each one stands.
fn plan(sketches: &[Sketch], scripts: &[Script], places: &[usize]) -> (Arc<Plan>, Vec<Script>) {
    let mut steps: Vec<(usize, Step, Script)> = Vec::new();
    // The last step of each resource.
    let mut last: Vec<usize> = Vec::new();
    for (number, (sketch, script)) in sketches.iter().zip(scripts).enumerate() {
        let earlier = |index: &Index| index.index(number);
        let continued = sketch.continues.as_ref().filter(|_| !last.is_empty()).map(|index| *index.get(&last));
        let mut step = match continued.filter(|before| steps[*before].1.action != Action::Delete) {
            Some(before) => {
                let address = steps[before].1.address.clone();
                let action = match steps[before].1.action {
                    Action::Stop => Action::Update,
                    _ if address.kind() == "task" => Action::Stop,
                    _ => Action::Verify,
                };
                last.retain(|step| *step != before);
                let after = vec![After { step: places[before], need: Need::Ready }];
                Step { after, ..step(address, action, None) }
            }
            None => {
                let address = Address::new(KINDS[sketch.kind].name, &format!("r{number}"));
                let id = (sketch.action != Action::Create).then(|| format!("old-{number}"));
                step(address, sketch.action, id)
            }
        };
        if number > 0 {
            let waits = sketch.after.iter().map(|(index, ready)| After {
                step: places[earlier(index)],
                need: if *ready { Need::Ready } else { Need::Exists },
            });
            step.after.extend(waits);
        }
        last.push(number);
        steps.push((places[number], step, script.clone()));
    }
    steps.sort_by_key(|(place, ..)| *place);
    let target = Target { deployment: "demo".into(), account: "123456789012".into(), region: "eu-west-1".into() };
    let mut plan = Plan::empty(Purpose::Apply, target);
    let (steps, scripts) = steps.into_iter().map(|(_, step, script)| (step, script)).unzip();
    plan.steps = steps;
    (Arc::new(plan), scripts)
}

/// A step without needs.
pub fn step(address: Address, action: Action, id: Option<String>) -> Step {
    let seconds = KINDS.iter().find(|kind| kind.name == address.kind()).map_or(Seconds::AT_ONCE, |kind| kind.seconds);
    let until = match action {
        Action::Create | Action::Update if seconds.ready > 0.0 => Until::READY,
        Action::Delete if seconds.gone > 0.0 => Until::Gone,
        Action::Stop => Until::Idle,
        Action::Verify => Until::READY,
        _ => Until::Accepted,
    };
    Step { until, id, ..Step::new(address, action, Reason::Missing) }
}
