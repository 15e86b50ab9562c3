//! `ce-aws apply`.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::engine::plan::{Plan, Purpose};
use crate::engine::reference::Known;
use crate::planners::teardown;
use crate::ui::whereabouts::{Whereabouts, after_apply};

use super::args::Global;
use super::confirm::{self, Ask};
use super::destroy;
use super::error::CommandError;
use super::execute::{execute, exit, permit};
use super::exit::Exit;
use super::output::Output;
use super::plan;
use super::saved::{Origin, Saved};
use super::session::Session;
use super::source::{self, Source};

/// Make the deployment what its plan file says
///
/// Shows the plan, asks, carries it out, and waits until Cloud Exchange is healthy. When it is interrupted or fails,
/// running it again continues. A plan saved by `ce-aws plan --out` is carried out as it is, or refused when it no
/// longer fits.
///
/// The first Ctrl-C stops starting things and waits for the calls in flight; a second one leaves at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file, or a saved plan
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    if !Saved::is_meant(&source.text) {
        let (session, file) = Session::for_file(&source, global, output).await?;
        let plan = converge(&session, &file).await?;
        return apply(args, &session, &file, plan, global, output).await;
    }
    let saved = Saved::parse(&source.path, &source.text)?;
    match &saved.origin {
        Origin::PlanFile { path, text } => {
            let source = Source { path: path.clone(), text: text.clone() };
            let (session, file) = Session::for_file(&source, global, output).await?;
            let plan = converge(&session, &file).await?;
            saved.check(&plan)?;
            apply(args, &session, &file, plan, global, output).await
        }
        Origin::Teardown { name, delete_data, unprotect } => {
            let name = source::name(name)?;
            let mut access = global.access();
            access.region = Some(saved.plan.target.region.clone());
            let session = Session::open(&access).await?;
            let inventory = session.inventory(name.as_str()).await?;
            let options = teardown::Options { delete_data: *delete_data, unprotect: *unprotect };
            saved.check(&session.teardown(name.as_str(), &inventory, options))?;
            destroy::destroy(&session, name.as_str(), &inventory, options, args.yes, global, output).await
        }
    }
}

async fn converge(session: &Session, file: &PlanFile) -> Result<Plan, CommandError> {
    let inventory = session.inventory(file.name.as_str()).await?;
    session.converge(file, &inventory).await
}

async fn apply(
    args: &Args,
    session: &Session,
    file: &PlanFile,
    plan: Plan,
    global: &Global,
    output: &Output,
) -> Result<Exit, CommandError> {
    debug_assert_eq!(plan.purpose, Purpose::Apply);
    if output.is_json() {
        output.line(&plan::event(&plan))?;
    } else {
        output.note(&plan::text(&plan, session.kinds(), Some(file), global));
    }
    permit(&plan)?;
    if plan.is_empty() {
        found(session, file, &plan.known, output)?;
        return Ok(Exit::Done);
    }
    if !args.yes {
        confirm::ask("Make these changes?", Ask::Yes, "--yes", output)?;
    }
    let report = execute(session, plan, global, output).await?;
    if report.outcome == Outcome::Done {
        found(session, file, &report.known, output)?;
    }
    Ok(exit(report.outcome))
}

/// Says where everything is.
fn found(session: &Session, file: &PlanFile, known: &Known, output: &Output) -> Result<(), CommandError> {
    let https = file.load_balancer.certificate_arn.is_some();
    let whereabouts = Whereabouts::of(&session.target(file.name.as_str()), known, https);
    if output.is_json() {
        let mut value = serde_json::to_value(&whereabouts).map_err(CommandError::unexpected)?;
        value["code"] = "deployed".into();
        value["ways"] = serde_json::to_value(whereabouts.ways()).map_err(CommandError::unexpected)?;
        output.line(&value)
    } else {
        output.note("\n");
        output.data(&after_apply(&whereabouts))
    }
}
