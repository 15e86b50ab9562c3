//! Upgrades, restores and their rollbacks: the stop and the start of the task, with steps around them that make the
//! whole resumable and reversible.
//!
//! ```text
//! prepare ─► record ─► fence ─► backup ─► data ─► start ─► verify ─► commit
//! ```
//!
//! First, what the new release needs is created beside the old one. The intent is recorded on the service. Everything
//! is stopped and confirmed stopped, a recovery point is made, the data steps run one after the other, the new task
//! starts and has to stay healthy for a while. Then the intent is cleared, and only then what is no longer needed is
//! deleted.
//!
//! A rollback is the same with the old revision, and so is resuming after an interruption: both are planned from the
//! intent and the inventory.

use serde_json::{Value, json};

use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::plan::{Action, Plan, Purpose, Stage, Step, Target, Until};
use crate::engine::reference;
use crate::kinds::names;

use super::intent::{Intent, Mark, Work};
use super::record;
use super::upstream::upstream;
use super::widen_roles::widen;

mod steps;

use steps::{Chain, fence, note, of_service, staged};

/// A task that runs once while nothing else does.
#[derive(Clone, Debug)]
pub struct DataTask {
    pub address: Address,
    /// What it does: "set MongoDB's feature compatibility version to 5.0".
    pub about: String,
    pub spec: Value,
    /// Seconds.
    pub patience: f64,
    /// Whether the previous release may be unable to read what it writes.
    pub changes_data: bool,
    /// What that means for the data, where it changes them.
    pub consequence: &'static str,
    /// What is created for it alone and deleted after it.
    pub tools: Vec<(Address, Value)>,
}

/// What surrounds the replacement of the task.
#[derive(Clone, Debug)]
pub struct Upgrade {
    pub intent: Intent,
    /// Whether this plan records the intent; otherwise it was found.
    pub opens: bool,
    /// The specification of the recovery point; `None` makes none.
    pub point: Option<Value>,
    pub data_tasks: Vec<DataTask>,
    /// Seconds in which the new task has to become healthy.
    pub deadline: f64,
    /// Seconds for which it has to stay so.
    pub watch: f64,
    /// What the user must know before it starts: what a rollback costs.
    pub consequence: Option<String>,
}

impl Upgrade {
    fn purpose(&self) -> Purpose {
        match self.intent.work {
            _ if self.intent.mark.is_back() => Purpose::Rollback,
            Work::Restore | Work::Load => Purpose::Restore,
            Work::Upgrade => Purpose::Upgrade,
        }
    }

    /// How the new task has to become ready. A rollback tolerates failures on the way.
    fn until(&self) -> Until {
        if self.intent.mark.is_back() { Until::READY } else { Until::READY_WITHOUT_FAILURE }
    }
}

/// Makes an upgrade of a plan that stops the service and starts it with another revision. A plan that does neither is
/// only verified and committed.
pub fn add_upgrade_steps(plan: &mut Plan, service: &Live, upgrade: &Upgrade) {
    plan.purpose = upgrade.purpose();
    let is_open = upgrade.opens || service.tags.contains_key(names::INTENT);
    let ends = stop_and_start(plan, &service.address);
    let narrowing = ends.map(|(_, start)| widen(plan, start)).unwrap_or_default();
    if let Some((fence, start)) = ends {
        between(plan, service, upgrade, fence, start);
    }
    let already_started = plan.positions(|step| step.stage == Some(Stage::Start) && step.action == Action::Verify);
    let mut chain = Chain { last: ends.map(|(_, start)| start), plan };
    let why = format!("it has to stay healthy for {:.0} s", upgrade.watch);
    let mut verify = of_service(service, Action::Verify, Stage::Verify, why).after(already_started);
    (verify.until, verify.patience) = (Until::STAYS_READY, Some(upgrade.watch));
    chain.then(verify);
    if is_open {
        let why = "complete: nothing is left to resume or to roll back";
        chain.then(note(service, Some(&upgrade.intent), None, Stage::Commit, why));
    }
    let Chain { plan, last } = chain;
    let needed = ends.map(|(_, start)| upstream(&plan.steps, start)).unwrap_or_default();
    for (index, step) in plan.steps.iter_mut().enumerate() {
        if step.action == Action::Delete && !needed.contains(&index) {
            step.wait_for(last);
            step.stage = Some(Stage::Commit);
        }
    }
    let why = "old revisions that no rollback needs any more";
    let prune = staged(Address::new("task-definition", "main"), Action::Prune, Stage::Commit, why);
    for step in narrowing.into_iter().chain([prune]) {
        plan.push(step.after(last));
    }
}

