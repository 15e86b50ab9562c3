//! The plans that bring a recovery point into use, in a new file system.
//!
//! There are two: what the second one does is only known when the restored file system exists. Both are made from the
//! intent on the service and from the inventory, so that an interrupted restore continues where it was.

use std::path::Path;

use crate::aws::answer::required;
use crate::blueprint::data_steps::{Ground, unpack};
use crate::blueprint::{self, image_change::Running};
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::plan::{Action, After, Plan};
use crate::engine::reference::{Need, Ref};
use crate::kinds::recovery_point;
use crate::kinds::resource;
use crate::kinds::restore::Restore;
use crate::kinds::task_definition::TaskDefinition;
use crate::planners::upgrade::{self, Upgrade, add_upgrade_steps};
use crate::release::Version;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::source::Source;

use super::open_operation::{Next, OpenOperation};
use super::plan::data_task;
use super::planning;
use super::run::Context;

/// The next plan of a restore, with the revision that ran before.
pub async fn next(context: Context<'_>, now: &OpenOperation) -> Result<Next, CommandError> {
    let is_last = now.is_restored();
    let plan = if is_last { start(context, now).await? } else { restore(context, now).await? };
    Ok(Next { plan, is_last })
}

/// Stops, restores, and swaps the file systems.
async fn restore(context: Context<'_>, now: &OpenOperation) -> Result<Plan, CommandError> {
    let spec = specification(context, now).await?.ok_or_else(|| no_recovery_point(context.file))?;
    let upgrade = Upgrade { opens: now.is_unrecorded(), ..context.limits.upgrade(now.intent.clone()) };
    let target = context.session.target(&context.scope.name);
    Ok(upgrade::restore(&now.inventory, target, &now.service, &upgrade, &spec))
}

/// Creates what the restored file system needs, moves everything to where it was, and starts.
async fn start(context: Context<'_>, now: &OpenOperation) -> Result<Plan, CommandError> {
    let Context { session, scope, limits, .. } = context;
    let inventory = now.inventory_before();
    let file = plan_file_before(context, now.intent.from.parse().ok(), &now.of_before)?;
    let existing = session.existing(&file).await?;
    let mut plan = planning::plan(session, &file, &inventory, &existing, &Consent::default()).await?.plan;
    plan.findings.retain(|finding| finding.code != "upgrade/open");
    let refusals: Vec<_> = plan.refusals().map(|finding| finding.message.as_str()).collect();
    if !refusals.is_empty() {
        let message = format!("this plan file cannot be deployed on the restored data: {}", refusals.join("; "));
        return Err(CommandError::refused("backup/plan-file", message)
            .hint("undo what was changed in the plan file since the deployment ran"));
    }
    let Some(running) = Running::of(&inventory) else {
        return Err(CommandError::unexpected("the service no longer exists"));
    };
    let names = session.context(scope).names;
    let ground = Ground { plan: &file, names: &names, running: &running, intent: &now.intent.id };
    // The policy exists once everything has been moved, because it would not allow the move.
    let is_moved = !inventory.at(&Address::new("file-system-policy", "main")).is_empty();
    let data_tasks = if is_moved { Vec::new() } else { vec![data_task(unpack(ground))] };
    plan.known.extend(inventory.known());
    add_upgrade_steps(&mut plan, &now.service, &Upgrade { data_tasks, ..limits.upgrade(now.intent.clone()) });
    create_policy_after_data_tasks(&mut plan);
    Ok(plan)
}

/// Without a policy, the file system lets the task that moves the data be root; the deployment's policy does not.
fn create_policy_after_data_tasks(plan: &mut Plan) {
    let runs = plan.steps.iter().enumerate().filter(|(_, step)| step.action == Action::Run);
    let after: Vec<After> = runs.map(|(step, _)| After { step, need: Need::Ready }).collect();
    for step in plan.steps.iter_mut().filter(|step| step.address == Address::new("file-system-policy", "main")) {
        step.after.extend(after.iter().cloned());
    }
}

/// The specification of the restore, if there is a recovery point for it.
async fn specification(context: Context<'_>, now: &OpenOperation) -> Result<Option<serde_json::Value>, CommandError> {
    let aws = resource::Context { known: now.inventory.known(), ..context.session.context(context.scope) };
    let file_system = now.file_system().ok_or_else(|| {
        CommandError::refused("backup/no-file-system", "no file system is in use at this moment")
            .hint(format!("end what is under way first: `ce-aws upgrade {} --rollback`", context.file))
    })?;
    let arn = file_system.outputs.get("arn").map(String::as_str);
    let arn = required("efs DescribeFileSystems", "FileSystemArn", arn)?;
    let point = match &now.intent.point {
        Some(point) => Some(aws.names.arn("backup", &format!("recovery-point:{point}"))),
        None if now.intent.backup => recovery_point::find(&aws, arn, &now.intent.id).await?,
        None => None,
    };
    let Some(point) = point else { return Ok(None) };
    let text = |property: &str| file_system.spec.get(property).and_then(|value| value.as_str()).map(str::to_owned);
    let file = plan_file_before(context, now.intent.from.parse().ok(), &now.of_before)?;
    let restore = Restore {
        recovery_point: Ref::value(point),
        role: blueprint::backup::role(&file),
        source: file_system.id.clone(),
        creation_token: aws.names.creation_token(&now.intent.id),
        encrypted: file_system.spec.get("encrypted").and_then(|value| value.as_bool()).unwrap_or(true),
        // EFS's own key is not named: EFS takes it anyway.
        kms_key: text("kms_key").filter(|_| file.existing.kms_key.is_some()),
        performance: text("performance").unwrap_or_else(|| "generalPurpose".to_owned()),
    };
    serde_json::to_value(restore).map(Some).map_err(CommandError::unexpected)
}

fn no_recovery_point(file: &str) -> CommandError {
    CommandError::refused(
        "upgrade/no-recovery-point",
        "the new release may have changed the data, and there is no recovery point of this upgrade to roll back to",
    )
    .hint(format!("finish the upgrade instead: `ce-aws upgrade {file} --resume`"))
    .hint(format!("or restore an older recovery point: `ce-aws backup list {file}`, then `ce-aws backup restore`"))
    .hint(format!(
        "or, if you know that the old release can read the current data: `ce-aws upgrade {file} --rollback --no-backup`"
    ))
}

/// The plan file as it was: its release, and exactly the images of the task that runs, or that is to run again.
pub fn plan_file_before(
    context: Context<'_>,
    release: Option<Version>,
    running: &TaskDefinition,
) -> Result<PlanFile, CommandError> {
    let source = Source::read(Path::new(context.file))?;
    let mut file = source.plan_file(context.session.region(), context.output)?;
    file.release = release.unwrap_or(file.release);
    for (name, container) in &running.containers {
        if let Ok(image) = container.image.parse() {
            file.images.overrides.insert(name.clone(), image);
        }
    }
    Ok(file)
}
