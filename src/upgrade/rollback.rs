//! Back to what ran before: planned from the intent on the service and from the inventory, so that one code serves a
//! failed upgrade, an interrupted one, and a rollback that was interrupted itself.

use crate::blueprint::{self, image_change::Running};
use crate::engine::event::Outcome;
use crate::engine::inventory::Live;
use crate::engine::plan::{Plan, Purpose};
use crate::kinds::backup_vault;
use crate::kinds::names;
use crate::kinds::task_definition::TaskDefinition;
use crate::planners::intent::{Mark, Work as Intended};
use crate::planners::upgrade::{self, Upgrade};
use crate::release::Version;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::ui::ending::Ending;

use super::cleanup::cleanup;
use super::data_changed::may_have_changed_data;
use super::open_operation::{Next, OpenOperation, run_all};
use super::plan::{OnFailure, UNKNOWN, intent};
use super::restore;
use super::run::{Context, RunResult, Work, say};

/// Says how an upgrade or a restore has ended, and rolls it back if it has failed.
pub async fn conclude(
    context: Context<'_>,
    purpose: Purpose,
    result: &RunResult,
    on_failure: OnFailure,
) -> Result<Exit, CommandError> {
    let ending = match result.ending(purpose) {
        Ending::Failed if on_failure == OnFailure::Keep => Ending::Kept,
        ending => ending,
    };
    say(context, purpose, ending);
    match ending {
        Ending::Done => Ok(result.exit()),
        Ending::Failed => run(context, false).await,
        Ending::Kept => Ok(Exit::Stuck),
        _ => Ok(Exit::PartWay),
    }
}

/// Rolls back, with the consent of a person where `asks` says so. Gives the exit code: rolled back, part way, or stuck.
///
/// # Errors
///
/// No consent.
pub async fn run(context: Context<'_>, asks: bool) -> Result<Exit, CommandError> {
    let Rollback { first, release, definition, is_stopped } = match plan(context).await {
        Ok(rollback) => rollback,
        Err(error) => return Ok(stuck(context, &error)),
    };
    if asks {
        let work = Work::new(first.plan.clone(), "Roll back?");
        work.show(context)?;
        work.ask(context)?;
    }
    let result = match run_all(context, first, next).await {
        Ok(result) => result,
        Err(error) => return Ok(stuck(context, &error)),
    };
    let ending = match result.outcome {
        Outcome::Failed if !is_stopped => Ending::NothingStopped,
        _ => result.ending(Purpose::Rollback),
    };
    let exit = match ending {
        Ending::Done | Ending::CleanupLeft => Exit::RolledBack,
        Ending::Failed => Exit::Stuck,
        _ => Exit::PartWay,
    };
    if exit == Exit::RolledBack {
        let cleaned = async {
            let file = restore::plan_file_before(context, release, &definition)?;
            cleanup(context, &file, &Consent::default()).await
        };
        // What runs again is what counts: a cleanup that fails is only reported.
        if let Err(error) = cleaned.await {
            context.output.error(&error);
        }
    }
    say(context, Purpose::Rollback, ending);
    Ok(exit)
}

/// Says why it cannot go on.
fn stuck(context: Context<'_>, error: &CommandError) -> Exit {
    context.output.error(error);
    match error.exit() {
        // Whoever holds the lease now decides.
        Exit::PartWay => {
            say(context, Purpose::Rollback, Ending::LeaseLost);
            return Exit::PartWay;
        }
        // A refusal says itself what can be done.
        Exit::Refused => {}
        _ => say(context, Purpose::Rollback, Ending::Failed),
    }
    Exit::Stuck
}

/// Rolls back because somebody asked for it, so that success is no failure.
pub async fn on_request(context: Context<'_>) -> Result<Exit, CommandError> {
    Ok(match run(context, true).await? {
        Exit::RolledBack => Exit::Done,
        exit => exit,
    })
}

/// The first plan of a rollback, and what runs after the last one.
struct Rollback {
    first: Next,
    release: Option<Version>,
    definition: TaskDefinition,
    /// Whether anything may have been stopped.
    is_stopped: bool,
}

async fn plan(context: Context<'_>) -> Result<Rollback, CommandError> {
    let Context { session, .. } = context;
    let mut scope = context.scope.clone();
    let inventory = session.inventory(&mut scope).await?;
    if let Some(now) = OpenOperation::of(session, &scope, inventory.clone()).await? {
        let first = next(Context { scope: &scope, ..context }, &now).await?;
        let release = now.intent.from.parse().ok();
        return Ok(Rollback { first, release, definition: now.of_before, is_stopped: true });
    }
    // It failed before the intent was written: what runs is to stay, and what was made for the upgrade goes.
    let running = Running::of(&inventory).ok_or_else(|| CommandError::unexpected("the service no longer exists"))?;
    let intent = intent(&running, "00000000", UNKNOWN, UNKNOWN).at(Mark::Back);
    let upgrade = context.limits.upgrade(intent);
    let target = session.target(&scope.name);
    let mut plan = upgrade::back(&inventory, target, &running.service, &running.definition, &upgrade);
    let for_backups = [backup_vault::address(), blueprint::backup::role_address()];
    let is_new = |live: &&Live| live.tags.get(names::RUN).is_some_and(|run| run == session.run());
    let made = inventory.live.iter().filter(|live| for_backups.contains(&live.address)).filter(is_new);
    upgrade::take_away(&mut plan, made);
    let release = running.release();
    Ok(Rollback { first: Next { plan, is_last: true }, release, definition: running.of_definition, is_stopped: false })
}

/// The next plan of a rollback.
async fn next(context: Context<'_>, now: &OpenOperation) -> Result<Next, CommandError> {
    let Context { session, scope, limits, .. } = context;
    let is_swapped = now.is_restored() || now.kept().is_some();
    let restores = match (now.intent.work, now.intent.mark) {
        (Intended::Restore, _) if is_swapped => return Ok(Next { plan: swap_back(context, now)?, is_last: false }),
        (Intended::Restore, _) | (Intended::Upgrade | Intended::Load, Mark::Back) => false,
        (Intended::Upgrade | Intended::Load, Mark::Restore) => is_swapped || !limits.keeps_data,
        (Intended::Upgrade | Intended::Load, _) if is_swapped || limits.keeps_data => is_swapped,
        // From there on, what a dump replaces may be gone.
        (Intended::Load, mark) => mark >= Mark::Data,
        (Intended::Upgrade, _) => may_have_changed_data(now, &session.service(scope, &now.inventory).await?),
    };
    if restores {
        return restore::next(context, &now.at(Mark::Restore)).await;
    }
    let upgrade = Upgrade { opens: now.intent.mark != Mark::Back, ..limits.upgrade(now.intent.at(Mark::Back)) };
    let target = session.target(&scope.name);
    let plan = upgrade::back(&now.inventory, target, &now.service, &now.before, &upgrade);
    Ok(Next { plan, is_last: true })
}

/// A restore that failed after its file system was in use: the one before comes into use again.
fn swap_back(context: Context<'_>, now: &OpenOperation) -> Result<Plan, CommandError> {
    let kept = now.kept().ok_or_else(|| {
        CommandError::refused("backup/no-former", "the file system that was in use before no longer exists")
    })?;
    let now = now.at(Mark::Back);
    let upgrade = Upgrade { opens: now.is_unrecorded(), ..context.limits.upgrade(now.intent.clone()) };
    let target = context.session.target(&context.scope.name);
    Ok(upgrade::swap_back(&now.inventory, target, &now.service, kept, &upgrade))
}
