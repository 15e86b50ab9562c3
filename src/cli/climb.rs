//! From what runs to what a plan file asks for, one permitted step after the other.

use std::path::Path;

use crate::blueprint::image_change::Running;
use crate::config::{self, PlanFile, edit};
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Severity};
use crate::existing::contents;
use crate::kinds::service_view::ServiceFacts;
use crate::live::queues;
use crate::release::{Catalogue, Version};
use crate::ui;

use super::apply::found;
use super::args::Global;
use super::carry::{Around, carry_out};
use super::confirm::{self, Ask};
use super::consent::Consent;
use super::error::CommandError;
use super::execute::permit;
use super::exit::Exit;
use super::other_plan_files;
use super::output::Output;
use super::plan;
use super::rewrite;
use super::saga::OnFailure;
use super::saved::Saved;
use super::scope::Scope;
use super::session::Session;
use super::source::Source;
use super::undo::{self, Before};

/// A plan file as it is to be after one step.
#[derive(Clone, Debug)]
pub struct Rung {
    pub text: String,
    pub file: PlanFile,
}

/// What is wanted of the whole way.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    pub session: &'a Session,
    pub source: &'a Source,
    pub consent: Consent,
    pub yes: bool,
    /// What to do when a step of an upgrade fails.
    pub on_failure: OnFailure,
    /// Whether what a first apply has created is deleted again when a step fails.
    pub takes_back: bool,
    /// Whether the plan file follows what was done.
    pub write: bool,
    pub global: &'a Global,
    pub output: &'a Output,
}

/// The steps from the release that runs to the one that `last` asks for. Where no way leads there, or none is needed, it
/// is `last` alone, and the plan says what is to be said.
///
/// # Errors
///
/// The plan file cannot be changed as a step needs it.
pub fn rungs(source: &Source, running: Option<Version>, last: Rung) -> Result<Vec<Rung>, CommandError> {
    let chain = running.and_then(|from| Catalogue::effective().chain(from, last.file.release).ok());
    let between = chain.unwrap_or_default();
    let mut rungs = Vec::new();
    for version in between.iter().take(between.len().saturating_sub(1)) {
        let text = edit::release(&source.text, *version).map_err(CommandError::unexpected)?;
        let mut file = examine(source, &text, &last.file)?;
        // Images of one's own are meant for the release that the plan file names.
        file.images.overrides.clear();
        rungs.push(Rung { text, file });
    }
    rungs.push(last);
    Ok(rungs)
}

/// Reads an edited plan file. What is wrong with it is told as of the file itself.
pub fn examine(source: &Source, text: &str, like: &PlanFile) -> Result<PlanFile, CommandError> {
    let examined = config::examine(&source.path, text, like.region);
    examined.plan.ok_or_else(|| examined.problems.into())
}

/// The release that runs.
pub fn running(inventory: &Inventory) -> Option<Version> {
    Running::of(inventory)?.release()
}

