//! A plan as people read it before they consent.
//!
//! One line a step, grouped by part of the stack, what decides over access first. Steps that delete, replace, stop
//! or unprotect something carry an exclamation mark and are never folded away.

use std::cmp::Ordering;
use std::fmt::Write;

use serde::Serialize;

use crate::engine::compare::Change;
use crate::engine::estimate;
use crate::engine::kind::{Kind, Kinds, Lifecycle, Part};
use crate::engine::plan::{Action, Plan, Purpose, Reason, Stage, Step};

use super::finding::finding;
use super::plan_diff;
use super::standing::Standing;
use super::style::{CHANGE, DANGER, FAINT, GOOD, TITLE, paint};
use super::summary::Summary;
use super::text::{clean, count, duration, value};
use super::{upgrade, words};

/// The size of the task, for the reader's bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TaskSize {
    pub vcpus: u32,
    pub memory_mib: u32,
}

/// Columns of an address, where none of its neighbours is longer.
const ADDRESS: usize = 32;

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// Also the properties of what is created, and long values whole.
    pub all: bool,
    /// The task that will run, where a plan file says so.
    pub task: Option<TaskSize>,
    /// The release that will run, likewise.
    pub release: Option<&'a Standing>,
}

/// The whole text, ended by a newline.
pub fn plan(plan: &Plan, kinds: &[Kind], view: View<'_>) -> String {
    let mut text = String::new();
    let target = &plan.target;
    let purpose = match plan.purpose {
        Purpose::Apply => "Plan for",
        Purpose::Upgrade => "Upgrade of",
        Purpose::Rollback => "The way back of",
        Purpose::Restore => "Restore of",
        Purpose::Stop => "Plan to stop",
        Purpose::Start => "Plan to start",
        Purpose::Backup => "Backup of",
        Purpose::Destroy => "Plan to destroy",
    };
    let place = format!("account {}, region {}", clean(&target.account), clean(&target.region));
    push(
        &mut text,
        format_args!("{} in {place}", paint(TITLE, format_args!("{purpose} {}", clean(&target.deployment)))),
    );
    if let (Some(release), Purpose::Apply | Purpose::Upgrade) = (view.release, plan.purpose) {
        push(&mut text, format_args!("{}", release.line()));
    }
    for (title, steps) in groups(plan, kinds) {
        let undo = steps.first().and_then(|step| step.stage).filter(|stage| title == upgrade::stage(*stage).0);
        let undo = undo.map(|stage| format!("  {}", paint(FAINT, upgrade::stage(stage).1))).unwrap_or_default();
        push(&mut text, format_args!("\n{}{undo}", paint(TITLE, title)));
        let width = steps.iter().map(|step| step.address.as_str().len() + 1).max().unwrap_or_default();
        for step in steps {
            self::step(&mut text, step, width.max(ADDRESS), kinds, view);
        }
    }
    if !plan.existing.is_empty() {
        push(&mut text, format_args!("\n{}", paint(TITLE, "Yours (used, and never changed)")));
        for existing in &plan.existing {
            let seen = if existing.seen.is_empty() { String::new() } else { format!(" ({})", clean(&existing.seen)) };
            push(&mut text, format_args!("    use        {:<22} {}{seen}", clean(&existing.what), clean(&existing.id)));
        }
    }
    if !plan.kept.is_empty() {
        push(&mut text, format_args!("\n{}", paint(TITLE, "Kept")));
        for kept in &plan.kept {
            let (address, why) = (kept.address.as_str(), clean(&kept.why));
            push(&mut text, format_args!("    keep       {address:<ADDRESS$} {}, {why}", clean(&kept.id)));
        }
    }
    if !plan.findings.is_empty() {
        text.push('\n');
        plan.findings.iter().for_each(|one| text.push_str(&finding(one)));
    }
    text.push('\n');
    close(&mut text, plan, kinds, view);
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// The steps under their titles: security first, then part by part, each in the plan's own order.
fn groups<'a>(plan: &'a Plan, kinds: &[Kind]) -> Vec<(&'static str, Vec<&'a Step>)> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    enum Place {
        Security,
        Part(Part),
        Stage(Stage),
        Unknown,
    }
    let place = |step: &Step| match kinds.kind(step.address.kind()) {
        _ if step.stage.is_some_and(|stage| stage != Stage::Prepare) => step.stage.map_or(Place::Unknown, Place::Stage),
        Some(kind) if kind.security => Place::Security,
        Some(kind) => Place::Part(kind.part),
        None => Place::Unknown,
    };
    let turns = turns(plan);
    let mut placed: Vec<_> = plan.steps.iter().zip(turns).map(|(step, turn)| (place(step), turn, step)).collect();
    // Stable, so that the order of the plan stays within a group; the steps of a stage are in the order they are taken.
    placed.sort_by(|a, b| match (a.0.cmp(&b.0), &a.0) {
        (Ordering::Equal, Place::Stage(_)) => a.1.cmp(&b.1),
        (order, _) => order,
    });
    let mut groups: Vec<(&'static str, Vec<&Step>)> = Vec::new();
    for (place, _, step) in placed {
        let title = match place {
            Place::Security => "Security (who may do what)",
            Place::Part(part) => words::part(part),
            Place::Stage(stage) => upgrade::stage(stage).0,
            Place::Unknown => "Other",
        };
        match groups.last_mut() {
            Some((last, steps)) if *last == title => steps.push(step),
            _ => groups.push((title, vec![step])),
        }
    }
    groups
}

