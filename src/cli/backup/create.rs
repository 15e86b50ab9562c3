//! `ce-aws backup create`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::aws::answer::required;
use crate::blueprint::Facts;
use crate::blueprint::backup::{self, Backup};
use crate::checks;
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::event::Outcome;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Plan;
use crate::existing;
use crate::kinds::recovery_point;
use crate::planners::converge::{Options, converge};
use crate::session::confirm::{self, Ask};
use crate::session::error::CommandError;
use crate::session::execute::{execute, exit_of, permit};
use crate::session::exit::Exit;
use crate::session::lease::of_file;
use crate::session::output::Output;
use crate::session::preflight;
use crate::session::scope::Scope;
use crate::session::show;
use crate::session::source::{PLAN_FILE, Source};
use crate::session::{Session, catalogue};
use crate::ui::backup::created;
use crate::upgrade::plan::new_id;

use super::super::global::Global;
use super::super::options::Leasing;

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
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Let AWS delete it after so many days; otherwise it stays until somebody drops it
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: Option<u32>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work =
        async |session: &Session, source: &Source, file: &PlanFile| held(args, session, source, file, output).await;
    of_file(&args.file, args.leasing.no_lease, &global.access(), output, work).await
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
    let intent = new_id();
    let plan = planned(session, file, &inventory, &source.path, &intent, args.keep_days).await?;
    if output.is_json() {
        output.line(&show::event(&plan))?;
    } else {
        output.note(&show::text(&plan, session.kinds(), None, output));
    }
    permit(&plan, output)?;
    if !args.yes {
        confirm::ask("Make this backup?", Ask::Yes, "--yes", output)?;
    }
    let report = execute(session, &scope, plan, output).await?;
    if report.outcome == Outcome::Done {
        let made = report.known.get(&recovery_point::address(&intent)).and_then(|outputs| outputs.get("arn"));
        let arn = made.map(String::as_str).unwrap_or_default();
        if output.is_json() {
            output.line(&serde_json::json!({ "code": "backed-up", "intent": intent, "recovery_point": arn }))?;
        } else {
            output.data(&created(arn, &session.context(&scope).names.stack()))?;
        }
    }
    Ok(exit_of(&report))
}

/// The backup, what it needs and is not there, and what is to be said against it.
///
/// # Errors
///
/// There is nothing to back up.
async fn planned(
    session: &Session,
    file: &PlanFile,
    inventory: &Inventory,
    path: &str,
    intent: &str,
    delete_after: Option<u32>,
) -> Result<Plan, CommandError> {
    let missing = || {
        CommandError::refused("refused/nothing-there", format!("{} has no file system yet", file.name.as_str()))
            .hint("`ce-aws apply` makes it")
    };
    let main = Address::new("file-system", "main");
    let live = inventory.at(&main).next().ok_or_else(missing)?;
    let context = session.context(&Scope::of(file));
    let (existing, opted_in) = futures::join!(session.existing(file), existing::backup::opted_in(&context));
    let (existing, opted_in) = (existing?, opted_in?);
    let facts = Facts {
        release: catalogue::release(file)?,
        names: &context.names,
        zones: Default::default(),
        existing: &existing,
        digests: &BTreeMap::new(),
        certificate_generation: 1,
        backup: true,
    };
    let arn = live.outputs.get("arn").map(String::as_str);
    let file_system = required("efs DescribeFileSystems", "FileSystemArn", arn)?;
    let wanted = Backup { intent, file_system, delete_after };
    let graph = backup::graph(file, &facts, wanted).map_err(CommandError::unexpected)?;
    // Nothing but what is wanted is looked at, so that nothing else is unwanted.
    let part = inventory.live.iter().filter(|live| graph.get(&live.address).is_some()).cloned().collect();
    let target = session.target(file.name.as_str());
    let mut plan = converge(&graph, &Inventory::new(part), target, session.kinds(), Options::default());
    plan.findings.extend(preflight::account(&context, file, &plan, inventory).await);
    plan.findings.extend(checks::backup::role(&existing));
    plan.findings.extend(checks::backup::opted_in(&opted_in));
    plan.findings.extend(checks::backup::running(inventory, path));
    Ok(plan)
}
