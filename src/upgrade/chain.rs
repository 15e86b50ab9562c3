//! From what runs to what a plan file asks for, one permitted upgrade after the other.

use crate::blueprint::image_change::Running;
use crate::config::{self, PlanFile, edit};
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Severity};
use crate::existing::{Existing, contents};
use crate::kinds::resource;
use crate::live::queues;
use crate::release::{Catalogue, Version};
use crate::session::catalogue;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::other_plan_files;
use crate::session::saved::Saved;
use crate::session::source::Source;
use crate::ui::cost::Effect;
use crate::ui::{self, ending};

use super::endpoints::report_endpoints;
use super::plan::{OnFailure, new_id};
use super::planning;
use super::report_probe::{report_probe, report_ui, starts_task};
use super::rollback::conclude;
use super::run::{Context, Work, run_plan};
use super::undo_create::{Before, undo_create};
use super::update_plan_file::update_plan_file;

/// A plan file as it is to be after one step.
#[derive(Clone, Debug)]
pub struct ChainStep {
    pub text: String,
    pub file: PlanFile,
}

/// What is wanted of the whole chain.
#[derive(Clone, Copy)]
pub struct ChainOptions<'a> {
    pub source: &'a Source,
    pub consent: Consent,
    /// What to do when a step of an upgrade fails.
    pub on_failure: OnFailure,
    /// Whether what a first apply has created is deleted again when a step fails.
    pub undoes_create: bool,
    /// Whether the plan file is updated.
    pub write: bool,
}

/// The steps from the release that runs to the one that `last` asks for. Where no upgrade path leads there, or none is
/// needed, it is `last` alone, and the plan says the rest.
///
/// # Errors
///
/// The plan file cannot be changed as a step needs it.
pub fn steps(source: &Source, running: Option<Version>, last: ChainStep) -> Result<Vec<ChainStep>, CommandError> {
    let path = running.and_then(|from| Catalogue::effective().chain(from, last.file.release).ok());
    let between = path.unwrap_or_default();
    let mut steps = Vec::new();
    for version in between.iter().take(between.len().saturating_sub(1)) {
        let text = edit::release(&source.text, *version).map_err(CommandError::unexpected)?;
        let mut file = examine(source, &text, &last.file)?;
        // Images of the user's own are meant for the release that the plan file names.
        file.images.overrides.clear();
        steps.push(ChainStep { text, file });
    }
    steps.push(last);
    Ok(steps)
}

/// Reads an edited plan file. Its problems are reported as those of the file itself.
pub fn examine(source: &Source, text: &str, like: &PlanFile) -> Result<PlanFile, CommandError> {
    let examined = config::examine(&source.path, text, like.region);
    examined.plan.ok_or_else(|| examined.problems.into())
}

/// The plan file with another release, and with other images.
///
/// # Errors
///
/// It cannot be changed so, or an image is not a container's.
pub fn edited(
    source: &Source,
    file: &PlanFile,
    to: Option<Version>,
    images: &[String],
) -> Result<ChainStep, CommandError> {
    let changed = |result: Result<String, edit::EditError>| {
        result.map_err(|error| CommandError::usage("usage/plan-file", error.to_string()))
    };
    let mut text = source.text.clone();
    if let Some(to) = to {
        text = changed(edit::release(&text, to))?;
    }
    let mut file = examine(source, &text, file)?;
    let images = config::image_options(images, &file.images, catalogue::release(&file)?)
        .map_err(|invalid| CommandError::usage(invalid.code, invalid.message).hint(invalid.hint))?;
    for (container, image) in images {
        text = changed(edit::image(&text, &container, image.as_str()))?;
    }
    file = examine(source, &text, &file)?;
    Ok(ChainStep { text, file })
}

/// The release that runs.
pub fn running(inventory: &Inventory) -> Option<Version> {
    Running::of(inventory)?.release()
}

/// What is known when the first step begins.
pub struct Start {
    pub inventory: Inventory,
    /// The existing resources that the plan file itself names, if they have been read.
    pub existing: Option<Existing>,
}

