//! `ce-aws backup restore`.

use std::path::Path;

use crate::blueprint;
use crate::blueprint::image_change::Running;
use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::kinds::backup_vault::view::{BackupView, PointView};
use crate::kinds::names;
use crate::planners::intent::{Intent, Mark, Work};
use crate::session::Session;
use crate::session::confirm::{self, Ask};
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::describe;
use crate::session::lease::of_file;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;
use crate::session::source::{PLAN_FILE, Source};
use crate::ui::upgrade::after_the_restore;
use crate::upgrade::limits::{DEADLINE, Limits, WATCH};
use crate::upgrade::open_operation::OpenOperation;
use crate::upgrade::plan::new_id;
use crate::upgrade::restore::{first, into_use};
use crate::upgrade::rollback;
use crate::upgrade::run::Context;

use super::super::global::Global;
use super::super::options::Leasing;
use super::look;

/// Bring a recovery point into use
///
/// Always into a new file system: Cloud Exchange is stopped and seen stopped, AWS Backup restores, everything is moved to
/// where it was, and the same release starts on it and is proven. The file system before is kept, with all its data, until
/// `ce-aws backup drop` deletes it; when anything fails, it comes into use again.
///
/// Whatever interrupts it: --resume goes on and --rollback goes back, from what is in AWS alone. While an upgrade or
/// another restore is under way and cannot be ended otherwise, a recovery point ends it: what ran before runs on that.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ce-aws backup restore [OPTIONS] [FILE] <POINT|--resume|--rollback>",
    group = clap::ArgGroup::new("what").required(true).multiple(true).args(["words", "resume", "rollback"])
)]
pub struct Args {
    /// Plan file [default: ce-aws.toml], and a recovery point: `latest`, or its ARN or the end of it as
    /// `ce-aws backup list` shows them
    #[arg(value_names = ["FILE", "POINT"], num_args = 1..=2)]
    words: Vec<String>,

    /// Finish a restore that was interrupted
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,

    /// Go back from a restore that was interrupted
    #[arg(long)]
    rollback: bool,

    /// Restore even what another release has written
    #[arg(long, conflicts_with_all = ["resume", "rollback"])]
    other_release: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Seconds in which the task has to become healthy
    #[arg(long, value_name = "SECONDS", default_value_t = DEADLINE)]
    deadline: u32,

    /// Seconds for which it has to stay healthy
    #[arg(long, value_name = "SECONDS", default_value_t = WATCH)]
    watch: u32,
}

