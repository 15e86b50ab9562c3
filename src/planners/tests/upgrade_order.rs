//! What comes before what in every upgrade, whatever else changes with it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::converge_properties::edited;
use super::samples::{KINDS, Sample, address, deployed, plan, steps, target};
use crate::engine::address::Address;
use crate::engine::plan::{Action, Plan, Reason, Stage, Step, Until};
use crate::engine::queue::Queue;
use crate::engine::reference::{Need, Ref};
use crate::kinds::names;
use crate::planners::intent::{Intent, Mark, Work};
use crate::planners::upgrade::{DataTask, Upgrade, add_upgrade_steps, restore};
use crate::planners::upstream::upstream;

pub fn intent(mark: Mark) -> Intent {
    let (from, to) = ("4.2.0".to_owned(), "5.0.0".to_owned());
    Intent {
        id: "1a2b3c4d".to_owned(),
        work: Work::Upgrade,
        from,
        to,
        revision: 1,
        count: 1,
        backup: true,
        mark,
        point: None,
    }
}

pub fn upgrade(mark: Mark, opens: bool) -> Upgrade {
    Upgrade {
        intent: intent(mark),
        opens,
        point: None,
        data_tasks: Vec::new(),
        deadline: 1200.0,
        watch: 60.0,
        consequence: None,
    }
}

/// A data step with so many things made for it alone.
pub fn data_task(number: usize, tools: usize) -> DataTask {
    let main = Ref::<()>::output(Address::new("file-system", "main"), "id", Need::Ready);
    DataTask {
        consequence: "writes data that the previous release may be unable to read",
        address: Address::new("data-step", &format!("step-{number}-1a2b3c4d")),
        about: format!("do the work {number}"),
        spec: json!({}),
        patience: 900.0,
        changes_data: number % 2 == 1,
        tools: (0..tools)
            .map(|tool| {
                (Address::new("access-point", &format!("tool-{number}-{tool}")), json!({ "file_system": main }))
            })
            .collect(),
    }
}

/// A deployment before and after a change of the images, and of much else; the number of its service.
#[derive(Clone, Debug)]
struct Case {
    before: Vec<Sample>,
    after: Vec<Sample>,
    service: usize,
    upgrade: Upgrade,
}

fn case() -> impl Strategy<Value = Case> {
    let made = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let data_tasks = prop::collection::vec(0..3_usize, 0..4);
    (edited(9), any::<Index>(), made, data_tasks).prop_map(|((mut before, mut after), at, made, tools)| {
        let (opens, backup, new_vault, new_role) = made;
        for sample in before.iter_mut().chain(&mut after) {
            // One service, which comes below.
            if KINDS[sample.kind].name == "service" {
                *sample = Sample::new("plain");
            }
        }
        let service = 3 + at.index(before.len().min(after.len()) + 1);
        for (samples, note) in [(&mut before, "the old image"), (&mut after, "the new image")] {
            let image = Sample { note: note.to_owned(), ..Sample::new("revision") };
            samples.splice(service - 3..service - 3, [image, Sample::new("service").linked(service - 1)]);
            samples.splice(0..0, [Sample::new("vault"), Sample::new("plain")]);
        }
        // What the recovery point needs is there, or is made for it; nothing of this kind is ever deleted.
        before[0] = if new_vault { Sample::new("shared") } else { Sample::new("vault") };
        before[1] = if new_role { Sample::new("shared") } else { Sample::new("plain") };
        let made = |to: &str| Ref::<()>::output(to.parse().unwrap(), "id", Need::Ready);
        let point = backup.then(|| json!({ "vault": made("vault/r0"), "role": made("plain/r1") }));
        let data_tasks = tools.into_iter().enumerate().map(|(number, tools)| data_task(number, tools)).collect();
        let upgrade = Upgrade { point, data_tasks, ..upgrade(Mark::Stop, opens) };
        Case { before, after, service, upgrade }
    })
}

/// A plan, and what comes before each of its steps.
struct Order {
    plan: Plan,
    before: Vec<BTreeSet<usize>>,
}

impl Order {
    fn of(plan: Plan) -> Self {
        let before = (0..plan.steps.len()).map(|step| upstream(&plan.steps, step)).collect();
        Self { plan, before }
    }

    fn all(&self, is_it: impl Fn(&Step) -> bool) -> Vec<usize> {
        (0..self.plan.steps.len()).filter(|step| is_it(&self.plan.steps[*step])).collect()
    }

    /// The one step of this sort.
    fn one(&self, is_it: impl Fn(&Step) -> bool) -> usize {
        let found = self.all(is_it);
        assert_eq!(found.len(), 1, "{found:?} in {:?}", steps(&self.plan));
        found[0]
    }

    /// Whether in every order that the plan allows the one step comes before the other.
    fn is_before(&self, earlier: usize, later: usize) -> bool {
        earlier != later && self.before[later].contains(&earlier)
    }
}

