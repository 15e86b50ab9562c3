//! `ce-aws backup create`.

use std::path::PathBuf;

use crate::engine::event::Outcome;
use crate::kinds::recovery_point;
use crate::ui::backup::created;

use super::super::args::Global;
use super::super::confirm::{self, Ask};
use super::super::error::CommandError;
use super::super::execute::{execute, exit, permit};
use super::super::exit::Exit;
use super::super::output::Output;
use super::super::plan;
use super::super::session::{Scope, Session};
use super::super::source::Source;

/// Back the file system up now
///
/// Makes a recovery point in the deployment's own vault, and waits until it is complete. The first time it also makes that
/// vault and a role for AWS Backup; nothing else is touched.
///
/// Cloud Exchange keeps running. What it writes meanwhile may be in the backup in part: for one that is whole, stop it
/// first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Let AWS delete it after so many days; otherwise it stays until somebody drops it
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: Option<u32>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let (session, file) = Session::for_file(&source, global, output).await?;
    let mut scope = Scope::of(&file);
    let inventory = session.inventory(&mut scope).await?;
    let intent = format!("{:08x}", rand::random::<u32>());
    let plan = session.backup(&file, &inventory, &source.path, &intent, args.keep_days).await?;
    if output.is_json() {
        output.line(&plan::event(&plan))?;
    } else {
        output.note(&plan::text(&plan, session.kinds(), None, global));
    }
    permit(&plan)?;
    if !args.yes {
        confirm::ask("Make this backup?", Ask::Yes, "--yes", output)?;
    }
    let report = execute(&session, &scope, plan, global, output).await?;
    if report.outcome == Outcome::Done {
        let made = report.known.get(&recovery_point::address(&intent)).and_then(|outputs| outputs.get("arn"));
        let arn = made.map(String::as_str).unwrap_or_default();
        if output.is_json() {
            output.line(&serde_json::json!({ "code": "backed-up", "intent": intent, "recovery_point": arn }))?;
        } else {
            output.data(&created(arn, &session.context(&scope).names.stack()))?;
        }
    }
    Ok(exit(report.outcome))
}
