//! `ce-aws backup restore`.

use std::path::PathBuf;

use crate::blueprint;
use crate::blueprint::hop::Running;
use crate::engine::event::Outcome;
use crate::kinds::backup_view::{BackupView, PointView};
use crate::kinds::names;
use crate::planners::intent::{Intent, Mark, Work};
use crate::ui::upgrade::after_the_restore;

use super::super::args::Global;
use super::super::carry::Around;
use super::super::confirm::{self, Ask};
use super::super::error::CommandError;
use super::super::exit::Exit;
use super::super::output::Output;
use super::super::plan;
use super::super::restoring::{first, into_use};
use super::super::saga::{new_id, open_intent, under_way};
use super::super::session::{Scope, Session};
use super::super::source::Source;
use super::super::under_way::UnderWay;
use super::super::way_back::{self, Limits};
use super::look;

/// Bring a recovery point into use
///
/// Always into a new file system: Cloud Exchange is stopped and seen stopped, AWS Backup restores, everything is moved to
/// where it was, and the same release starts on it and is proven. The file system before is kept, with all its data, until
/// `ce-aws backup drop` deletes it; when anything fails, it comes into use again.
///
/// Whatever interrupts it: --resume goes on and --rollback goes back, from what is in AWS alone.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["point", "resume", "rollback"]))]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// A recovery point: its ARN or the end of it, as `ce-aws backup list` shows them; or `latest`
    #[arg(value_name = "POINT")]
    point: Option<String>,

    /// Finish a restore that was interrupted
    #[arg(long)]
    resume: bool,

    /// Go back from a restore that was interrupted
    #[arg(long)]
    rollback: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Seconds in which the task has to become healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    deadline: u32,

    /// Seconds for which it has to stay healthy
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    watch: u32,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let (session, file) = Session::for_file(&source, global, output).await?;
    let mut scope = Scope::of(&file);
    let inventory = session.inventory(&mut scope).await?;
    let limits = Limits { deadline: args.deadline.into(), watch: args.watch.into() };
    let around = Around { session: &session, scope: &scope, global, output, file: &source.path };
    if args.resume || args.rollback {
        let now = UnderWay::of(&session, &scope, inventory).await?;
        let now = now
            .filter(|now| now.intent.work == Work::Restore)
            .ok_or_else(|| CommandError::refused("backup/none-open", "no restore is under way; nothing was changed"))?;
        output.note(&format!("{}\n", under_way(&now.intent)));
        if args.rollback || now.intent.mark.is_back() {
            return back(around, args.yes, limits).await;
        }
        if !args.yes {
            confirm::ask("Finish it?", Ask::Yes, "--yes", output)?;
        }
        return forward(around, now, limits).await;
    }
    if let Some(open) = open_intent(&inventory) {
        let hint = open.hint.unwrap_or_default();
        return Err(CommandError::refused("upgrade/open", open.message).hint(hint));
    }
    let running = Running::of(&inventory).ok_or_else(|| {
        CommandError::refused("refused/not-deployed", "there is no service to restore for; nothing was changed")
            .hint("`ce-aws apply FILE` deploys it")
    })?;
    if running.service.tags.contains_key(names::STOPPED) {
        return Err(CommandError::refused("backup/stopped", "it is stopped by request: a restore could not be proven")
            .hint("start it with `ce-aws start FILE`; it need not become healthy"));
    }
    let has_role = inventory.live.iter().any(|live| live.address == blueprint::backup::role_address());
    if file.existing.backup_role.is_none() && !has_role {
        return Err(CommandError::refused(
            "backup/no-role",
            "there is no role for AWS Backup yet; nothing was changed",
        )
        .hint(format!("`ce-aws backup create {}` makes it, and a recovery point of what is there now", source.path)));
    }
    let view = look(&session, &scope, &inventory).await?;
    let point = choose(&view, args.point.as_deref().unwrap_or_default())?;
    let release = running.release().unwrap_or(file.release).to_string();
    let intent = Intent {
        id: new_id(),
        work: Work::Restore,
        from: release.clone(),
        to: release,
        revision: running.revision(),
        count: running.of_service.desired.max(1),
        backup: false,
        mark: Mark::Stop,
        point: Some(point.id().to_owned()),
    };
    let now = UnderWay {
        deployment: scope.name.clone(),
        service: running.service,
        intent,
        before: running.definition,
        of_before: running.of_definition,
        newest: None,
        has_steps: false,
        inventory,
    };
    let plan = first(around, &now, &now.intent, limits).await?;
    if output.is_json() {
        output.line(&plan::event(&plan))?;
    } else {
        output.note(&plan::text(&plan, session.kinds(), None, global));
        output.note(&after_the_restore(point.id(), &point.created, &point.vault));
    }
    if !args.yes {
        confirm::ask("Restore it?", Ask::Yes, "--yes", output)?;
    }
    forward(around, now, limits).await
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
        CommandError::refused(
            "backup/no-point",
            format!("there is no complete recovery point {wanted:?}; nothing was changed"),
        )
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

async fn forward(around: Around<'_>, now: UnderWay, limits: Limits) -> Result<Exit, CommandError> {
    let intent = now.intent.clone();
    let ended = into_use(around, &now, &intent, limits).await?;
    match ended.outcome {
        Outcome::Done => Ok(Exit::Done),
        _ if ended.is_committed => {
            around.output.note(&way_back::only_tidying_is_left(around.file, true));
            Ok(Exit::PartWay)
        }
        Outcome::Interrupted => {
            around.output.note(&way_back::interrupted_restore(around.file));
            Ok(Exit::PartWay)
        }
        Outcome::Failed => {
            around.output.note("\nthe restore has failed, see above; going back\n");
            way_back::go(around, limits).await
        }
    }
}

async fn back(around: Around<'_>, yes: bool, limits: Limits) -> Result<Exit, CommandError> {
    if !yes {
        confirm::ask("Go back?", Ask::Yes, "--yes", around.output)?;
    }
    Ok(match way_back::go(around, limits).await? {
        Exit::RolledBack => Exit::Done,
        exit => exit,
    })
}
