//! `ce-aws backup create`.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::kinds::recovery_point;
use crate::session::lease::of_file;
use crate::session::{CommandError, Exit, Found, Output, PLAN_FILE, Session, Source};
use crate::ui::backup::created;
use crate::upgrade::backup;
use crate::upgrade::limits::Limits;
use crate::upgrade::plan::new_id;
use crate::upgrade::run::{Context, Work, propose_and_run};

use super::super::global::Global;
use super::super::options::ChangeOptions;

/// Back the file system up now
///
/// Creates a recovery point in the deployment's own vault, and waits until it is complete. The first time it also
/// creates that vault and a role for AWS Backup; it changes nothing else.
///
/// Cloud Exchange keeps running, and the backup may hold only part of what it writes meanwhile: stop it first for a
/// consistent backup.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    #[command(flatten)]
    change: ChangeOptions,

    /// Let AWS delete it after so many days; otherwise it is kept until you drop it
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: Option<u32>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, source: &Source, file: &PlanFile, found: Found| {
        let (Found { scope, inventory }, limits) = (found, Limits::new(None, None));
        let context = Context { session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
        let intent = new_id();
        let plan = backup::create(context, file, &inventory, &intent, args.keep_days).await?;
        let result = propose_and_run(context, Work::new(plan, "Make this backup?")).await?;
        let Some(result) = result else { return Ok(Exit::Done) };
        if result.outcome == Outcome::Done {
            let made = result.known.get(&recovery_point::address(&intent)).and_then(|outputs| outputs.get("arn"));
            let arn = made.map(String::as_str).unwrap_or_default();
            let event = serde_json::json!({ "code": "backed-up", "intent": intent, "recovery_point": arn });
            output.outcome(&event, || created(arn, &session.context(&scope).names.stack()))?;
        }
        Ok(result.exit())
    };
    of_file(&args.file, args.change.manner(), &global.access(), output, work).await
}
