//! `ce-aws apply`.

use std::path::PathBuf;

use crate::borrowed::Borrowed;
use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::engine::plan::{Plan, Purpose};
use crate::engine::reference::Known;
use crate::planners::teardown;
use crate::ui::whereabouts::{Whereabouts, after_apply};

use super::address;
use super::args::Global;
use super::confirm::{self, Ask};
use super::destroy;
use super::error::CommandError;
use super::execute::{execute, exit, permit};
use super::exit::Exit;
use super::output::Output;
use super::plan;
use super::saved::{Origin, Saved};
use super::session::{Consent, Scope, Session};
use super::siblings;
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

    /// Take deletion protection off what is to go
    #[arg(long)]
    unprotect: bool,

    /// Deploy what the images' tags stand for today
    ///
    /// Otherwise an image stays the one that its tag stood for when it was first deployed.
    #[arg(long)]
    refresh_images: bool,
}

/// A plan, and what the plan file borrows.
struct Planned {
    plan: Plan,
    borrowed: Borrowed,
    scope: Scope,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    if !Saved::is_meant(&source.text) {
        let (session, file) = Session::for_file(&source, global, output).await?;
        let consent = args.consent();
        let planned = converge(&session, &source, &file, &consent).await?;
        return apply(args, &session, &file, planned, global, output).await;
    }
    let saved = Saved::parse(&source.path, &source.text)?;
    if args.unprotect || args.refresh_images {
        return Err(CommandError::usage("usage/saved-plan", "a saved plan is carried out as it is")
            .hint("give --unprotect and --refresh-images to `ce-aws plan`"));
    }
    match &saved.origin {
        Origin::PlanFile { path, text, consent } => {
            let source = Source { path: path.clone(), text: text.clone() };
            let (session, file) = Session::for_file(&source, global, output).await?;
            let planned = converge(&session, &source, &file, consent).await?;
            saved.check(&planned.plan)?;
            apply(args, &session, &file, planned, global, output).await
        }
        Origin::Teardown { name, delete_data, unprotect } => {
            let name = source::name(name)?;
            let mut access = global.access();
            access.region = Some(saved.plan.target.region.clone());
            let session = Session::open(&access).await?;
            let mut scope = Scope::named(name.as_str());
            let inventory = session.inventory(&mut scope).await?;
            let options = teardown::Options { delete_data: *delete_data, unprotect: *unprotect };
            saved.check(&session.teardown(name.as_str(), &inventory, options))?;
            destroy::destroy(&session, &scope, &inventory, options, args.yes, global, output).await
        }
    }
}

async fn converge(
    session: &Session,
    source: &Source,
    file: &PlanFile,
    consent: &Consent,
) -> Result<Planned, CommandError> {
    let mut scope = Scope::of(file);
    let inventory = session.inventory(&mut scope).await?;
    let borrowed = session.borrowed(file).await?;
    let mut plan = session.converge(file, &inventory, &borrowed, consent).await?;
    plan.findings.extend(siblings::collisions(source, file));
    Ok(Planned { plan, borrowed, scope: Scope::of(file) })
}

async fn apply(
    args: &Args,
    session: &Session,
    file: &PlanFile,
    planned: Planned,
    global: &Global,
    output: &Output,
) -> Result<Exit, CommandError> {
    let Planned { plan, borrowed, scope } = planned;
    debug_assert_eq!(plan.purpose, Purpose::Apply);
    if output.is_json() {
        output.line(&plan::event(&plan))?;
    } else {
        output.note(&plan::text(&plan, session.kinds(), Some(file), global));
    }
    permit(&plan)?;
    if plan.is_empty() {
        found(session, file, &borrowed, &plan.known, output)?;
        return Ok(Exit::Done);
    }
    if !args.yes {
        confirm::ask("Make these changes?", Ask::Yes, "--yes", output)?;
    }
    let report = execute(session, &scope, plan, global, output).await?;
    if report.outcome == Outcome::Done {
        found(session, file, &borrowed, &report.known, output)?;
    }
    Ok(exit(report.outcome))
}

/// Says where everything is.
fn found(
    session: &Session,
    file: &PlanFile,
    borrowed: &Borrowed,
    known: &Known,
    output: &Output,
) -> Result<(), CommandError> {
    let url = address::of(file, borrowed, known)?;
    let mut whereabouts = Whereabouts::of(&session.target(file.name.as_str()), known, url);
    if let Some(cluster) = borrowed.cluster.as_ref().and_then(|cluster| cluster.found()) {
        whereabouts.cluster = Some(cluster.name.clone());
    }
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
