//! The whole screen.
//!
//! Grouped by part of the stack, what decides over access first. What is created is counted by kind. Steps that delete,
//! replace, stop or unprotect something have a line each, with an exclamation mark.

use std::fmt::Write;

use crate::engine::estimate;
use crate::engine::kind::Kind;
use crate::engine::plan::{Plan, Purpose};
use crate::ui::finding::finding;
use crate::ui::style::{DANGER, FAINT, TITLE, paint};
use crate::ui::summary::Summary;
use crate::ui::text::{clean, count, duration, place};
use crate::ui::words;

use super::group::groups;
use super::row::{ADDRESS, Rows, is_marked};
use super::view::View;

/// The whole text, ended by a newline.
pub fn plan(plan: &Plan, kinds: &[Kind], view: View<'_>) -> String {
    let mut text = String::new();
    let target = &plan.target;
    let title = format!("{} {}", words::purpose(plan.purpose).title, clean(&target.deployment));
    push(&mut text, format_args!("{} in {}", paint(TITLE, title), place(&target.account, &target.region)));
    if let (Some(release), true) = (view.release, runs_a_release(plan.purpose)) {
        push(&mut text, format_args!("{}", release.line()));
    }
    let rows = Rows { plan, kinds, view };
    for (place, steps) in groups(plan, kinds) {
        let (title, undo) = place.title();
        let undo = undo.map(|undo| format!("  {}", paint(FAINT, undo))).unwrap_or_default();
        push(&mut text, format_args!("\n{}{undo}", paint(TITLE, title)));
        rows.of(&steps).iter().for_each(|line| push(&mut text, format_args!("{line}")));
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
        text.extend(plan.findings.iter().map(finding));
    }
    text.push('\n');
    close(&mut text, &rows);
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

fn runs_a_release(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Apply | Purpose::Upgrade)
}

fn close(text: &mut String, rows: &Rows<'_>) {
    let Rows { plan, kinds, view } = rows;
    let name = clean(&plan.target.deployment);
    if plan.is_empty() {
        let nothing = match plan.purpose {
            Purpose::Destroy if plan.kept.is_empty() => format!("nothing of {name} exists"),
            Purpose::Destroy => format!("of {name}, only what is kept exists"),
            _ => format!("{name} matches its plan file ({})", count(plan.unchanged.len(), "resource")),
        };
        push(text, format_args!("{}: {nothing}", paint(TITLE, "no changes")));
    } else {
        push(text, format_args!("{}", paint(TITLE, Summary::of(plan).words())));
        if plan.steps.iter().any(is_marked) {
            push(text, format_args!("! marks what is deleted, replaced, stopped or unprotected"));
        }
    }
    if let (Some(task), true, false) = (view.task, runs_a_release(plan.purpose), plan.is_empty()) {
        let gib = f64::from(task.memory_mib) / 1024.0;
        push(text, format_args!("one Fargate task with {} vCPU and {gib} GiB of memory", task.vcpus));
    }
    if let Some(cost) = view.cost {
        push(text, format_args!("{}", clean(cost)));
    }
    if !plan.is_empty() {
        let usual = duration(estimate::critical_path(plan, *kinds));
        push(text, format_args!("usual time: about {usual} along the longest chain of steps"));
    }
    if rows.hides_values() {
        let words = "-v shows all values, `ce-aws plan FILE --show ADDRESS` those of one resource";
        push(text, format_args!("{}", paint(FAINT, words)));
    }
    let refusals = plan.refusals().count();
    if refusals > 0 {
        let doing = words::purpose(plan.purpose).doing;
        let words = format!("{} above: fix this before {doing}", count(refusals, "refusal"));
        push(text, format_args!("{}", paint(DANGER, words)));
    }
}
