//! From a plan that replaces the running task to an upgrade: the same steps, with everything around them that lets it
//! be finished or undone whatever happens.
//!
//! ```text
//! prepare ─► record ─► fence ─► backup ─► data ─► start ─► prove ─► commit
//! ```
//!
//! What the new release needs beside the old one is made first. The intent is written on the service. Everything is
//! stopped and seen stopped, a recovery point is made, the data steps run one after the other, the new task starts and
//! has to stay healthy for a while. Then the intent is taken back, and only then goes what is no longer needed.
//!
//! Going back is the same with another revision, and so is going on after an interruption: both are planned from the
//! intent and from what is there.

use serde_json::{Value, json};

use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::plan::{Action, After, Plan, Purpose, Reason, Stage, Step, Target, Until};
use crate::engine::reference::{self, Need};
use crate::kinds::names;

use super::intent::{Intent, Mark, Work};
use super::record;
use super::upstream::upstream;
use super::widen_roles::widen;

/// A task that runs once while nothing else does.
#[derive(Clone, Debug)]
pub struct DataTask {
    pub address: Address,
    /// What it does: "set MongoDB's feature compatibility version to 5.0".
    pub about: String,
    pub spec: Value,
    /// Seconds.
    pub patience: f64,
    /// Whether it writes what the older release may be unable to read.
    pub changes_data: bool,
    /// What is made for it alone and goes after it.
    pub tools: Vec<(Address, Value)>,
}

/// What surrounds the replacement of the task.
#[derive(Clone, Debug)]
pub struct Upgrade {
    pub intent: Intent,
    /// Whether this plan writes the intent; otherwise it was found.
    pub opens: bool,
    /// What is asked of AWS Backup; `None` makes no recovery point.
    pub point: Option<Value>,
    pub data_tasks: Vec<DataTask>,
    /// Seconds in which the new task has to become healthy.
    pub deadline: f64,
    /// Seconds for which it has to stay so.
    pub watch: f64,
    /// What must be known before it starts: what going back costs.
    pub consequence: Option<String>,
}

/// Makes an upgrade of a plan that stops the service and starts it with another revision. A plan that does neither only
/// proves, and commits.
pub fn add_upgrade_steps(plan: &mut Plan, service: &Live, upgrade: &Upgrade) {
    plan.purpose = purpose(upgrade);
    let is_open = upgrade.opens || service.tags.contains_key(names::INTENT);
    let ends = ends(plan, &service.address);
    let narrowing = ends.map(|(_, start)| widen(plan, start)).unwrap_or_default();
    let mut last = ends.map(|(fence, start)| between(plan, service, upgrade, fence, start));
    let started_before = |step: &Step| step.stage == Some(Stage::Start) && step.action == Action::Await;
    let awaited = positions(plan, started_before);
    let why = format!("it has to stay healthy for {:.0} s", upgrade.watch);
    let mut prove = step(service, Action::Prove, Stage::Prove, why);
    (prove.until, prove.patience) = (Until::Steady, Some(upgrade.watch));
    prove.after.extend(last.into_iter().chain(awaited).map(done));
    last = Some(push(plan, prove));
    if is_open {
        let why = "all is well: nothing is left to finish or to undo";
        let note = note(service, Some(&upgrade.intent), None, Stage::Commit, why);
        last = Some(push(plan, after(note, last)));
    }
    let before = ends.map(|(_, start)| upstream(&plan.steps, start)).unwrap_or_default();
    for (index, step) in plan.steps.iter_mut().enumerate() {
        if step.action == Action::Delete && !before.contains(&index) {
            step.after.extend(last.map(done));
            step.stage = Some(Stage::Commit);
        }
    }
    for step in narrowing {
        push(plan, after(step, last));
    }
    let why = "revisions that nobody will go back to".to_owned();
    let prune = Step::new(Address::new("task-definition", "main"), Action::Prune, Reason::Upgrade(why));
    push(plan, after(Step { stage: Some(Stage::Commit), ..prune }, last));
}

fn purpose(upgrade: &Upgrade) -> Purpose {
    match (upgrade.intent.mark, upgrade.intent.work) {
        (mark, _) if mark.is_back() => Purpose::Rollback,
        (_, Work::Restore) => Purpose::Restore,
        (_, Work::Upgrade) => Purpose::Upgrade,
    }
}