/// How many steps are behind each other before each step.
fn turns(plan: &Plan) -> Vec<usize> {
    let mut turns = vec![0; plan.steps.len()];
    // As many rounds as the longest chain has steps, and one more that changes nothing.
    for _ in &plan.steps {
        let turn = |step: &Step| step.after.iter().filter_map(|after| turns.get(after.step)).map(|turn| turn + 1).max();
        let next: Vec<usize> = plan.steps.iter().map(|step| turn(step).unwrap_or_default()).collect();
        if next == turns {
            break;
        }
        turns = next;
    }
    turns
}

/// True for what cannot be undone by running the command again.
fn is_marked(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Unprotect | Action::Stop)
        || matches!(step.reason, Reason::Replaced(_))
}

fn step(text: &mut String, step: &Step, width: usize, kinds: &[Kind], view: View<'_>) {
    let (mark, style) = match step.action {
        _ if is_marked(step) => ("!", DANGER),
        Action::Create | Action::Restore => ("+", GOOD),
        Action::Update => ("~", CHANGE),
        _ => (" ", FAINT),
    };
    let action = paint(style, format_args!("{mark} {:<9}", words::action(step)));
    let (address, reason) = (step.address.as_str(), words::reason(&step.reason));
    let twin = matches!(step.reason, Reason::Twin).then_some(step.id.as_deref()).flatten();
    let which = twin.map(|id| format!(" ({})", clean(id))).unwrap_or_default();
    push(text, format_args!("  {action}  {address:<width$} {reason}{which}"));
    let mut detail = |line: String| push(text, format_args!("                 {line}"));
    // That a record follows what it records needs no words.
    let shown = |change: &&Change| view.all || !change.property.starts_with("tags.ce-aws:");
    for change in step.changes.iter().filter(shown) {
        plan_diff::lines(change, view.all).into_iter().for_each(&mut detail);
    }
    if let (true, Action::Create, Some(spec)) = (view.all, step.action, step.spec.as_object()) {
        for (property, wanted) in spec.iter().filter(|(_, wanted)| !wanted.is_null()) {
            detail(format!("{}: {}", clean(property), value(wanted)));
        }
    }
    let holds_data = kinds.kind(step.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Data);
    if holds_data && step.action == Action::Delete {
        detail(paint(DANGER, "holds data that cannot be had again"));
    }
    for consequence in &step.consequences {
        detail(paint(if is_marked(step) { DANGER } else { CHANGE }, clean(consequence)));
    }
}

fn close(text: &mut String, plan: &Plan, kinds: &[Kind], view: View<'_>) {
    let name = clean(&plan.target.deployment);
    if plan.is_empty() {
        let nothing = match plan.purpose {
            Purpose::Destroy if plan.kept.is_empty() => format!("nothing of {name} is there"),
            Purpose::Destroy => format!("of {name} only what is kept is there"),
            _ => format!("{name} is as its plan file says ({})", count(plan.unchanged.len(), "resource")),
        };
        push(text, format_args!("{}: {nothing}", paint(TITLE, "no changes")));
        return;
    }
    push(text, format_args!("{}", paint(TITLE, Summary::of(plan).words())));
    if plan.steps.iter().any(is_marked) {
        push(text, format_args!("! marks what is deleted, replaced, stopped or unprotected"));
    }
    if let (Some(task), Purpose::Apply | Purpose::Upgrade) = (view.task, plan.purpose) {
        let gib = f64::from(task.memory_mib) / 1024.0;
        push(text, format_args!("one Fargate task with {} vCPU and {gib} GiB of memory", task.vcpus));
    }
    let usual = duration(estimate::critical_path(plan, kinds));
    push(text, format_args!("usual time: about {usual} along the longest chain of steps"));
    let refused = plan.refusals().count();
    if refused > 0 {
        let what = count(refused, "refusal");
        push(
            text,
            format_args!(
                "{}",
                paint(DANGER, format_args!("{what} above: nothing will be changed before that is dealt with"))
            ),
        );
    }
}
