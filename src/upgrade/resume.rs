//! Finishing an upgrade that was interrupted, from what is in AWS.

use crate::blueprint::data_steps::{Ground, data_steps};
use crate::blueprint::image_change::Running;
use crate::config::{PlanFile, edit};
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::Purpose;
use crate::planners::intent::{Mark, Work as Intended};
use crate::planners::upgrade::{self, DataTask, Upgrade};
use crate::release::{Catalogue, Release, Version};
use crate::session::catalogue::release;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::{describe, way_out};

use super::chain::{ChainOptions, examine};
use super::cleanup::cleanup;
use super::open_operation::OpenOperation;
use super::plan::{data_task, new_id, point};
use super::rollback::conclude;
use super::run::{Context, Work, propose_and_run};
use super::update_plan_file::update_plan_file;

/// Continues where the upgrade was interrupted, to the revision that it had registered.
///
/// # Errors
///
/// It cannot be finished any more, or not by this run.
pub async fn resume(
    context: Context<'_>,
    options: ChainOptions<'_>,
    mut now: OpenOperation,
) -> Result<Exit, CommandError> {
    let Context { session, scope, output, limits, file: path, .. } = context;
    let source = options.source;
    if now.intent.mark.is_back() || now.intent.work != Intended::Upgrade {
        let message = format!("{}: --resume does not finish it", describe(&now.intent));
        let hint = way_out(&now.intent).replace("FILE", path);
        return Err(CommandError::refused("upgrade/going-back", message).hint(hint));
    }
    let newest = now.newest.clone().ok_or_else(|| {
        CommandError::refused("upgrade/no-revision", "the revision that it was to start no longer exists")
            .hint(format!("roll back: `ce-aws upgrade {path} --rollback`"))
    })?;
    // What has run since wrote data that an earlier recovery point does not hold.
    let opens = now.intent.mark == Mark::Stop && now.service.phase != Phase::Idle;
    if opens {
        now.intent.id = new_id();
    }
    let file = source.plan_file(session.region(), output)?;
    let data_tasks = data_tasks(context, &file, &now)?;
    let upgrade = Upgrade {
        opens,
        point: (now.intent.backup && now.intent.mark == Mark::Stop).then(|| point(&file)),
        data_tasks: if now.intent.mark < Mark::Start { data_tasks } else { Vec::new() },
        ..limits.upgrade(now.intent.clone())
    };
    let plan = upgrade::resume(&now.inventory, session.target(&scope.name), &now.service, &newest, &upgrade);
    let Some(result) = propose_and_run(context, Work::new(plan, "Finish it?")).await? else { return Ok(Exit::Done) };
    let exit = conclude(context, Purpose::Upgrade, &result, options.on_failure).await?;
    if !result.is_reached() {
        return Ok(exit);
    }
    let text = reached(options, &file, &now, &newest)?;
    if options.write {
        update_plan_file(context, &source.text, &text)?;
    }
    if exit != Exit::Done {
        return Ok(exit);
    }
    cleanup(context, &examine(source, &text, &file)?, &options.consent).await
}

/// The data steps of the upgrade; each may have run before, and can run again.
///
/// # Errors
///
/// A release that this run does not know: its data steps would be left out in silence.
fn data_tasks(context: Context<'_>, file: &PlanFile, now: &OpenOperation) -> Result<Vec<DataTask>, CommandError> {
    let new = known(&now.intent.to)?;
    // Where nothing said which release ran, there was no step to plan.
    if now.intent.from == now.intent.to || now.intent.from.parse::<Version>().is_err() {
        return Ok(Vec::new());
    }
    let old = known(&now.intent.from)?;
    // What ran before, on the network where the service is.
    let running = Running::of(&now.inventory_before())
        .ok_or_else(|| CommandError::unexpected("what ran before cannot be read"))?;
    let aws = context.session.context(context.scope);
    let ground = Ground { plan: file, names: &aws.names, running: &running, intent: &now.intent.id };
    Ok(data_steps(ground, old, new, &Default::default()).into_iter().map(data_task).collect())
}

fn known(text: &str) -> Result<&'static Release, CommandError> {
    let found = text.parse().ok().and_then(|version| Catalogue::effective().get(version));
    found.ok_or_else(|| {
        let message = format!("this run does not know release {text}, nor what it does to the data");
        CommandError::refused("upgrade/unknown-release", message)
            .hint("give the --catalog files with which the upgrade was begun")
    })
}

/// The plan file with the release that was reached, and the images in which it differs.
fn reached(
    options: ChainOptions<'_>,
    file: &PlanFile,
    now: &OpenOperation,
    newest: &Live,
) -> Result<String, CommandError> {
    let mut text = options.source.text.clone();
    if let Ok(version) = now.intent.to.parse::<Version>()
        && version != file.release
    {
        text = edit::release(&text, version).map_err(CommandError::unexpected)?;
    }
    let file = examine(options.source, &text, file)?;
    for (container, image) in crate::blueprint::images(&file, release(&file)?) {
        let runs = newest.spec.pointer(&format!("/containers/{container}/image")).and_then(|image| image.as_str());
        if let Some(runs) = runs.filter(|runs| *runs != image.as_str()) {
            text = edit::image(&text, &container, runs).map_err(CommandError::unexpected)?;
        }
    }
    Ok(text)
}