/// Shows each step, asks once, and carries them out one after the other.
/// A saved plan must still fit.
pub async fn climb(way: Way<'_>, rungs: &[Rung], saved: Option<&Saved>) -> Result<Exit, CommandError> {
    let Way { session, source, consent, global, output, .. } = way;
    let mut text = source.text.clone();
    for (number, rung) in rungs.iter().enumerate() {
        let scope = Scope::of(&rung.file);
        let inventory = session.inventory(&mut scope.clone()).await?;
        let existing = session.existing(&rung.file).await?;
        let consent = consent.of_step(number + 1 == rungs.len());
        let mut planned = session.plan(&rung.file, &inventory, &existing, &consent).await?;
        planned.plan.findings.extend(other_plan_files::collisions(source, &rung.file));
        if let (0, [_, later @ ..]) = (number, rungs) {
            planned.plan.findings.extend(against(way, &inventory, later).await?);
        }
        saved.map(|saved| saved.check(&planned.shown())).transpose()?;
        let read = contents::read_by(&planned.plan);
        planned.plan.findings.extend(session.contents(&rung.file, &existing, &read, true).await);
        let shown = planned.shown();
        if output.is_json() {
            output.line(&plan::event_of(&shown, &rung.file))?;
        } else {
            if let (0, [_, _, ..]) = (number, rungs) {
                output.note(&chain(running(&inventory), rungs));
            }
            output.note(&plan::text(&shown, session.kinds(), Some(&rung.file), global));
        }
        permit(&shown, output)?;
        let may_be_taken_back = way.takes_back && !planned.is_upgrade() && !shown.is_empty();
        let before = may_be_taken_back.then(|| Before::of(&inventory, session.kinds())).transpose()?;
        if before.is_some() && !output.is_json() {
            output.note(undo::ANNOUNCEMENT);
        }
        let is_last = number + 1 == rungs.len();
        let (mut exit, mut known, mut is_postponed) = (Exit::Done, shown.known.clone(), false);
        if !shown.is_empty() {
            if planned.is_upgrade() {
                waiting_messages(way, &scope, &inventory).await?;
            }
            if number == 0 && !way.yes {
                let question = if planned.is_upgrade() { "Upgrade now?" } else { "Make these changes?" };
                confirm::ask(question, Ask::Yes, "--yes", output)?;
            }
            let around = Around { session, scope: &scope, global, output, file: &source.path };
            let carried = carry_out(around, &planned, way.on_failure).await?;
            if let (Some(before), Outcome::Failed) = (&before, carried.outcome) {
                undo::undo(around, before).await?;
            }
            if !carried.is_committed {
                return Ok(carried.exit);
            }
            (exit, known, is_postponed) = (carried.exit, carried.known, carried.is_postponed);
        }
        // Images of one's own stand in the text of every step and run only after the last.
        let is_said = is_last || rungs.last().is_some_and(|last| last.file.images.overrides.is_empty());
        if way.write && is_said && text != rung.text {
            rewrite::write(Path::new(&source.path), &text, &rung.text)?;
            text.clone_from(&rung.text);
            output.note(&format!("\n{} says now what runs\n", source.path));
        }
        if is_last {
            found(session, &rung.file, &existing, &known, running(&inventory).is_none(), output)?;
        }
        // What AWS permits only later is tried again with the next step.
        if exit != Exit::Done && (is_last || !is_postponed) {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// What refuses a later step must be known before the first one.
async fn against(way: Way<'_>, inventory: &Inventory, later: &[Rung]) -> Result<Vec<Finding>, CommandError> {
    let mut found: Vec<Finding> = Vec::new();
    for rung in later {
        let existing = way.session.existing(&rung.file).await?;
        let plan = way.session.plan(&rung.file, inventory, &existing, &way.consent).await?.plan;
        let refusals = plan.findings.into_iter().filter(|finding| finding.severity == Severity::Refusal);
        // Of what runs now, the plan of the first step says the same.
        for finding in refusals.filter(|finding| !finding.code.starts_with("upgrade/")) {
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    Ok(found)
}

/// The way in words.
pub fn chain(from: Option<Version>, rungs: &[Rung]) -> String {
    let releases = from.into_iter().chain(rungs.iter().map(|rung| rung.file.release));
    let releases: Vec<_> = releases.map(|release| release.to_string()).collect();
    format!(
        "The way is {}: {} upgrades, one after the other, each proven before the next. The first one:\n\n",
        releases.join(" → "),
        rungs.len()
    )
}

/// The container whose queues are asked for.
const BROKER: &str = "rabbitmq-stats";

/// Says what RabbitMQ's queues hold: it cannot be recovered (vendor's deployment guide, "Upgrade").
async fn waiting_messages(way: Way<'_>, scope: &Scope, inventory: &Inventory) -> Result<(), CommandError> {
    let Way { session, output, .. } = way;
    let context = crate::kinds::resource::Context { known: inventory.known(), ..session.context(scope) };
    let view = session.service(scope, inventory).await?;
    let cluster = view.service.as_ref().map(|service: &ServiceFacts| service.cluster.clone()).unwrap_or_default();
    let Some(task) = view.tasks.iter().find(|task| task.last == "RUNNING" && task.desired == "RUNNING") else {
        return Ok(());
    };
    let depth = queues::depth(&context, &cluster, &task.arn, BROKER).await;
    if output.is_json() {
        let messages = depth.as_ref().ok().map(queues::Depth::total);
        let why = depth.as_ref().err().map(ToString::to_string);
        return output.line(&serde_json::json!({ "code": "queues", "messages": messages, "not_checked": why }));
    }
    output.note(&match depth {
        Ok(depth) => ui::upgrade::queues(depth.total(), &depth.queues),
        Err(why) => ui::upgrade::queues_not_checked(&why.to_string()),
    });
    Ok(())
}

#[cfg(test)]
mod tests;
