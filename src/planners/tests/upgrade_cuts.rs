//! Wherever an upgrade is interrupted, one command resumes it and another one rolls it back.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::samples::target;
use super::upgrade_order::{data_task, intent, upgrade};
use super::upgrade_world::{Last, Wanted, World};
use crate::engine::inventory::Live;
use crate::engine::plan::{Action, Plan};
use crate::engine::reference::{Need, Ref};
use crate::kinds::names;
use crate::planners::intent::{Intent, Mark};
use crate::planners::upgrade::{self, Upgrade, add_upgrade_steps};

const OLD: &str = "the old image";
const NEW: &str = "the new image";

#[derive(Clone, Debug)]
struct Case {
    old: Wanted,
    new: Wanted,
    /// How many tools each data step has.
    data_tasks: Vec<usize>,
    weights: Vec<f64>,
}

fn case() -> impl Strategy<Value = Case> {
    let points = || prop::collection::btree_set(0..4_u8, 1..4);
    let things = || prop::collection::vec(0..3_u8, 0..3);
    let wanted = move || (points(), things(), things());
    let weights = prop::collection::vec(0.0..100.0_f64, 1..20);
    let data_tasks = prop::collection::vec(0..2_usize, 0..3);
    (wanted(), wanted(), any::<bool>(), data_tasks, weights).prop_map(|(old, new, vault, data_tasks, weights)| {
        let make = |(points, below, above), image, vault| Wanted { image, points, below, above, vault };
        // A vault that was made stays.
        Case { old: make(old, OLD, false), new: make(new, NEW, vault), data_tasks, weights }
    })
}

impl Case {
    fn names(wanted: &Wanted) -> BTreeSet<String> {
        wanted.points.iter().map(|point| format!("p{point}")).collect()
    }

    fn upgrade(&self, intent: Intent, opens: bool) -> Upgrade {
        let vault = Ref::<()>::output("thing/vault".parse().unwrap(), "id", Need::Ready);
        let data_tasks = self.data_tasks.iter().enumerate().map(|(number, tools)| data_task(number, *tools)).collect();
        let point = self.new.vault.then(|| json!({ "vault": vault }));
        Upgrade { intent, point, data_tasks, ..upgrade(Mark::Stop, opens) }
    }

    /// What `apply` plans: an upgrade where another image is to run.
    fn forward(&self, world: &World) -> Plan {
        let mut plan = world.plan(&self.new);
        let (service, running) = (world.service().unwrap(), in_force(world));
        if running.spec["image"] != NEW {
            let revision = running.outputs["revision"].parse().unwrap();
            add_upgrade_steps(&mut plan, service, &self.upgrade(Intent { revision, ..intent(Mark::Stop) }, true));
        }
        plan
    }

    /// What `upgrade --resume` does, and `apply` where nothing is under way.
    fn resume(&self, world: &World) -> Plan {
        let Some(intent) = world.intent() else { return self.forward(world) };
        let newest = world.revisions.last().unwrap();
        let service = world.service().unwrap();
        upgrade::resume(&world.inventory(), target(), service, newest, &self.upgrade(intent, false))
    }

    /// Whether the upgrade is over and there is nothing to go back from.
    fn is_over(world: &World) -> bool {
        world.intent().is_none() && in_force(world).spec["image"] == NEW
    }

    fn resumes(&self, mut world: World) -> Result<(), TestCaseError> {
        let plan = self.resume(&world);
        prop_assert!(world.execute(&plan, &self.weights, None), "a step fails");
        self.reached(world)
    }

    /// The new release runs, and a plain `apply` brings the rest without touching the task.
    fn reached(&self, mut world: World) -> Result<(), TestCaseError> {
        prop_assert_eq!((world.runs(), world.intent()), (Some(NEW), None));
        let rest = world.plan(&self.new);
        let touches = |plan: &Plan| plan.steps.iter().any(|step| step.action == Action::Stop);
        prop_assert!(!touches(&rest), "{:?}", super::samples::steps(&rest));
        prop_assert!(world.execute(&rest, &self.weights, None));
        prop_assert_eq!(world.points(), Self::names(&self.new));
        prop_assert!(world.plan(&self.new).is_empty());
        // Each done once and in order; only an interrupted one may have been run again.
        let mut done = world.done.clone();
        done.dedup();
        let point = self.new.vault.then(|| "1a2b3c4d".to_owned());
        let steps = (0..self.data_tasks.len()).map(|number| format!("step-{number}-1a2b3c4d"));
        let all: Vec<_> = point.into_iter().chain(steps).collect();
        prop_assert!(done.ends_with(&all), "{done:?}");
        Ok(())
    }

