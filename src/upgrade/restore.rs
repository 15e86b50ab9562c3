//! A recovery point into a new file system, and that into use.
//!
//! Two plans: what the second one does is only known when the restored file system is there. Both are made from the note
//! on the service and from what is there, so that whatever interrupts them, the same is done again from where it was.

use crate::aws::answer::required;
use crate::blueprint::{
    self,
    data_steps::{Ground, unpack},
    image_change::Running,
};
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, After, Plan};
use crate::engine::reference::{Need, Ref};
use crate::kinds::recovery_point;
use crate::kinds::resource;
use crate::kinds::restore::Restore;
use crate::kinds::task_definition::TaskDefinition;
use crate::planners::intent::Intent;
use crate::planners::upgrade::{self, Upgrade, add_upgrade_steps};
use crate::release::Version;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::execute::execute;
use crate::session::source::Source;

use super::limits::{Limits, simple};
use super::open_operation::OpenOperation;
use super::plan::data_task;
use super::planning;
use super::run::{Context, Ending};

/// Brings the recovery point of an intent into use, with the revision that ran before.
pub async fn into_use(
    context: Context<'_>,
    now: &OpenOperation,
    intent: &Intent,
    limits: Limits,
) -> Result<Ending, CommandError> {
    let Context { session, scope, output, .. } = context;
    if !now.is_restored() {
        let plan = first(context, now, intent, limits).await?;
        let outcome = execute(session, scope, plan, output).await?.outcome;
        if outcome != Outcome::Done {
            return Ok(Ending::early(outcome));
        }
    }
    let plan = match second(context, now, intent, limits).await {
        Ok(plan) => plan,
        // Everything is stopped by now: it is a failure like that of a step.
        Err(error) => {
            output.error(&error);
            return Ok(Ending::early(Outcome::Failed));
        }
    };
    let report = execute(session, scope, plan.clone(), output).await?;
    Ok(Ending::of(&plan, &report))
}

/// Stops, restores, and swaps.
pub async fn first(
    context: Context<'_>,
    now: &OpenOperation,
    intent: &Intent,
    limits: Limits,
) -> Result<Plan, CommandError> {
    let spec = restore(context, now).await?.ok_or_else(|| no_recovery_point(context.file))?;
    let upgrade = Upgrade { opens: opens(now, intent), ..simple(intent.clone(), limits) };
    let target = context.session.target(&context.scope.name);
    Ok(upgrade::restore(&now.inventory, target, &now.service, &upgrade, &spec))
}

/// Whether the note on the service has to be written.
pub fn opens(now: &OpenOperation, intent: &Intent) -> bool {
    now.service.tags.get(crate::kinds::names::INTENT) != Some(&intent.to_string())
}

/// Makes for the restored file system what it needs, moves everything to where it was, and starts.
async fn second(
    context: Context<'_>,
    now: &OpenOperation,
    intent: &Intent,
    limits: Limits,
) -> Result<Plan, CommandError> {
    let Context { session, scope, .. } = context;
    let inventory = session.inventory(&mut scope.clone()).await?;
    let service = inventory.live.iter().find(|live| live.address.kind() == "service").cloned();
    // The old revision in the place of the one that the service is at.
    let live = inventory.live.into_iter().filter(|live| live.address.kind() != "task-definition");
    let inventory = Inventory::new(live.chain([now.before.clone()]).collect());
    let file = before(context, now.intent.from.parse().ok(), &now.of_before)?;
    let existing = session.existing(&file).await?;
    let mut planned = planning::plan(session, &file, &inventory, &existing, &Consent::default()).await?;
    planned.plan.findings.retain(|finding| finding.code != "upgrade/open");
    let refusals: Vec<_> = planned.plan.refusals().map(|finding| finding.message.as_str()).collect();
    if !refusals.is_empty() {
        let message = format!("with this plan file it cannot be started on what was restored: {}", refusals.join("; "));
        return Err(CommandError::refused("backup/plan-file", message)
            .hint("take back what was changed in the plan file since the deployment ran"));
    }
    let (Some(service), Some(running)) = (service, Running::of(&inventory)) else {
        return Err(CommandError::unexpected("there is no service any more"));
    };
    let names = session.context(scope).names;
    let ground = Ground { plan: &file, names: &names, running: &running, intent: &intent.id };
    // The policy comes when everything has been moved, because it would not let the move be made.
    let is_moved = inventory.at(&Address::new("file-system-policy", "main")).next().is_some();
    let data_tasks = if is_moved { Vec::new() } else { vec![data_task(unpack(ground))] };
    let mut plan = planned.plan;
    plan.known.extend(inventory.known());
    add_upgrade_steps(&mut plan, &service, &Upgrade { data_tasks, ..simple(intent.clone(), limits) });
    policy_after_errands(&mut plan);
    Ok(plan)
}