/// Everything between the stop and the start; gives the start.
fn between(plan: &mut Plan, service: &Live, upgrade: &Upgrade, fence: usize, start: usize) -> usize {
    let intent = &upgrade.intent;
    let before: Vec<usize> = upstream(&plan.steps, start).into_iter().collect();
    for index in before {
        plan.steps[index].stage.get_or_insert(Stage::Prepare);
    }
    plan.steps[fence].stage = Some(Stage::Fence);
    plan.steps[start].stage = Some(Stage::Start);
    if upgrade.opens {
        let why = "so that it can be finished or undone, whatever happens";
        let mut record = note(service, None, Some(intent), Stage::Record, why);
        record.after.clone_from(&plan.steps[fence].after);
        // Nothing stops before that stands which it will need.
        record.after.extend(upgrade.point.iter().flat_map(|spec| makers(plan, spec)).map(done));
        let record = push(plan, record);
        plan.steps[fence].after.push(done(record));
    }
    let mut last = fence;
    if intent.mark == Mark::Back && intent.backup {
        let why = "one that still runs would be torn by what starts".to_owned();
        let address = Address::new("recovery-point", &intent.id);
        let stop = Step::new(address, Action::Stop, Reason::Upgrade(why));
        last = push(plan, after(Step { stage: Some(Stage::Fence), ..stop }, Some(last)));
    }
    if let Some(spec) = &upgrade.point {
        let why = "a recovery point, before anything touches the data".to_owned();
        let address = Address::new("recovery-point", &intent.id);
        let mut point = Step::new(address, Action::Create, Reason::Upgrade(why));
        point.after = makers(plan, spec).map(done).collect();
        point.tags = record::of_plan_file(&service.tags);
        point.tags.insert(names::RELEASE.to_owned(), intent.from.clone());
        (point.until, point.spec, point.stage) = (Until::Ready, spec.clone(), Some(Stage::Backup));
        last = push(plan, after(point, Some(last)));
    }
    // ECS forgets a task after an hour; what it may have done must not be forgotten.
    if intent.mark == Mark::Stop && upgrade.data_tasks.iter().any(|data_task| data_task.changes_data) {
        let why = "from here on a data step may have changed the data";
        let mark = note(service, Some(intent), Some(&intent.at(Mark::Data)), Stage::Data, why);
        last = push(plan, after(mark, Some(last)));
    }
    for data_task in &upgrade.data_tasks {
        last = run(plan, service, data_task, fence, last);
    }
    if intent.mark < Mark::Start {
        let why = "from here on the new release may change the data";
        let mark = note(service, Some(intent), Some(&intent.at(Mark::Start)), Stage::Start, why);
        last = push(plan, after(mark, Some(last)));
    }
    let begin = &mut plan.steps[start];
    begin.after.push(done(last));
    begin.until = if intent.mark.is_back() { Until::Ready } else { Until::Sound };
    begin.patience = Some(upgrade.deadline);
    begin.consequences.extend(upgrade.consequence.clone());
    start
}

/// One data step, with its tools before and after it.
fn run(plan: &mut Plan, service: &Live, data_task: &DataTask, fence: usize, last: usize) -> usize {
    let tags = record::of_plan_file(&service.tags);
    let made: Vec<usize> = data_task
        .tools
        .iter()
        .map(|(address, spec)| {
            // A run that was cut off may have left it.
            let id = plan.known.get(address).and_then(|outputs| outputs.get("id")).cloned();
            let action = if id.is_some() { Action::Await } else { Action::Create };
            let mut tool = Step::new(address.clone(), action, Reason::Upgrade("for the next step".to_owned()));
            (tool.until, tool.spec, tool.stage, tool.id) = (Until::Ready, spec.clone(), Some(Stage::Data), id);
            tool.tags.clone_from(&tags);
            tool.tags.insert(names::DEPLOYMENT.to_owned(), plan.target.deployment.clone());
            tool.tags.insert(names::ADDRESS.to_owned(), address.to_string());
            push(plan, after(tool, Some(last)))
        })
        .collect();
    let mut step = Step::new(data_task.address.clone(), Action::Run, Reason::Upgrade(data_task.about.clone()));
    (step.until, step.spec, step.stage) = (Until::Ready, data_task.spec.clone(), Some(Stage::Data));
    (step.patience, step.tags) = (Some(data_task.patience), tags);
    if data_task.changes_data {
        step.consequences.push("writes what the older release may be unable to read".to_owned());
    }
    // Mount targets and access points that the task needs are what the fence waits for.
    step.after.clone_from(&plan.steps[fence].after);
    step.after.extend(made.iter().copied().map(done));
    let ran = push(plan, after(step, Some(last)));
    for (address, _) in &data_task.tools {
        if plan.steps.iter().any(|step| &step.address == address && step.action == Action::Delete) {
            continue;
        }
        let why = "its step is done".to_owned();
        let mut tool = Step::new(address.clone(), Action::Delete, Reason::Upgrade(why));
        (tool.until, tool.stage) = (Until::Gone, Some(Stage::Data));
        push(plan, after(tool, Some(ran)));
    }
    ran
}