/// Shows each step, asks once, and runs them one after the other. A saved plan must still fit.
pub async fn upgrade_chain(
    context: Context<'_>,
    options: ChainOptions<'_>,
    steps: &[ChainStep],
    start: Start,
    saved: Option<&Saved>,
) -> Result<Exit, CommandError> {
    let Context { session, scope, output, .. } = context;
    let Start { inventory, existing } = start;
    let (mut found, mut existing) = (Some(inventory), existing.filter(|_| steps.len() < 2));
    let mut text = options.source.text.clone();
    for (number, step) in steps.iter().enumerate() {
        let (is_first, is_last) = (number == 0, number + 1 == steps.len());
        let inventory = async {
            match found.take() {
                Some(found) => Ok(found),
                None => session.inventory(&mut scope.clone()).await,
            }
        };
        let existing = async {
            match existing.take() {
                Some(existing) => Ok(existing),
                None => session.existing(&step.file).await,
            }
        };
        let (inventory, existing) = tokio::try_join!(inventory, existing)?;
        let consent = options.consent.of_step(is_last);
        let mut planned = planning::plan(session, &step.file, &inventory, &existing, &consent).await?;
        planned.plan.findings.extend(other_plan_files::collisions(options.source, &step.file));
        if is_first {
            planned.plan.findings.extend(refusals(context, options, &inventory, &steps[1..]).await?);
        }
        saved.map(|saved| saved.check(&planned.shown())).transpose()?;
        let read = contents::read_by(&planned.plan);
        planned.plan.findings.extend(session.contents(&step.file, &existing, &read, true).await);
        if is_first && !is_last && !output.is_json() {
            context.show(&ending::chain(&releases(running(&inventory), steps)));
        }
        let is_upgrade = planned.is_upgrade();
        let question = if is_upgrade { "Upgrade now?" } else { "Make these changes?" };
        let plan = planned.shown();
        let cost = Some(Effect::of(&inventory, &plan));
        let work = Work { file: Some(&step.file), cost, ..Work::new(plan, question) };
        work.show(context)?;
        let can_be_undone = options.undoes_create && !is_upgrade && !work.plan.is_empty();
        let before = can_be_undone.then(|| Before::of(&inventory, session.kinds())).transpose()?;
        if before.is_some() && !output.is_json() {
            context.show(ending::UNDO_ANNOUNCED);
        }
        let (mut exit, mut known, mut is_postponed) = (Exit::Done, work.plan.known.clone(), false);
        if !work.plan.is_empty() {
            if is_upgrade {
                report_queues(context, &inventory).await?;
            }
            if is_first {
                work.ask(context)?;
            }
            let plan = planned.begin(&new_id());
            let purpose = plan.purpose;
            let result = run_plan(context, plan).await?;
            exit = if is_upgrade {
                conclude(context, purpose, &result, options.on_failure).await?
            } else {
                if let (Some(before), Outcome::Failed) = (&before, result.outcome) {
                    undo_create(context, before).await?;
                }
                result.exit()
            };
            if !result.is_reached() {
                return Ok(exit);
            }
            (known, is_postponed) = (result.known, result.outcome == Outcome::Done && result.is_postponed);
        }
        // Images of the user's own are in the text of every step and run only after the last.
        let is_settled = is_last || steps.last().is_some_and(|last| last.file.images.overrides.is_empty());
        if options.write && is_settled && update_plan_file(context, &text, &step.text)? {
            text.clone_from(&step.text);
        }
        if is_last {
            report_endpoints(context, &step.file, &existing, &known, running(&inventory).is_none())?;
            let release = catalogue::release(&step.file)?;
            if is_upgrade {
                report_probe(context, &known, release).await;
            } else if starts_task(&work.plan) {
                report_ui(context, &known, release).await;
            }
        }
        // What AWS permits only later is tried again with the next step.
        if exit != Exit::Done && (is_last || !is_postponed) {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// What refuses a later step must be known before the first one.
async fn refusals(
    context: Context<'_>,
    options: ChainOptions<'_>,
    inventory: &Inventory,
    later: &[ChainStep],
) -> Result<Vec<Finding>, CommandError> {
    let session = context.session;
    let mut found: Vec<Finding> = Vec::new();
    for step in later {
        let existing = session.existing(&step.file).await?;
        let plan = planning::plan(session, &step.file, inventory, &existing, &options.consent).await?.plan;
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

/// The releases on the way, from the one that runs.
pub fn releases(from: Option<Version>, steps: &[ChainStep]) -> Vec<String> {
    from.into_iter().chain(steps.iter().map(|step| step.file.release)).map(|release| release.to_string()).collect()
}

/// The container whose queues are asked for.
const BROKER: &str = "rabbitmq-stats";

/// Says what RabbitMQ's queues hold: it cannot be recovered (vendor's deployment guide, "Upgrade").
async fn report_queues(context: Context<'_>, inventory: &Inventory) -> Result<(), CommandError> {
    let Context { session, scope, output, .. } = context;
    let view = session.service(scope, inventory).await?;
    let cluster = view.service.as_ref().map(|service| service.cluster.clone()).unwrap_or_default();
    let Some(task) = view.tasks.iter().find(|task| task.last == "RUNNING" && task.desired == "RUNNING") else {
        return Ok(());
    };
    let aws = resource::Context { known: inventory.known(), ..session.context(scope) };
    let depth = queues::depth(&aws, &cluster, &task.arn, BROKER).await;
    if output.is_json() {
        let messages = depth.as_ref().ok().map(queues::Depth::total);
        let why = depth.as_ref().err().map(ToString::to_string);
        return output.line(&serde_json::json!({ "code": "queues", "messages": messages, "not_checked": why }));
    }
    context.show(&match depth {
        Ok(depth) => ui::upgrade::queues(depth.total(), &depth.queues),
        Err(why) => ui::upgrade::queues_not_checked(&why.to_string()),
    });
    Ok(())
}

#[cfg(test)]
mod tests;
