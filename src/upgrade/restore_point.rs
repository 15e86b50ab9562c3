//! Bringing a recovery point into use: which one, on what, and what ends an open operation instead.

use crate::blueprint;
use crate::blueprint::image_change::Running;
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Purpose;
use crate::kinds::backup_vault::view::{BackupView, PointView};
use crate::kinds::names;
use crate::live;
use crate::planners::intent::{Intent, Mark, Work as Intended};
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::{describe, way_out};
use crate::ui::upgrade::after_the_restore;

use super::open_operation::{Next, OpenOperation, run_all};
use super::plan::{OnFailure, intent, new_id};
use super::restore;
use super::rollback::{self, conclude};
use super::run::{Context, Work};

/// What a person wants of a restore.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// A recovery point comes into use, with `other_release` even one of another release's data.
    Point {
        id: &'a str,
        other_release: bool,
    },
    Resume,
    Rollback,
}

/// Shows, asks, restores, and rolls back when that fails.
pub async fn run(
    context: Context<'_>,
    file: &PlanFile,
    inventory: Inventory,
    wanted: Wanted<'_>,
) -> Result<Exit, CommandError> {
    let Context { session, scope, .. } = context;
    let open = OpenOperation::of(session, scope, inventory.clone()).await?;
    let Wanted::Point { id, other_release } = wanted else {
        let now = open
            .filter(|now| now.intent.work != Intended::Upgrade)
            .ok_or_else(|| CommandError::refused("backup/none-open", "no restore is under way; nothing was changed"))?;
        context.show(&format!("{}\n", describe(&now.intent)));
        if matches!(wanted, Wanted::Rollback) || now.intent.mark.is_back() {
            return rollback::on_request(context).await;
        }
        if now.intent.work == Intended::Load {
            let message = "a database restore cannot be continued: how far it has come is not known";
            return Err(CommandError::refused("database/not-resumable", message)
                .hint(way_out(&now.intent).replace("FILE", context.file)));
        }
        return restore(context, &now, "Finish it?", None).await;
    };
    let begun = match open {
        Some(now) => now,
        None => at_rest(context, file, inventory)?,
    };
    let view = live::backups::list(&session.context(scope), &begun.inventory).await?;
    let point = choose(&view, id)?;
    if !other_release {
        is_of(point, &begun.intent.from)?;
    }
    if begun.intent.mark.is_back() || begun.intent.work != Intended::Restore {
        context.show(&format!("{}: this ends it, on another recovery point\n", describe(&begun.intent)));
    }
    let intent = Intent {
        id: new_id(),
        work: Intended::Restore,
        to: begun.intent.from.clone(),
        backup: false,
        mark: Mark::Stop,
        point: Some(point.id().to_owned()),
        ..begun.intent.clone()
    };
    let now = OpenOperation { intent, newest: None, has_steps: false, ..begun };
    restore(context, &now, "Restore it?", Some(after_the_restore(point.id(), &point.created, &point.vault))).await
}

async fn restore(
    context: Context<'_>,
    now: &OpenOperation,
    question: &str,
    more: Option<String>,
) -> Result<Exit, CommandError> {
    let Next { plan, is_last } = restore::next(context, now).await?;
    let work = Work::new(plan, question);
    work.show(context)?;
    if let Some(more) = more.filter(|_| !context.output.is_json()) {
        context.show(&more);
    }
    work.ask(context)?;
    let result = run_all(context, Next { plan: work.plan, is_last }, restore::next).await?;
    conclude(context, Purpose::Restore, &result, OnFailure::Rollback).await
}

/// What runs, where nothing is under way.
fn at_rest(context: Context<'_>, file: &PlanFile, inventory: Inventory) -> Result<OpenOperation, CommandError> {
    let path = context.file;
    let running = Running::of(&inventory).ok_or_else(|| {
        CommandError::refused("refused/not-deployed", "there is no service to restore for; nothing was changed")
            .hint(format!("`ce-aws apply {path}` deploys it"))
    })?;
    if running.service.tags.contains_key(names::STOPPED) {
        let message = "it is stopped by request: a restore could not be verified";
        return Err(CommandError::refused("backup/stopped", message)
            .hint(format!("start it with `ce-aws start {path}`; it need not become healthy")));
    }
    has_role(file, &inventory, path)?;
    let release = running.release().unwrap_or(file.release).to_string();
    let intent = intent(&running, "", &release, &release);
    let intent = Intent { work: Intended::Restore, count: intent.count.max(1), ..intent };
    Ok(OpenOperation {
        deployment: context.scope.name.clone(),
        service: running.service,
        intent,
        before: running.definition,
        of_before: running.of_definition,
        newest: None,
        has_steps: false,
        inventory,
    })
}

/// Refuses where AWS Backup has no role to restore with.
pub(super) fn has_role(file: &PlanFile, inventory: &Inventory, path: &str) -> Result<(), CommandError> {
    let has_role = inventory.live.iter().any(|live| live.address == blueprint::backup::role_address());
    if file.existing.backup_role.is_some() || has_role {
        return Ok(());
    }
    let message = "there is no role for AWS Backup yet; nothing was changed";
    Err(CommandError::refused("backup/no-role", message)
        .hint(format!("`ce-aws backup create {path}` makes it, and a recovery point of what is there now")))
}

/// Refuses a recovery point of which it is known that another release has made what is in it.
fn is_of(point: &PointView, release: &str) -> Result<(), CommandError> {
    match point.release.as_deref() {
        Some(made_by) if made_by != release => {
            let message = format!("it is of release {made_by}, and {release} is to run on it; nothing was changed");
            Err(CommandError::refused("backup/other-release", message)
                .hint("if you know that this release can read it, give --other-release"))
        }
        _ => Ok(()),
    }
}

/// The recovery point that is meant: the latest is that of the file system in use, because what a former one holds is
/// what somebody went back from.
fn choose<'a>(view: &'a BackupView, wanted: &str) -> Result<&'a PointView, CommandError> {
    let is_in_use = |id: &str| view.file_systems.iter().any(|one| !one.former && one.id == id);
    let mut complete = view.points.iter().filter(|point| point.state == "COMPLETED");
    let found = match wanted {
        "latest" => complete.find(|point| is_in_use(&point.file_system) && !is_closed(view, point)),
        _ => complete.find(|point| point.arn == wanted || point.id() == wanted),
    };
    let point = found.ok_or_else(|| {
        let message = format!("there is no complete recovery point {wanted:?}; nothing was changed");
        CommandError::refused("backup/no-point", message)
            .hint("`ce-aws backup list` shows them; `latest` is one of the file system in use that can be restored")
    })?;
    if is_closed(view, point) {
        let message = format!("the vault {} lets nobody restore from it; nothing was changed", point.vault);
        return Err(CommandError::refused("backup/vault-closed", message)
            .hint("whoever owns the vault must change its access policy first"));
    }
    Ok(point)
}

/// Whether the policy of its vault forbids everybody to restore it.
fn is_closed(view: &BackupView, point: &PointView) -> bool {
    let mut denials = view.vaults.iter().filter(|vault| vault.name == point.vault).flat_map(|vault| &vault.denials);
    denials.any(|denial| {
        let is_for_all = !denial.conditional && denial.principals.iter().any(|one| one == "*");
        is_for_all && denial.action == "backup:StartRestoreJob"
    })
}