/// The plan that goes on where an upgrade was interrupted, to the newest revision. What the intent says is done is not
/// done again: an older server must not come near what a newer one may have written.
pub fn resume(inventory: &Inventory, target: Target, service: &Live, newest: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = replacement(inventory, target, service, newest, upgrade);
    let rest = Upgrade { point: None, data_tasks: Vec::new(), ..upgrade.clone() };
    add_upgrade_steps(&mut plan, service, if upgrade.intent.mark < Mark::Start { upgrade } else { &rest });
    plan
}

/// The plan that goes back to the revision before, on the file system in use. What was made for the new release and is
/// not named by that revision goes.
pub fn back(inventory: &Inventory, target: Target, service: &Live, before: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = replacement(inventory, target, service, before, upgrade);
    for point in made_for_another(inventory, before) {
        let mut delete = Step::new(point.address.clone(), Action::Delete, Reason::Unwanted);
        (delete.until, delete.id) = (Until::Gone, Some(point.id.clone()));
        push(&mut plan, delete);
    }
    add_upgrade_steps(&mut plan, service, upgrade);
    for prune in positions(&plan, |step| step.action == Action::Prune) {
        plan.steps[prune].id = Some(before.id.clone());
    }
    plan
}

/// Takes away, when all else is done, what was made for an upgrade that has stopped nothing.
pub fn take_away<'a>(plan: &mut Plan, made: impl Iterator<Item = &'a Live>) {
    let last = plan.steps.len().checked_sub(1);
    for live in made {
        let mut delete = Step::new(live.address.clone(), Action::Delete, Reason::Unwanted);
        (delete.until, delete.id, delete.stage) = (Until::Gone, Some(live.id.clone()), Some(Stage::Commit));
        push(plan, after(delete, last));
    }
}

/// The plan that brings a recovery point into use: what follows is planned when the restored file system is there.
pub fn restore(inventory: &Inventory, target: Target, service: &Live, upgrade: &Upgrade, spec: &Value) -> Plan {
    let mut plan = Plan::empty(Purpose::Apply, target);
    plan.known = inventory.known();
    plan.purpose = purpose(upgrade);
    let why = "so that it can be finished or undone, whatever happens";
    let record = upgrade.opens.then(|| push(&mut plan, note(service, None, Some(&upgrade.intent), Stage::Record, why)));
    let fence = push(&mut plan, after(fence(service), record));
    let address = Address::new("restore", &upgrade.intent.id);
    let why = "into a new file system; the one in use stays as it is".to_owned();
    let mut restore = Step::new(address.clone(), Action::Create, Reason::Upgrade(why));
    (restore.until, restore.spec, restore.stage) = (Until::Ready, spec.clone(), Some(Stage::Restore));
    let restore = push(&mut plan, after(restore, Some(fence)));
    let why = "the restored file system takes the place of the one in use, which is kept".to_owned();
    let promote = Step::new(address, Action::Promote, Reason::Upgrade(why));
    push(&mut plan, after(Step { stage: Some(Stage::Restore), ..promote }, Some(restore)));
    plan
}

/// The plan that brings the file system before back into use, after a restore that failed. What follows is planned when
/// that is done.
pub fn swap_back(inventory: &Inventory, target: Target, service: &Live, kept: &Live, upgrade: &Upgrade) -> Plan {
    let mut plan = Plan::empty(Purpose::Rollback, target);
    plan.known = inventory.known();
    let why = "it goes back, and cannot be finished any more";
    let record = upgrade.opens.then(|| push(&mut plan, note(service, None, Some(&upgrade.intent), Stage::Record, why)));
    let fence = push(&mut plan, after(fence(service), record));
    let why = "the file system that was in use before takes its place again".to_owned();
    let promote = Step::new(kept.address.clone(), Action::Promote, Reason::Upgrade(why));
    push(&mut plan, after(Step { stage: Some(Stage::Restore), id: Some(kept.id.clone()), ..promote }, Some(fence)));
    plan
}