impl Args {
    /// The plan file, and the recovery point where one is meant.
    fn meant(&self) -> Result<(&str, Option<&str>), CommandError> {
        let goes_on = self.resume || self.rollback;
        match self.words.as_slice() {
            [] => Ok((PLAN_FILE, None)),
            [file] if goes_on => Ok((file, None)),
            [file] if file.ends_with(".toml") => Err(CommandError::usage("usage/point", "no recovery point is named")
                .hint(format!("`ce-aws backup restore {file} latest`; `ce-aws backup list {file}` shows all"))),
            [point] => Ok((PLAN_FILE, Some(point))),
            [file, point] if !goes_on => Ok((file, Some(point))),
            _ => Err(CommandError::usage("usage/point", "--resume and --rollback take no recovery point")),
        }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (path, _) = args.meant()?;
    let work =
        async |session: &Session, source: &Source, file: &PlanFile| held(args, session, source, file, output).await;
    of_file(Path::new(path), args.leasing.no_lease, &global.access(), output, work).await
}

async fn held(
    args: &Args,
    session: &Session,
    source: &Source,
    file: &PlanFile,
    output: &Output,
) -> Result<Exit, CommandError> {
    let mut scope = Scope::of(file);
    let inventory = session.inventory(&mut scope).await?;
    let limits = Limits { deadline: args.deadline.into(), watch: args.watch.into(), as_they_are: false };
    let context = Context { session, scope: &scope, output, file: &source.path };
    if args.resume || args.rollback {
        let now = OpenOperation::of(session, &scope, inventory).await?;
        let now = now
            .filter(|now| now.intent.work == Work::Restore)
            .ok_or_else(|| CommandError::refused("backup/none-open", "no restore is under way; nothing was changed"))?;
        output.note(&format!("{}\n", describe(&now.intent)));
        if args.rollback || now.intent.mark.is_back() {
            return back(context, args.yes, limits).await;
        }
        if !args.yes {
            confirm::ask("Finish it?", Ask::Yes, "--yes", output)?;
        }
        return forward(context, now, limits).await;
    }
    let begun = match OpenOperation::of(session, &scope, inventory.clone()).await? {
        Some(now) => now,
        None => at_rest(file, &source.path, &scope, inventory)?,
    };
    let view = look(session, &scope, &begun.inventory).await?;
    let point = choose(&view, args.meant()?.1.unwrap_or_default())?;
    if !args.other_release {
        is_of(point, &begun.intent.from)?;
    }
    if begun.intent.mark.is_back() || begun.intent.work == Work::Upgrade {
        output.note(&format!("{}: this ends it, on another recovery point\n", describe(&begun.intent)));
    }
    let (id, point_id) = (new_id(), Some(point.id().to_owned()));
    let to = begun.intent.from.clone();
    let intent = Intent {
        id,
        work: Work::Restore,
        to,
        backup: false,
        mark: Mark::Stop,
        point: point_id,
        ..begun.intent.clone()
    };
    let now = OpenOperation { intent, newest: None, has_steps: false, ..begun };
    let plan = first(context, &now, &now.intent, limits).await?;
    if output.is_json() {
        output.line(&show::event(&plan))?;
    } else {
        output.note(&show::text(&plan, session.kinds(), None, output));
        output.note(&after_the_restore(point.id(), &point.created, &point.vault));
    }
    if !args.yes {
        confirm::ask("Restore it?", Ask::Yes, "--yes", output)?;
    }
    forward(context, now, limits).await
}

/// What runs, where nothing is under way.
fn at_rest(file: &PlanFile, path: &str, scope: &Scope, inventory: Inventory) -> Result<OpenOperation, CommandError> {
    let running = Running::of(&inventory).ok_or_else(|| {
        CommandError::refused("refused/not-deployed", "there is no service to restore for; nothing was changed")
            .hint(format!("`ce-aws apply {path}` deploys it"))
    })?;
    if running.service.tags.contains_key(names::STOPPED) {
        return Err(CommandError::refused("backup/stopped", "it is stopped by request: a restore could not be proven")
            .hint(format!("start it with `ce-aws start {path}`; it need not become healthy")));
    }
    let has_role = inventory.live.iter().any(|live| live.address == blueprint::backup::role_address());
    if file.existing.backup_role.is_none() && !has_role {
        return Err(CommandError::refused(
            "backup/no-role",
            "there is no role for AWS Backup yet; nothing was changed",
        )
        .hint(format!("`ce-aws backup create {path}` makes it, and a recovery point of what is there now")));
    }
    let release = running.release().unwrap_or(file.release).to_string();
    let intent = Intent {
        id: String::new(),
        work: Work::Restore,
        from: release.clone(),
        to: release,
        revision: running.revision(),
        count: running.of_service.desired.max(1),
        backup: false,
        mark: Mark::Stop,
        point: None,
    };
    Ok(OpenOperation {
        deployment: scope.name.clone(),
        service: running.service,
        intent,
        before: running.definition,
        of_before: running.of_definition,
        newest: None,
        has_steps: false,
        inventory,
    })
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

async fn forward(context: Context<'_>, now: OpenOperation, limits: Limits) -> Result<Exit, CommandError> {
    let intent = now.intent.clone();
    let ending = into_use(context, &now, &intent, limits).await?;
    match ending.outcome {
        Outcome::Done => Ok(Exit::Done),
        _ if ending.is_committed => {
            context.output.note(&rollback::only_tidying_is_left(context.file, true));
            Ok(Exit::PartWay)
        }
        Outcome::Interrupted => {
            context.output.note(&rollback::interrupted_restore(context.file));
            Ok(Exit::PartWay)
        }
        Outcome::LeaseLost => {
            context.output.note(&rollback::lease_lost(context.file, "backup restore"));
            Ok(Exit::PartWay)
        }
        Outcome::Failed => {
            context.output.note("\nthe restore has failed, see above; going back\n");
            rollback::run(context, limits).await
        }
    }
}

async fn back(context: Context<'_>, yes: bool, limits: Limits) -> Result<Exit, CommandError> {
    if !yes {
        confirm::ask("Go back?", Ask::Yes, "--yes", context.output)?;
    }
    Ok(match rollback::run(context, limits).await? {
        Exit::RolledBack => Exit::Done,
        exit => exit,
    })
}
