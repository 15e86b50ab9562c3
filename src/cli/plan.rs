//! `ce-aws plan`.

use std::path::PathBuf;

use serde::Serialize;

use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::estimate;
use crate::engine::kind::Kind;
use crate::engine::plan::Plan;
use crate::planners::teardown;
use crate::session::saved::{Origin, Saved};
use crate::session::{
    CommandError, Consent, Exit, Output, PLAN_FILE, Scope, Session, Source, other_plan_files, show, standing,
};
use crate::ui::cost::Effect;
use crate::ui::ending;
use crate::ui::plan::{TaskSize, View};
use crate::ui::standing::Standing;
use crate::ui::summary::Summary;
use crate::upgrade::chain::{self, ChainStep};
use crate::upgrade::planning;

use super::global::Global;
use super::options::UpgradeOptions;

/// Show what would change, and why
///
/// Reads what is in AWS and compares it with the plan file. Writes nothing there, and reads no secret value.
/// Changes to permissions come first; steps that delete, replace or stop something are marked.
///
/// Exits with 5 when a check refuses the plan.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Save the plan to this file, for `ce-aws apply`
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,

    /// Exit with 2 when changes are pending
    #[arg(long)]
    exit_code: bool,

    /// Plan to delete the deployment
    #[arg(long)]
    destroy: bool,

    /// Plan to remove deletion protection from what is to be deleted
    #[arg(long)]
    unprotect: bool,

    /// Plan with the images that the tags name today
    #[arg(long, conflicts_with = "destroy")]
    refresh_images: bool,

    /// Plan a new TLS certificate for the traffic between the containers
    #[arg(long, conflicts_with = "destroy")]
    renew_certificates: bool,

    /// Also show the values of this resource, for example subnet/private-a; repeat for several
    #[arg(long, value_name = "ADDRESS")]
    show: Vec<Address>,

    #[command(flatten)]
    options: UpgradeOptions,

    /// With --destroy: also delete the file system, its recovery points in the deployment's vault, secrets and log
    /// buckets
    #[arg(long, requires = "destroy")]
    delete_data: bool,

    /// With --destroy: leave the VPC, and what must stay with it, to others who use it
    #[arg(long, requires = "destroy")]
    leave_network: bool,
}

impl Args {
    fn consent(&self) -> Consent {
        let Self { unprotect, refresh_images, renew_certificates, .. } = *self;
        Consent { unprotect, refresh_images, renew_certificates, ..self.options.consent() }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let (session, file) = Session::for_file(&source, &global.access(), output).await?;
    let name = file.name.as_str();
    let mut scope = Scope::of(&file);
    let inventory = session.inventory(&mut scope).await?;
    let before = inventory.clone();
    let (plan, origin, file) = if args.destroy {
        let Args { delete_data, unprotect, leave_network, .. } = *args;
        let options = teardown::Options { delete_data, unprotect, leave_network };
        let (whole, surroundings) = session.whole(&scope, inventory).await?;
        let origin = Origin::Teardown { name: name.to_owned(), options };
        (session.teardown(name, &whole, &surroundings, options), origin, file.clone())
    } else {
        let running = chain::running(&inventory);
        let steps = chain::steps(&source, running, ChainStep { text: source.text.clone(), file: file.clone() })?;
        if steps.len() > 1 && !output.is_json() {
            output.note(&ending::chain(&chain::releases(running, &steps)));
        }
        let first = steps.first().map_or(&file, |step| &step.file).clone();
        let text = steps.first().map_or(&source.text, |step| &step.text).clone();
        let existing = session.existing(&first).await?;
        let consent = args.consent().of_step(steps.len() < 2);
        let mut plan = planning::plan(&session, &first, &inventory, &existing, &consent).await?.shown();
        plan.findings.extend(other_plan_files::collisions(&source, &first));
        (plan, Origin::PlanFile { path: source.absolute(), text, consent }, first)
    };
    if let Some(address) = args.show.iter().find(|address| !is_in(address, &plan)) {
        let message = format!("--show {address}: the plan has no such resource");
        return Err(CommandError::usage("usage/no-such-resource", message)
            .hint("`ce-aws graph FILE` lists the addresses of all resources"));
    }
    let cost = Effect::of(&before, &plan);
    let line = cost.line();
    let view = View { show: &args.show, cost: line.as_deref(), ..View::of(output.is_verbose()) };
    if let Some(report) = output.report() {
        report.plan(&plan);
    }
    let kinds = session.kinds();
    let document = Document::new(&plan, kinds, Some(&file), cost.document());
    output.answer(&document, || show::shown(&plan, kinds, Some(&file), view))?;
    let exit = exit(&plan, args.exit_code);
    if let Some(path) = &args.out {
        Saved::new(origin, plan).write(path)?;
        output.note(&format!("saved; apply it with `ce-aws apply {}`\n", path.display()));
    }
    Ok(exit)
}

fn is_in(address: &Address, plan: &Plan) -> bool {
    plan.unchanged.contains(address) || plan.steps.iter().any(|step| step.address == *address)
}

fn exit(plan: &Plan, exit_code: bool) -> Exit {
    if plan.refusals().next().is_some() {
        Exit::Refused
    } else if exit_code && !plan.is_empty() {
        Exit::Pending
    } else {
        Exit::Done
    }
}

/// A plan as scripts read it.
#[derive(Serialize)]
struct Document<'a> {
    digest: String,
    summary: Summary,
    /// The usual time along the longest chain of steps, in seconds.
    estimate: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskSize>,
    /// The release that the plan file names.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Standing>,
    /// What the deployment costs a month after it.
    cost: serde_json::Value,
    #[serde(flatten)]
    plan: &'a Plan,
}

impl<'a> Document<'a> {
    fn new(plan: &'a Plan, kinds: &[Kind], file: Option<&PlanFile>, cost: serde_json::Value) -> Self {
        Self {
            digest: plan.digest(),
            summary: Summary::of(plan),
            estimate: estimate::critical_path(plan, kinds),
            task: file.map(show::size),
            release: file.and_then(standing::of_file),
            cost,
            plan,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{Action, Finding, Purpose, Reason, Severity, Step, Target};

    #[test]
    fn pending_changes_are_told_only_when_asked_and_refusals_always() {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        assert_eq!((exit(&plan, false), exit(&plan, true)), (Exit::Done, Exit::Done));
        plan.steps.push(Step::new(Address::new("vpc", "main"), Action::Create, Reason::Missing));
        assert_eq!((exit(&plan, false), exit(&plan, true)), (Exit::Done, Exit::Pending));
        plan.findings.push(Finding {
            code: "x/y".into(),
            severity: Severity::Refusal,
            address: None,
            message: "m".into(),
            hint: None,
        });
        assert_eq!((exit(&plan, false), exit(&plan, true)), (Exit::Refused, Exit::Refused));
        let document = serde_json::to_value(Document::new(&plan, &[], None, serde_json::Value::Null)).unwrap();
        assert_eq!((&document["summary"]["create"], &document["deployment"]), (&1.into(), &"prod".into()));
    }
}
