//! `ce-aws backup drop`.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::live;
use crate::session::lease::of_file;
use crate::session::{CommandError, Exit, Found, Output, PLAN_FILE, Session, Source};
use crate::ui::backup::dropped;
use crate::upgrade::backup;
use crate::upgrade::limits::Limits;
use crate::upgrade::run::{Context, Work, propose_and_run};

use super::super::global::Global;
use super::super::options::ChangeOptions;

/// Delete one backup, or a former file system, for good
///
/// A recovery point in the deployment's own vault, or a file system that a restored one has replaced, with its mount
/// targets and access points. Never the file system in use, and nothing that an unfinished upgrade may need.
#[derive(Debug, clap::Args)]
#[command(allow_missing_positional = true)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// A file system's id, or a recovery point's ARN or the end of it, as `ce-aws backup list` shows them
    #[arg(value_name = "ID")]
    what: String,

    #[command(flatten)]
    change: ChangeOptions,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, source: &Source, _: &PlanFile, found: Found| {
        let (Found { scope, inventory }, limits) = (found, Limits::new(None, None));
        let context = Context { session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
        let view = live::backups::list(&session.context(&scope), &inventory).await?;
        let plan = backup::discard(context, &inventory, &view, &args.what)?;
        let work = Work { ask: &args.what, ..Work::new(plan, "This deletes data for good.") };
        let Some(result) = propose_and_run(context, work).await? else { return Ok(Exit::Done) };
        if result.outcome == Outcome::Done {
            let points = view.points.iter().filter(|point| point.file_system == args.what).count();
            let event = serde_json::json!({ "code": "dropped", "id": args.what });
            output.outcome(&event, || dropped(&args.what, points))?;
        }
        Ok(result.exit())
    };
    of_file(&args.file, args.change.manner(), &global.access(), output, work).await
}
