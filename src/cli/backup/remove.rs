//! `ce-aws backup drop`.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Plan;
use crate::kinds::backup_vault::view::BackupView;
use crate::planners::discard::{self, Refusal};
use crate::session::Session;
use crate::session::confirm::{self, Ask};
use crate::session::error::CommandError;
use crate::session::execute::{execute, exit, permit};
use crate::session::exit::Exit;
use crate::session::lease::of_file;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;
use crate::session::source::{PLAN_FILE, Source};
use crate::ui::backup::dropped;

use super::super::global::Global;
use super::super::options::Leasing;
use super::look;

/// Delete one backup, or a former file system, for good
///
/// A recovery point in the deployment's own vault, or a file system that a restored one has taken the place of, with its
/// mount targets and access points. Never the file system in use, and nothing that an open upgrade may need.
#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// A file system's id, or a recovery point's ARN or the end of it, as `ce-aws backup list` shows them
    #[arg(value_name = "ID")]
    what: String,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, _: &Source, file: &PlanFile| held(args, session, file, output).await;
    of_file(&args.file, args.leasing.no_lease, &global.access(), output, work).await
}

async fn held(args: &Args, session: &Session, file: &PlanFile, output: &Output) -> Result<Exit, CommandError> {
    let mut scope = Scope::of(file);
    let inventory = session.inventory(&mut scope).await?;
    let view = look(session, &scope, &inventory).await?;
    let plan = planned(session, &scope, &inventory, &view, &args.what)?;
    if output.is_json() {
        output.line(&show::event(&plan))?;
    } else {
        output.note(&show::text(&plan, session.kinds(), None, output));
    }
    permit(&plan, output)?;
    if !args.yes {
        confirm::ask("This deletes data for good.", Ask::Name(&args.what), "--yes", output)?;
    }
    let points = view.points.iter().filter(|point| point.file_system == args.what).count();
    let report = execute(session, &scope, plan, output).await?;
    if report.outcome == Outcome::Done {
        if output.is_json() {
            output.line(&serde_json::json!({ "code": "dropped", "id": args.what }))?;
        } else {
            output.data(&dropped(&args.what, points))?;
        }
    }
    Ok(exit(report.outcome))
}

fn planned(
    session: &Session,
    scope: &Scope,
    inventory: &Inventory,
    view: &BackupView,
    what: &str,
) -> Result<Plan, CommandError> {
    let target = session.target(&scope.name);
    let discarded = if what.starts_with("fs-") {
        discard::file_system(inventory, target, session.kinds(), what)
    } else {
        discard::recovery_point(inventory, target, view, what)
    };
    discarded.map_err(|refusal| match refusal {
        Refusal::Unknown => CommandError::usage("usage/unknown-backup", format!("the deployment has no {what}"))
            .hint("`ce-aws backup list` shows what there is"),
        Refusal::InUse(why) => CommandError::refused("refused/in-use", format!("{what} {why}; nothing was changed")),
        Refusal::NotOurs(vault) => {
            let message = format!("{what} is in the vault {vault}, which is not the deployment's; nothing was changed");
            CommandError::refused("refused/not-ours", message)
        }
    })
}