/// A file system without a policy lets the task that moves things be root; one with the deployment's policy would not.
fn policy_after_errands(plan: &mut Plan) {
    let data_tasks: Vec<usize> =
        plan.steps.iter().enumerate().filter(|(_, step)| step.action == Action::Run).map(|(index, _)| index).collect();
    for step in plan.steps.iter_mut().filter(|step| step.address == Address::new("file-system-policy", "main")) {
        step.after.extend(data_tasks.iter().map(|data_task| After { step: *data_task, need: Need::Ready }));
    }
}

/// The specification of the restore, if there is a recovery point for it.
async fn restore(context: Context<'_>, now: &OpenOperation) -> Result<Option<serde_json::Value>, CommandError> {
    let Context { session, scope, .. } = context;
    let calls = resource::Context { known: now.inventory.known(), ..session.context(scope) };
    let file_system = now.file_system().ok_or_else(|| {
        CommandError::refused("backup/no-file-system", "no file system is in use at this moment")
            .hint(format!("end what is under way first: `ce-aws upgrade {} --rollback`", context.file))
    })?;
    let arn = file_system.outputs.get("arn").map(String::as_str);
    let arn = required("efs DescribeFileSystems", "FileSystemArn", arn)?;
    let point = match &now.intent.point {
        Some(point) => Some(calls.names.arn("backup", &format!("recovery-point:{point}"))),
        None if now.intent.backup => recovery_point::find(&calls, arn, &now.intent.id).await?,
        None => None,
    };
    let Some(point) = point else { return Ok(None) };
    let text = |property: &str| file_system.spec.get(property).and_then(|value| value.as_str()).map(str::to_owned);
    let file = before(context, now.intent.from.parse().ok(), &now.of_before)?;
    let restore = Restore {
        recovery_point: Ref::value(point),
        role: blueprint::backup::role(&file),
        source: file_system.id.clone(),
        creation_token: calls.names.creation_token(&now.intent.id),
        encrypted: file_system.spec.get("encrypted").and_then(|value| value.as_bool()).unwrap_or(true),
        // EFS's own key is not named: EFS takes it anyway.
        kms_key: text("kms_key").filter(|_| file.existing.kms_key.is_some()),
        performance: text("performance").unwrap_or_else(|| "generalPurpose".to_owned()),
    };
    serde_json::to_value(restore).map(Some).map_err(CommandError::unexpected)
}

/// The plan file as it was: its release, and the very images of the task that runs, or is to run again.
pub fn before(
    context: Context<'_>,
    release: Option<Version>,
    running: &TaskDefinition,
) -> Result<PlanFile, CommandError> {
    let source = Source::read(std::path::Path::new(context.file))?;
    let mut file = source.plan_file(context.session.region(), context.output)?;
    file.release = release.unwrap_or(file.release);
    for (name, container) in &running.containers {
        if let Ok(image) = container.image.parse() {
            file.images.overrides.insert(name.clone(), image);
        }
    }
    Ok(file)
}

fn no_recovery_point(file: &str) -> CommandError {
    CommandError::refused(
        "upgrade/no-recovery-point",
        "the new release may have changed the data, and there is no recovery point of this upgrade to go back to",
    )
    .hint(format!("finish the upgrade instead: `ce-aws upgrade {file} --resume`"))
    .hint(format!("or go back onto an older recovery point: `ce-aws backup list {file}` and `ce-aws backup restore`"))
    .hint(format!(
        "or, if you know that the old release can read the data as they are: `ce-aws upgrade {file} --rollback --no-backup`"
    ))
}