/// Everything between the stop and the start.
fn between(plan: &mut Plan, service: &Live, upgrade: &Upgrade, fence: usize, start: usize) {
    let intent = &upgrade.intent;
    for index in upstream(&plan.steps, start) {
        plan.steps[index].stage.get_or_insert(Stage::Prepare);
    }
    plan.steps[fence].stage = Some(Stage::Fence);
    plan.steps[start].stage = Some(Stage::Start);
    if upgrade.opens {
        let mut record = note(service, None, Some(intent), Stage::Record, steps::RECORD);
        record.after.clone_from(&plan.steps[fence].after);
        // Nothing stops before everything exists that the backup will need.
        let needed: Vec<usize> = upgrade.point.iter().flat_map(|spec| makers(plan, spec)).collect();
        let record = plan.push(record.after(needed));
        plan.steps[fence].wait_for([record]);
    }
    let mut chain = Chain { plan, last: Some(fence) };
    let point = || Address::new("recovery-point", &intent.id);
    if intent.mark == Mark::Back && intent.backup {
        let why = "a backup that is still running would be inconsistent once the task starts";
        chain.then(staged(point(), Action::Stop, Stage::Fence, why));
    }
    if let Some(spec) = &upgrade.point {
        let why = "a recovery point, before anything changes the data";
        let needed: Vec<usize> = makers(chain.plan, spec).collect();
        let mut backup = staged(point(), Action::Create, Stage::Backup, why).after(needed);
        backup.tags = record::of_plan_file(&service.tags);
        backup.tags.insert(names::RELEASE.to_owned(), intent.from.clone());
        (backup.until, backup.spec) = (Until::READY, spec.clone());
        chain.then(backup);
    }
    // ECS forgets a task after an hour; the record says that it may have changed the data. Steps before that leave data
    // that the previous release can read: a rollback needs no recovery point yet.
    let first_change = upgrade.data_tasks.iter().position(|data_task| data_task.changes_data);
    for (index, data_task) in upgrade.data_tasks.iter().enumerate() {
        if intent.mark == Mark::Stop && first_change == Some(index) {
            let why = match intent.work {
                Work::Load => "from here on the database is being replaced",
                _ => "from here on a data step may have changed the data",
            };
            chain.then(note(service, Some(intent), Some(&intent.at(Mark::Data)), Stage::Data, why));
        }
        run(&mut chain, service, data_task, fence);
    }
    if intent.mark < Mark::Start {
        let why = match intent.work {
            Work::Load => "from here on Cloud Exchange may run on the restored data",
            _ => "from here on the new release may change the data",
        };
        chain.then(note(service, Some(intent), Some(&intent.at(Mark::Start)), Stage::Start, why));
    }
    let Chain { plan, last } = chain;
    let begin = &mut plan.steps[start];
    begin.wait_for(last);
    (begin.until, begin.patience) = (upgrade.until(), Some(upgrade.deadline));
    begin.consequences.extend(upgrade.consequence.clone());
}