/// The stop and the start with another revision. Where the service is at it already, and not in vain, only the waiting
/// for it.
fn replacement(inventory: &Inventory, target: Target, service: &Live, revision: &Live, upgrade: &Upgrade) -> Plan {
    let intent = &upgrade.intent;
    let mut plan = Plan::empty(Purpose::Apply, target);
    plan.known = inventory.known();
    plan.known.insert(revision.address.clone(), revision.outputs.clone());
    let text = |property: &str| service.spec.get(property).cloned().unwrap_or_default();
    let wanted = [("task_definition", json!(revision.id)), ("desired", json!(intent.count))];
    let changes: Vec<Change> = wanted
        .iter()
        .filter(|(property, to)| text(property) != *to)
        .map(|(property, to)| Change { property: (*property).to_owned(), from: text(property), to: to.clone() })
        .collect();
    let stands_still = matches!(service.phase, Phase::Failed(_) | Phase::Faltering(_));
    if changes.is_empty() && !stands_still {
        let mut wait = step(service, Action::Await, Stage::Start, "was started before".to_owned());
        wait.until = if intent.mark.is_back() { Until::Ready } else { Until::Sound };
        wait.patience = Some(upgrade.deadline);
        push(&mut plan, wait);
        return plan;
    }
    let fence = push(&mut plan, fence(service));
    let mut start = step(service, Action::Update, Stage::Start, format!("with revision {}", number(revision)));
    start.spec = service.spec.clone();
    for (property, to) in wanted {
        start.spec[property] = to;
    }
    (start.changes, start.until) = (changes, Until::Ready);
    push(&mut plan, after(start, Some(fence)));
    plan
}

/// Access points of the file system in use that a revision does not mount.
fn made_for_another<'a>(inventory: &'a Inventory, revision: &Live) -> Vec<&'a Live> {
    let main = Address::new("file-system", "main");
    let used = inventory.at(&main).next().map(|live| live.id.as_str());
    let volumes = revision.spec.get("volumes").and_then(Value::as_object);
    let mounted: Vec<&str> =
        volumes.into_iter().flatten().filter_map(|(_, volume)| volume.get("access_point")?.as_str()).collect();
    let of_used = |live: &&Live| live.spec.get("file_system").and_then(Value::as_str) == used;
    let points = inventory.live.iter().filter(|live| live.address.kind() == "access-point" && !live.is_going());
    points.filter(of_used).filter(|live| !mounted.contains(&live.id.as_str())).collect()
}

fn number(revision: &Live) -> &str {
    revision.outputs.get("revision").map_or("?", String::as_str)
}

/// The steps that stop the service and start it again, if the plan has them.
fn ends(plan: &Plan, service: &Address) -> Option<(usize, usize)> {
    let fence = plan.steps.iter().position(|step| &step.address == service && step.until == Until::Idle)?;
    let starts = |step: &Step| &step.address == service && matches!(step.action, Action::Update | Action::Create);
    let start = plan.steps.iter().skip(fence).position(starts)?;
    Some((fence, fence + start))
}

fn fence(service: &Live) -> Step {
    let action = if service.phase == Phase::Idle { Action::Await } else { Action::Stop };
    let mut fence = step(service, action, Stage::Fence, "every task must be seen stopped".to_owned());
    fence.until = Until::Idle;
    if action == Action::Stop {
        fence.consequences.push("Cloud Exchange is down until the new task is healthy".to_owned());
    }
    fence
}

/// A step that writes the intent, or takes it back.
fn note(service: &Live, from: Option<&Intent>, to: Option<&Intent>, stage: Stage, why: &str) -> Step {
    let value = |intent: Option<&Intent>| intent.map_or(Value::Null, |intent| Value::from(intent.to_string()));
    let property = format!("tags.{}", names::INTENT);
    let mut note = step(service, Action::Update, stage, why.to_owned());
    note.changes.push(Change { property, from: value(from), to: value(to) });
    note.tags.extend(to.map(|intent| (names::INTENT.to_owned(), intent.to_string())));
    note
}

fn step(service: &Live, action: Action, stage: Stage, why: String) -> Step {
    let step = Step::new(service.address.clone(), action, Reason::Upgrade(why));
    Step { stage: Some(stage), id: Some(service.id.clone()), ..step }
}

/// The last step of each resource that a specification refers to, if the plan has one.
fn makers<'a>(plan: &'a Plan, spec: &Value) -> impl Iterator<Item = usize> + use<'a> {
    let made = reference::references(spec).into_iter();
    made.filter_map(|(address, _)| plan.steps.iter().rposition(|step| step.address == address))
}

fn positions(plan: &Plan, wanted: impl Fn(&Step) -> bool) -> Vec<usize> {
    plan.steps.iter().enumerate().filter(|(_, step)| wanted(step)).map(|(index, _)| index).collect()
}

fn push(plan: &mut Plan, mut step: Step) -> usize {
    step.after.sort_unstable();
    step.after.dedup();
    plan.steps.push(step);
    plan.steps.len() - 1
}

fn after(mut step: Step, earlier: Option<usize>) -> Step {
    step.after.extend(earlier.map(done));
    step
}

fn done(step: usize) -> After {
    After { step, need: Need::Ready }
}
