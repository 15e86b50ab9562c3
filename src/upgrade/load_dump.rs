//! Replacing what the database holds by a dump, with a recovery point to roll back to.

use crate::blueprint::data_steps::Ground;
use crate::blueprint::image_change::Running;
use crate::blueprint::load_dump::load;
use crate::config::PlanFile;
use crate::engine::inventory::{Inventory, Phase};
use crate::engine::plan::Purpose;
use crate::kinds::{backup_vault, names, resource};
use crate::live;
use crate::planners::intent::{Intent, Work as Intended};
use crate::planners::upgrade::{self, DataTask, Upgrade};
use crate::release::{Catalogue, Release};
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::open_intent;

use super::plan::{OnFailure, data_task, foreign_task, intent, new_id, point};
use super::restore_point::has_role;
use super::rollback::conclude;
use super::run::{Context, Work, run_plan};

/// What is to be restored.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub sha256: &'a str,
    /// Whether the dump may be of another release than the one that runs.
    pub other_release: bool,
}

/// Shows the plan and asks; then `bring` puts the dump on the file system, while everything still runs, and the plan
/// runs. When a step fails, the recovery point that it has made is restored.
pub async fn run(
    context: Context<'_>,
    file: &PlanFile,
    inventory: Inventory,
    wanted: Wanted<'_>,
    bring: impl AsyncFnOnce() -> Result<(), CommandError>,
) -> Result<Exit, CommandError> {
    let Context { session, scope, limits, file: path, .. } = context;
    let (running, release) = running(&inventory, path)?;
    has_role(file, &inventory, path)?;
    if inventory.at(&backup_vault::address()).is_empty() {
        let message = "there is no vault for the recovery point yet; nothing was changed";
        return Err(CommandError::refused("backup/no-role", message)
            .hint(format!("`ce-aws backup create {path}` makes it, and a recovery point of what is there now")));
    }
    let aws = resource::Context { known: inventory.known(), ..session.context(scope) };
    let foreign_tasks = live::foreign_tasks::writing(&aws).await?;
    let version = release.version.to_string();
    let id = new_id();
    let ground = Ground { plan: file, names: &aws.names, running: &running, intent: &id };
    let task = load(ground, release, wanted.sha256, wanted.other_release).ok_or_else(|| {
        CommandError::refused("database/release", format!("release {version} keeps its data where no dump is restored"))
    })?;
    let replaced = "everything that the database holds now is deleted first; the recovery point keeps it";
    let upgrade = Upgrade {
        opens: true,
        point: Some(point(file)),
        data_tasks: vec![DataTask { consequence: replaced, ..data_task(task) }],
        consequence: Some("if a step fails, the recovery point is restored into a new file system".to_owned()),
        ..limits.upgrade(Intent { work: Intended::Load, backup: true, ..intent(&running, &id, &version, &version) })
    };
    let mut plan = upgrade::restart(&inventory, session.target(&scope.name), &running.service, &upgrade);
    plan.findings.extend(open_intent(&inventory));
    plan.findings.extend(foreign_tasks.iter().map(|arn| foreign_task(arn, "while the database is replaced")));
    let work = Work::new(plan, "Restore it?");
    work.show(context)?;
    work.ask(context)?;
    bring().await?;
    let result = run_plan(context, work.plan).await?;
    conclude(context, Purpose::Restore, &result, OnFailure::Rollback).await
}

/// What runs, and of which release, where it is healthy.
fn running(inventory: &Inventory, path: &str) -> Result<(Running, &'static Release), CommandError> {
    let running = Running::of(inventory).ok_or_else(|| {
        CommandError::refused("refused/not-deployed", "there is no service to restore for; nothing was changed")
            .hint(format!("`ce-aws apply {path}` deploys it"))
    })?;
    if running.service.tags.contains_key(names::STOPPED) || running.service.phase != Phase::Ready {
        let message = "Cloud Exchange is not running and healthy: there would be nothing to verify or to roll back to";
        return Err(CommandError::refused("database/not-running", message).hint(format!(
            "`ce-aws start {path}` starts what was stopped; `ce-aws status {path}` shows what is wrong"
        )));
    }
    let release = running.release().and_then(|version| Catalogue::effective().get(version)).ok_or_else(|| {
        CommandError::refused("upgrade/unknown-release", "this run does not know the release that runs")
            .hint("give the --catalog file that describes it")
    })?;
    Ok((running, release))
}