/// One data step, with its tools before and after it.
fn run(chain: &mut Chain<'_>, service: &Live, data_task: &DataTask, fence: usize) {
    let tags = record::of_plan_file(&service.tags);
    let last = chain.last;
    let mut made = Vec::new();
    for (address, spec) in &data_task.tools {
        // An interrupted run may have left it.
        let id = chain.plan.known.get(address).and_then(|outputs| outputs.get("id")).cloned();
        let action = if id.is_some() { Action::Verify } else { Action::Create };
        let mut tool = staged(address.clone(), action, Stage::Data, "needed by the next step").after(last);
        (tool.until, tool.spec, tool.id, tool.tags) = (Until::READY, spec.clone(), id, tags.clone());
        tool.tags.insert(names::DEPLOYMENT.to_owned(), chain.plan.target.deployment.clone());
        tool.tags.insert(names::ADDRESS.to_owned(), address.to_string());
        made.push(chain.plan.push(tool));
    }
    let mut step = staged(data_task.address.clone(), Action::Run, Stage::Data, &data_task.about);
    (step.until, step.spec, step.patience) = (Until::READY, data_task.spec.clone(), Some(data_task.patience));
    step.tags = tags;
    if data_task.changes_data {
        step.consequences.push(data_task.consequence.to_owned());
    }
    // The fence waits for the mount targets and access points that the task needs.
    step.after.clone_from(&chain.plan.steps[fence].after);
    let ran = chain.then(step.after(made));
    for (address, _) in &data_task.tools {
        let is_deleted = |step: &Step| &step.address == address && step.action == Action::Delete;
        if !chain.plan.steps.iter().any(is_deleted) {
            let delete = staged(address.clone(), Action::Delete, Stage::Data, "no longer needed").after([ran]);
            chain.plan.push(Step { until: Until::Gone, ..delete });
        }
    }
}

/// The plan that resumes an interrupted upgrade to the newest revision. Data steps that the intent records as done are
/// not repeated: an older server must not open what a newer one may have written.
pub fn resume(inventory: &Inventory, target: Target, service: &Live, newest: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = replacement(inventory, target, service, newest, upgrade);
    let rest = Upgrade { point: None, data_tasks: Vec::new(), ..upgrade.clone() };
    add_upgrade_steps(&mut plan, service, if upgrade.intent.mark < Mark::Start { upgrade } else { &rest });
    plan
}

/// The plan that returns to the revision before, on the file system in use. Access points that were created for the new
/// release are deleted.
pub fn back(inventory: &Inventory, target: Target, service: &Live, before: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = replacement(inventory, target, service, before, upgrade);
    for point in unmounted(inventory, before) {
        plan.push(steps::delete(point));
    }
    add_upgrade_steps(&mut plan, service, upgrade);
    for prune in plan.positions(|step| step.action == Action::Prune) {
        plan.steps[prune].id = Some(before.id.clone());
    }
    plan
}

/// The plan that stops what runs, lets its data tasks work, and starts the same revision again.
pub fn restart(inventory: &Inventory, target: Target, service: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = begin(inventory, target, upgrade.purpose());
    let fence = plan.push(fence(service));
    let start = of_service(service, Action::Update, Stage::Start, "the same revision, on the restored data");
    let mut spec = service.spec.clone();
    spec["desired"] = json!(upgrade.intent.count);
    let changes = vec![Change { property: "desired".to_owned(), from: json!(0), to: json!(upgrade.intent.count) }];
    plan.push(Step { spec, changes, until: Until::READY, ..start.after([fence]) });
    add_upgrade_steps(&mut plan, service, upgrade);
    plan
}

/// Deletes, after everything else, what was created for an upgrade that has stopped nothing.
pub fn take_away<'a>(plan: &mut Plan, made: impl Iterator<Item = &'a Live>) {
    let last = plan.steps.len().checked_sub(1);
    for live in made {
        plan.push(Step { stage: Some(Stage::Commit), ..steps::delete(live).after(last) });
    }
}

/// The plan that puts a recovery point into use. The rest is planned when the restored file system exists.
pub fn restore(inventory: &Inventory, target: Target, service: &Live, upgrade: &Upgrade, spec: &Value) -> Plan {
    let mut plan = begin(inventory, target, upgrade.purpose());
    let mut chain = stop(&mut plan, service, upgrade, steps::RECORD);
    let address = Address::new("restore", &upgrade.intent.id);
    let why = "into a new file system; the current one stays unchanged";
    let restore = staged(address.clone(), Action::Create, Stage::Restore, why);
    chain.then(Step { until: Until::READY, spec: spec.clone(), ..restore });
    let why = "the restored file system replaces the current one, which is kept";
    chain.then(staged(address, Action::Promote, Stage::Restore, why));
    plan
}