/// True for a step that writes or clears the intent.
fn is_note(step: &Step) -> bool {
    step.action == Action::Update && step.changes.iter().all(|change| change.property == "tags.ce-aws:intent")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_stages_come_one_after_the_other(case in case()) {
        let mut account = deployed(&case.before);
        let service = account.at(&address(&case.before, case.service)).clone();
        let mut woven = plan(&case.after, &account);
        add_upgrade_steps(&mut woven, &service, &case.upgrade);
        prop_assert!(Queue::new(&woven.steps, &[]).is_ok(), "a circle: {:?}", steps(&woven));

        let order = Order::of(woven);
        let is_service = |step: &Step| step.address == service.address;
        let noted = |stage| order.all(|step| is_service(step) && is_note(step) && step.stage == Some(stage));
        let fence = order.one(|step| is_service(step) && step.until == Until::Idle);
        let start = order.one(|step| is_service(step) && step.action == Action::Update && !is_note(step));
        let prove = order.one(|step| is_service(step) && step.until == Until::STAYS_READY);
        let runs = order.all(|step| step.action == Action::Run);
        let mut chain = noted(Stage::Record);
        prop_assert_eq!(chain.len(), usize::from(case.upgrade.opens));
        chain.push(fence);
        let point = order.all(|step| step.address.kind() == "recovery-point");
        prop_assert_eq!(point.len(), usize::from(case.upgrade.point.is_some()));
        chain.extend(&point);
        // The data steps, in the order of the catalogue; the record stands before the first that changes data.
        prop_assert_eq!(runs.len(), case.upgrade.data_tasks.len());
        let harmless = case.upgrade.data_tasks.iter().take_while(|data_task| !data_task.changes_data).count();
        let data = noted(Stage::Data);
        prop_assert_eq!(data.len(), usize::from(harmless < runs.len()));
        chain.extend(runs.iter().take(harmless).chain(&data).chain(runs.iter().skip(harmless)));
        let mark = noted(Stage::Start);
        prop_assert_eq!(mark.len(), 1);
        chain.extend(mark.iter().chain([&start, &prove]));
        let commit = noted(Stage::Commit);
        prop_assert_eq!(commit.len(), usize::from(case.upgrade.opens));
        chain.extend(&commit);
        for pair in chain.windows(2) {
            prop_assert!(order.is_before(pair[0], pair[1]), "{:?} does not wait for {:?}",
                order.plan.steps[pair[1]], order.plan.steps[pair[0]]);
        }
        prop_assert_eq!(order.plan.steps[start].until, Until::READY_WITHOUT_FAILURE);

        // Nothing stops or starts before it is written down, and before what a recovery point needs is there.
        let makes = |step: &Step| ["vault/r0", "plain/r1"].contains(&step.address.as_str());
        let makers = order.all(|step| case.upgrade.point.is_some() && makes(step));
        for moves in order.all(|step| is_service(step) && !is_note(step) && !step.is_recheck()) {
            for earlier in chain.iter().take(usize::from(case.upgrade.opens)) {
                prop_assert!(order.is_before(*earlier, moves));
            }
            for maker in makers.iter().filter(|_| case.upgrade.opens) {
                prop_assert!(order.is_before(*maker, moves));
            }
        }
        for (maker, point) in makers.iter().flat_map(|maker| point.iter().map(move |point| (maker, point))) {
            prop_assert!(order.is_before(*maker, *point));
        }

        // Nothing goes before all is well, but for what the new task has to have in its place.
        let last = *chain.last().unwrap();
        for delete in order.all(|step| step.action == Action::Delete) {
            prop_assert!(order.is_before(delete, start) != order.is_before(last, delete));
            if order.is_before(delete, start) {
                let reason = &order.plan.steps[delete].reason;
                prop_assert!(matches!(reason, Reason::Replaced(_) | Reason::Twin), "{:?}", reason);
            }
        }
        prop_assert!(order.is_before(last, order.one(|step| step.action == Action::Prune)));

        // Each data step has its tools, and only between its predecessor and its successor.
        for (data_task, run) in case.upgrade.data_tasks.iter().zip(&runs) {
            prop_assert_eq!(&order.plan.steps[*run].address, &data_task.address);
            for (tool, _) in &data_task.tools {
                let made = order.one(|step| step.action == Action::Create && &step.address == tool);
                let gone = order.one(|step| step.action == Action::Delete && &step.address == tool);
                prop_assert!(order.is_before(fence, made) && order.is_before(made, *run));
                prop_assert!(order.is_before(*run, gone));
            }
        }
    }

    /// Where no other task is to come, it is only watched.
    #[test]
    fn a_plan_that_replaces_no_task_is_only_verified(case in case(), is_open: bool) {
        let mut account = deployed(&case.before);
        let mut service = account.at(&address(&case.before, case.service)).clone();
        if is_open {
            service.tags.insert(names::INTENT.to_owned(), case.upgrade.intent.to_string());
        }
        let mut woven = plan(&case.before, &account);
        prop_assert!(woven.is_empty());
        add_upgrade_steps(&mut woven, &service, &Upgrade { opens: false, ..case.upgrade });
        let what: Vec<_> = woven.steps.iter().map(|step| (step.action, step.stage)).collect();
        let mut wanted = vec![(Action::Verify, Some(Stage::Verify)), (Action::Prune, Some(Stage::Commit))];
        if is_open {
            wanted.insert(1, (Action::Update, Some(Stage::Commit)));
        }
        prop_assert_eq!(what, wanted);
    }
}