    /// What `upgrade --rollback` does, where the data has not been changed.
    fn back(world: &World) -> Plan {
        let found = world.intent();
        let current = in_force(world);
        let of = |intent: &Intent| {
            let revision = intent.revision.to_string();
            world.revisions.iter().find(|live| live.outputs["revision"] == revision).unwrap()
        };
        let before = found.as_ref().map_or(&current, of);
        let opens = found.as_ref().is_some_and(|intent| intent.mark != Mark::Back);
        let upgrade = Upgrade {
            intent: found.map_or(intent(Mark::Back), |intent| intent.at(Mark::Back)),
            opens,
            ..upgrade(Mark::Back, opens)
        };
        upgrade::back(&world.inventory(), target(), world.service().unwrap(), before, &upgrade)
    }

    fn goes_back(&self, mut world: World) -> Result<(), TestCaseError> {
        let (image, wanted) = if Self::is_over(&world) { (NEW, &self.new) } else { (OLD, &self.old) };
        let plan = Self::back(&world);
        prop_assert!(world.execute(&plan, &self.weights, None), "a step fails");
        prop_assert_eq!((world.runs(), world.intent()), (Some(image), None));
        prop_assert_eq!(world.points(), Self::names(wanted));
        prop_assert_eq!(&world.revisions.last().unwrap().id, &in_force(&world).id);
        // With the plan file as it was, nothing touches the task any more.
        let rest = world.plan(wanted);
        prop_assert!(rest.steps.iter().all(|step| step.action != Action::Stop), "{:?}", super::samples::steps(&rest));
        prop_assert!(world.execute(&rest, &self.weights, None));
        Ok(())
    }

    /// The world at every cut of a plan.
    fn cuts(&self, world: &World, plan: &Plan) -> Vec<World> {
        let ways = [Last::Done, Last::Accepted, Last::Failing];
        let cuts = (1..=plan.steps.len()).flat_map(|after| ways.map(|last| (after, last)));
        let cut = cuts.map(|cut| {
            let mut world = world.clone();
            world.execute(plan, &self.weights, Some(cut));
            world
        });
        cut.collect()
    }
}

fn in_force(world: &World) -> Live {
    world.inventory().live.into_iter().find(|live| live.address.kind() == "task-definition").unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    /// The world objects when a task starts while another one may write.
    #[test]
    fn an_upgrade_interrupted_anywhere_can_be_resumed_or_rolled_back(case in case()) {
        let world = World::running(&case.old);
        let plan = case.forward(&world);
        let mut smooth = world.clone();
        prop_assert!(smooth.execute(&plan, &case.weights, None));
        case.reached(smooth)?;
        for cut in case.cuts(&world, &plan) {
            case.resumes(cut.clone())?;
            case.goes_back(cut)?;
        }
    }

    /// Also when the resumed upgrade or the rollback is interrupted itself.
    #[test]
    fn resuming_and_rolling_back_can_be_interrupted_anywhere(case in case(), first in any::<prop::sample::Index>()) {
        let world = World::running(&case.old);
        let cuts = case.cuts(&world, &case.forward(&world));
        let world = first.get(&cuts);
        for cut in case.cuts(world, &case.resume(world)) {
            case.resumes(cut.clone())?;
            case.goes_back(cut)?;
        }
        // Once a rollback has begun, nothing else can end it.
        let was_over = Case::is_over(world);
        for cut in case.cuts(world, &Case::back(world)) {
            prop_assert!(was_over || !Case::is_over(&cut));
            case.goes_back(cut)?;
        }
    }
}

#[test]
fn steps_done_before_the_mark_are_not_repeated() {
    let wanted = |image| Wanted { image, points: BTreeSet::from([1]), below: vec![], above: vec![], vault: true };
    let case = Case { old: wanted(OLD), new: wanted(NEW), data_tasks: vec![0, 1], weights: vec![] };
    let world = World::running(&case.old);
    for cut in case.cuts(&world, &case.forward(&world)) {
        if cut.intent().is_some_and(|intent| intent.mark == Mark::Start) {
            let again = case.resume(&cut);
            let kinds =
                again.steps.iter().filter(|step| !["service", "task-definition"].contains(&step.address.kind()));
            assert_eq!(kinds.map(|step| step.address.as_str()).collect::<Vec<_>>(), [""; 0]);
            assert!(cut.service().unwrap().tags.contains_key(names::INTENT));
        }
    }
}