/// The plan that puts the previous file system back into use, after a restore that failed. The rest is planned when
/// that is done.
pub fn swap_back(inventory: &Inventory, target: Target, service: &Live, kept: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = begin(inventory, target, Purpose::Rollback);
    let mut chain = stop(&mut plan, service, upgrade, "it is rolled back, and can no longer be resumed");
    let why = "the previous file system is put back into use";
    let promote = staged(kept.address.clone(), Action::Promote, Stage::Restore, why);
    chain.then(Step { id: Some(kept.id.clone()), ..promote });
    plan
}

fn begin(inventory: &Inventory, target: Target, purpose: Purpose) -> Plan {
    Plan { known: inventory.known(), ..Plan::empty(purpose, target) }
}

/// Records the intent, if that is due, and stops the service.
fn stop<'a>(plan: &'a mut Plan, service: &Live, upgrade: &Upgrade, why: &str) -> Chain<'a> {
    let mut chain = Chain { plan, last: None };
    if upgrade.opens {
        chain.then(note(service, None, Some(&upgrade.intent), Stage::Record, why));
    }
    chain.then(fence(service));
    chain
}

/// The stop and the start with another revision; where that revision is already starting, only the wait for it.
fn replacement(inventory: &Inventory, target: Target, service: &Live, revision: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = begin(inventory, target, Purpose::Apply);
    plan.known.insert(revision.address.clone(), revision.outputs.clone());
    let wanted = [("task_definition", json!(revision.id)), ("desired", json!(upgrade.intent.count))];
    let mut spec = service.spec.clone();
    let mut changes = Vec::new();
    for (property, to) in wanted {
        let from = service.spec.get(property).cloned().unwrap_or_default();
        if from != to {
            changes.push(Change { property: property.to_owned(), from, to: to.clone() });
        }
        spec[property] = to;
    }
    let is_failing = matches!(service.phase, Phase::Failed(_) | Phase::Degraded(_));
    if changes.is_empty() && !is_failing {
        let wait = of_service(service, Action::Verify, Stage::Start, "already started");
        plan.push(Step { until: upgrade.until(), patience: Some(upgrade.deadline), ..wait });
        return plan;
    }
    let fence = plan.push(fence(service));
    let number = revision.outputs.get("revision").map_or("?", String::as_str);
    let start = of_service(service, Action::Update, Stage::Start, format!("with revision {number}"));
    plan.push(Step { spec, changes, until: Until::READY, ..start.after([fence]) });
    plan
}

/// Access points of the file system in use that a revision does not mount.
fn unmounted<'a>(inventory: &'a Inventory, revision: &Live) -> Vec<&'a Live> {
    let main = Address::new("file-system", "main");
    let used = inventory.at(&main).first().map(|live| live.id.as_str());
    let volumes = revision.spec.get("volumes").and_then(Value::as_object);
    let mounted: Vec<&str> =
        volumes.into_iter().flatten().filter_map(|(_, volume)| volume.get("access_point")?.as_str()).collect();
    let of_used = |live: &&Live| live.spec.get("file_system").and_then(Value::as_str) == used;
    let points = inventory.live.iter().filter(|live| live.address.kind() == "access-point" && !live.is_going());
    points.filter(of_used).filter(|live| !mounted.contains(&live.id.as_str())).collect()
}

/// The steps that stop the service and start it again, if the plan has them.
fn stop_and_start(plan: &Plan, service: &Address) -> Option<(usize, usize)> {
    let fence = plan.steps.iter().position(|step| &step.address == service && step.until == Until::Idle)?;
    let starts = |step: &Step| &step.address == service && matches!(step.action, Action::Update | Action::Create);
    let start = plan.steps.iter().skip(fence).position(starts)?;
    Some((fence, fence + start))
}

/// The last step of each resource that a specification refers to, if the plan has one.
fn makers<'a>(plan: &'a Plan, spec: &Value) -> impl Iterator<Item = usize> + use<'a> {
    let made = reference::references(spec).into_iter();
    made.filter_map(|(address, _)| plan.steps.iter().rposition(|step| step.address == address))
}