#[test]
fn consequences_are_shown_at_the_start_and_at_the_data_steps() {
    let old = [Sample::new("revision"), Sample::new("service").linked(0)];
    let mut account = deployed(&old);
    let service = account.at("service/r1").clone();
    let new = [Sample { note: "the new image".to_owned(), ..Sample::new("revision") }, old[1].clone()];
    let mut woven = plan(&new, &account);
    let consequence = Some("there is no rollback".to_owned());
    add_upgrade_steps(
        &mut woven,
        &service,
        &Upgrade { consequence, data_tasks: vec![data_task(0, 0), data_task(1, 0)], ..upgrade(Mark::Stop, true) },
    );
    let said: Vec<_> = woven.steps.iter().filter(|step| !step.consequences.is_empty()).collect();
    let said: Vec<_> = said.iter().map(|step| (step.stage, step.consequences.join("; "))).collect();
    assert_eq!(
        said,
        [
            (Some(Stage::Fence), "Cloud Exchange is down until the new task is healthy".to_owned()),
            (Some(Stage::Start), "there is no rollback".to_owned()),
            (Some(Stage::Data), "writes data that the previous release may be unable to read".to_owned()),
        ]
    );
}

/// An organization may deny what is made without the tags that it demands.
#[test]
fn temporary_resources_have_the_tags_of_the_plan_file() {
    let old = [Sample::new("revision"), Sample::new("service").linked(0).tagged("cost", "42").tagged("Name", "ui")];
    let mut account = deployed(&old);
    account.at("service/r1").tags.insert("added-by".to_owned(), "somebody else".to_owned());
    let service = account.at("service/r1").clone();
    let new = [Sample { note: "the new image".to_owned(), ..Sample::new("revision") }, old[1].clone()];
    let mut woven = plan(&new, &account);
    let point = Some(serde_json::json!({}));
    add_upgrade_steps(
        &mut woven,
        &service,
        &Upgrade { point, data_tasks: vec![data_task(0, 1)], ..upgrade(Mark::Stop, true) },
    );
    let is_made = |step: &&Step| {
        let is_tool = step.stage == Some(Stage::Data) && step.action == Action::Create;
        is_tool || step.action == Action::Run || step.address.kind() == "recovery-point"
    };
    let made: Vec<_> = woven.steps.iter().filter(is_made).collect();
    assert_eq!(made.len(), 3, "a recovery point, a tool and a data step");
    for step in made {
        let foreign = step.tags.keys().map(String::as_str).filter(|key| !key.starts_with(names::PREFIX));
        assert_eq!(foreign.collect::<Vec<_>>(), ["cost"], "{}", step.address);
        assert_eq!(step.tags["cost"], "42");
    }
}

#[test]
fn a_recovery_point_is_put_into_use_when_everything_is_stopped() {
    let mut account = deployed(&[Sample::new("revision"), Sample::new("service").linked(0)]);
    let service = account.at("service/r1").clone();
    for opens in [true, false] {
        let upgrade = Upgrade { opens, ..upgrade(Mark::Back, opens) };
        let spec = json!({ "recovery_point": "arn" });
        let order = Order::of(restore(&account.inventory(), target(), &service, &upgrade, &spec));
        let fence = order.one(|step| step.until == Until::Idle);
        let made = order.one(|step| step.action == Action::Create && step.address.as_str() == "restore/1a2b3c4d");
        let promoted = order.one(|step| step.action == Action::Promote && step.address.as_str() == "restore/1a2b3c4d");
        assert!(order.is_before(fence, made) && order.is_before(made, promoted));
        assert_eq!((&order.plan.steps[made].spec, order.plan.steps[made].until), (&spec, Until::READY));
        let record = order.all(is_note_of_value);
        assert_eq!(record.len(), usize::from(opens));
        assert!(record.iter().all(|record| order.is_before(*record, fence)));
        // The service is left at zero: what follows is planned when the restored file system is there.
        assert_eq!(order.plan.steps.len(), 3 + record.len());
    }
}

fn is_note_of_value(step: &Step) -> bool {
    step.changes.iter().any(|change| change.property == "tags.ce-aws:intent" && change.to != Value::Null)
}
