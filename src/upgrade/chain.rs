//! From what runs to what a plan file asks for, one permitted step after the other.

use std::path::Path;

use crate::blueprint::image_change::Running;
use crate::config::{self, PlanFile, edit};
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Severity};
use crate::existing::contents;
use crate::kinds::resource;
use crate::kinds::service::view::ServiceFacts;
use crate::live::queues;
use crate::release::{Catalogue, Version};
use crate::session::Session;
use crate::session::confirm::{self, Ask};
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::execute::permit;
use crate::session::exit::Exit;
use crate::session::other_plan_files;
use crate::session::output::Output;
use crate::session::saved::Saved;
use crate::session::scope::Scope;
use crate::session::show;
use crate::session::source::Source;
use crate::ui;

use super::endpoints::report_endpoints;
use super::plan::OnFailure;
use super::planning;
use super::run::{Context, run_plan};
use super::undo_create::{self, Before};
use super::update_plan_file;

/// A plan file as it is to be after one step.
#[derive(Clone, Debug)]
pub struct ChainStep {
    pub text: String,
    pub file: PlanFile,
}

/// What is wanted of the whole chain.
#[derive(Clone, Copy)]
pub struct ChainOptions<'a> {
    pub session: &'a Session,
    pub source: &'a Source,
    pub consent: Consent,
    pub yes: bool,
    /// What to do when a step of an upgrade fails.
    pub on_failure: OnFailure,
    /// Whether what a first apply has created is deleted again when a step fails.
    pub rolls_back: bool,
    /// Whether the plan file follows what was done.
    pub write: bool,
    pub output: &'a Output,
}

/// The steps from the release that runs to the one that `last` asks for. Where no way leads there, or none is needed, it
/// is `last` alone, and the plan says what is to be said.
///
/// # Errors
///
/// The plan file cannot be changed as a step needs it.
pub fn steps(source: &Source, running: Option<Version>, last: ChainStep) -> Result<Vec<ChainStep>, CommandError> {
    let chain = running.and_then(|from| Catalogue::effective().chain(from, last.file.release).ok());
    let between = chain.unwrap_or_default();
    let mut steps = Vec::new();
    for version in between.iter().take(between.len().saturating_sub(1)) {
        let text = edit::release(&source.text, *version).map_err(CommandError::unexpected)?;
        let mut file = examine(source, &text, &last.file)?;
        // Images of one's own are meant for the release that the plan file names.
        file.images.overrides.clear();
        steps.push(ChainStep { text, file });
    }
    steps.push(last);
    Ok(steps)
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
pub async fn upgrade_chain(
    options: ChainOptions<'_>,
    steps: &[ChainStep],
    saved: Option<&Saved>,
) -> Result<Exit, CommandError> {
    let ChainOptions { session, source, consent, output, .. } = options;
    let mut text = source.text.clone();
    for (number, step) in steps.iter().enumerate() {
        let scope = Scope::of(&step.file);
        let inventory = session.inventory(&mut scope.clone()).await?;
        let existing = session.existing(&step.file).await?;
        let consent = consent.of_step(number + 1 == steps.len());
        let mut planned = planning::plan(session, &step.file, &inventory, &existing, &consent).await?;
        planned.plan.findings.extend(other_plan_files::collisions(source, &step.file));
        if let (0, [_, later @ ..]) = (number, steps) {
            planned.plan.findings.extend(against(options, &inventory, later).await?);
        }
        saved.map(|saved| saved.check(&planned.shown())).transpose()?;
        let read = contents::read_by(&planned.plan);
        planned.plan.findings.extend(session.contents(&step.file, &existing, &read, true).await);
        let shown = planned.shown();
        if output.is_json() {
            output.line(&show::event_of(&shown, &step.file))?;
        } else {
            if let (0, [_, _, ..]) = (number, steps) {
                output.note(&chain(running(&inventory), steps));
            }
            output.note(&show::text(&shown, session.kinds(), Some(&step.file), output));
        }
        permit(&shown, output)?;
        let may_be_taken_back = options.rolls_back && !planned.is_upgrade() && !shown.is_empty();
        let before = may_be_taken_back.then(|| Before::of(&inventory, session.kinds())).transpose()?;
        if before.is_some() && !output.is_json() {
            output.note(undo_create::ANNOUNCEMENT);
        }
        let is_last = number + 1 == steps.len();
        let (mut exit, mut known, mut is_postponed) = (Exit::Done, shown.known.clone(), false);
        if !shown.is_empty() {
            if planned.is_upgrade() {
                waiting_messages(options, &scope, &inventory).await?;
            }
            if number == 0 && !options.yes {
                let question = if planned.is_upgrade() { "Upgrade now?" } else { "Make these changes?" };
                confirm::ask(question, Ask::Yes, "--yes", output)?;
            }
            let context = Context { session, scope: &scope, output, file: &source.path };
            let result = run_plan(context, &planned, options.on_failure).await?;
            if let (Some(before), Outcome::Failed) = (&before, result.outcome) {
                undo_create::undo_create(context, before).await?;
            }
            if !result.is_committed {
                return Ok(result.exit);
            }
            (exit, known, is_postponed) = (result.exit, result.known, result.is_postponed);
        }
        // Images of one's own stand in the text of every step and run only after the last.
        let is_said = is_last || steps.last().is_some_and(|last| last.file.images.overrides.is_empty());
        if options.write && is_said && text != step.text {
            update_plan_file::write(Path::new(&source.path), &text, &step.text)?;
            text.clone_from(&step.text);
            output.note(&format!("\n{} says now what runs\n", source.path));
        }
        if is_last {
            report_endpoints(session, &step.file, &existing, &known, running(&inventory).is_none(), output)?;
        }
        // What AWS permits only later is tried again with the next step.
        if exit != Exit::Done && (is_last || !is_postponed) {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// What refuses a later step must be known before the first one.
async fn against(
    options: ChainOptions<'_>,
    inventory: &Inventory,
    later: &[ChainStep],
) -> Result<Vec<Finding>, CommandError> {
    let mut found: Vec<Finding> = Vec::new();
    for step in later {
        let existing = options.session.existing(&step.file).await?;
        let plan = planning::plan(options.session, &step.file, inventory, &existing, &options.consent).await?.plan;
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
pub fn chain(from: Option<Version>, steps: &[ChainStep]) -> String {
    let releases = from.into_iter().chain(steps.iter().map(|step| step.file.release));
    let releases: Vec<_> = releases.map(|release| release.to_string()).collect();
    format!(
        "The way is {}: {} upgrades, one after the other, each proven before the next. The first one:\n\n",
        releases.join(" → "),
        steps.len()
    )
}

/// The container whose queues are asked for.
const BROKER: &str = "rabbitmq-stats";

/// Says what RabbitMQ's queues hold: it cannot be recovered (vendor's deployment guide, "Upgrade").
async fn waiting_messages(options: ChainOptions<'_>, scope: &Scope, inventory: &Inventory) -> Result<(), CommandError> {
    let ChainOptions { session, output, .. } = options;
    let context = resource::Context { known: inventory.known(), ..session.context(scope) };
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
