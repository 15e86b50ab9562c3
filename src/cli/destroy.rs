//! `ce-aws destroy`.

use crate::engine::event::Outcome;
use crate::engine::holder::Surroundings;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Plan;
use crate::planners::teardown;
use crate::session::Session;
use crate::session::confirm::{self, Ask};
use crate::session::error::CommandError;
use crate::session::execute::{execute, exit, permit};
use crate::session::exit::Exit;
use crate::session::lease::under_lease;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;
use crate::ui::plan::View;
use crate::ui::remains::{after_destroy, deletes_data, remains};

use super::global::Global;
use super::options::Leasing;
use super::options::Which;

/// Take a deployment down, and keep its data
///
/// Works from the tags in AWS, so that --name is enough when the plan file is lost. The file system, the secrets, the
/// log buckets and the recovery points are kept, and a later `apply` takes them back, unless --delete-data is given.
///
/// Nothing is deleted while somebody else uses what is to go: whatever others have put into the VPC, or attached to what
/// runs there, is looked for first and named. With --leave-network everything else goes, and the VPC stays with them. What
/// GuardDuty has made in the VPC for itself goes with it.
///
/// A load balancer with deletion protection is only deleted with --unprotect, or when the deployment's name is typed
/// at the prompt; --yes is not enough.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Take deletion protection off
    #[arg(long)]
    unprotect: bool,

    /// Delete the file system, its recovery points in our vault, the secrets and the log buckets too
    #[arg(long)]
    delete_data: bool,

    /// Leave the VPC, and what must stay with it, to others who use it
    #[arg(long)]
    leave_network: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let Args { delete_data, unprotect, leave_network, .. } = *args;
    let options = teardown::Options { delete_data, unprotect, leave_network };
    let name = scope.name.clone();
    let work = async {
        let inventory = session.inventory(&mut scope).await?;
        let found = session.whole(&scope, inventory).await?;
        destroy(&session, &scope, found, options, args.yes, output).await
    };
    under_lease(&session, &name, args.leasing.no_lease, output, work).await
}

/// What a person must do before a teardown may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    Given,
    /// Confirm it.
    Confirm,
    /// Type the name: it takes protection off, or data away.
    TypeName,
    /// Nothing that can be typed is enough.
    Impossible,
}

/// The code under which the planner refuses to take protection off without consent.
const PROTECTED: &str = "destroy/protected";

fn consent(plan: &Plan, deletes_data: bool, yes: bool, can_ask: bool) -> Consent {
    let refused: Vec<_> = plan.refusals().map(|finding| finding.code.as_str()).collect();
    let only_protected = !refused.is_empty() && refused.iter().all(|code| *code == PROTECTED);
    match (refused.is_empty(), yes) {
        (true, true) => Consent::Given,
        (true, false) if deletes_data => Consent::TypeName,
        (true, false) => Consent::Confirm,
        // `--yes` means that nobody shall be asked, and it is no consent to this.
        (false, false) if only_protected && can_ask => Consent::TypeName,
        (false, _) => Consent::Impossible,
    }
}

/// Shows, asks, carries out, and says what remains.
pub async fn destroy(
    session: &Session,
    scope: &Scope,
    (inventory, surroundings): (Inventory, Surroundings),
    options: teardown::Options,
    yes: bool,
    output: &Output,
) -> Result<Exit, CommandError> {
    let name = scope.name.as_str();
    let mut plan = session.teardown(name, &inventory, &surroundings, options);
    let data = deletes_data(&plan, session.kinds());
    let consent = consent(&plan, data, yes, confirm::can_ask());
    if output.is_json() {
        output.line(&show::event(&plan))?;
    } else {
        let asks = (consent == Consent::TypeName).then_some(PROTECTED);
        output.note(&show::shown(&plan, session.kinds(), None, View { asks, ..View::of(output.is_verbose()) }));
    }
    if plan.is_empty() && plan.refusals().next().is_none() {
        left(&plan, session, output)?;
        return Ok(Exit::Done);
    }
    match consent {
        Consent::Given => {}
        Consent::Confirm => confirm::ask("Take this down?", Ask::Yes, "--yes", output)?,
        Consent::TypeName => {
            confirm::ask(question(&plan, data), Ask::Name(name), "--yes", output)?;
            let options = teardown::Options { unprotect: true, ..options };
            plan = session.teardown(name, &inventory, &surroundings, options);
        }
        Consent::Impossible => {}
    }
    permit(&plan, output)?;
    let remaining = remains(&plan, session.kinds());
    let report = execute(session, scope, plan, output).await?;
    if report.outcome == Outcome::Done {
        if output.is_json() {
            output.line(&serde_json::json!({ "code": "destroyed", "remains": remaining }))?;
        } else {
            output.data(&after_destroy(&remaining))?;
        }
    }
    Ok(exit(report.outcome))
}

/// What typing the name consents to.
fn question(plan: &Plan, deletes_data: bool) -> &'static str {
    match (deletes_data, plan.refusals().next().is_some()) {
        (true, true) => "This removes deletion protection and deletes data for good.",
        (true, false) => "This deletes data for good.",
        (false, _) => "This removes deletion protection.",
    }
}

/// What is there although there is nothing to do.
fn left(plan: &Plan, session: &Session, output: &Output) -> Result<(), CommandError> {
    let remaining = remains(plan, session.kinds());
    if output.is_json() {
        output.line(&serde_json::json!({ "code": "destroyed", "remains": remaining }))
    } else {
        output.data(&after_destroy(&remaining))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{Finding, Purpose, Severity, Target};

    fn plan(codes: &[&str]) -> Plan {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let finding = |code: &&str| Finding {
            code: (*code).into(),
            severity: Severity::Refusal,
            address: None,
            message: "m".into(),
            hint: None,
        };
        Plan { findings: codes.iter().map(finding).collect(), ..Plan::empty(Purpose::Destroy, target) }
    }

    #[test]
    fn protection_is_never_taken_off_by_yes() {
        let protected = plan(&[PROTECTED]);
        assert_eq!(consent(&protected, false, true, true), Consent::Impossible);
        assert_eq!(consent(&protected, false, true, false), Consent::Impossible);
        assert_eq!(consent(&protected, false, false, false), Consent::Impossible);
        assert_eq!(consent(&protected, false, false, true), Consent::TypeName);
    }

    #[test]
    fn no_name_overrules_another_refusal() {
        assert_eq!(consent(&plan(&[PROTECTED, "x/y"]), false, false, true), Consent::Impossible);
    }

    #[test]
    fn without_protection_yes_is_enough_and_data_needs_the_name() {
        assert_eq!(consent(&plan(&[]), true, true, false), Consent::Given);
        assert_eq!(consent(&plan(&[]), false, false, true), Consent::Confirm);
        assert_eq!(consent(&plan(&[]), true, false, true), Consent::TypeName);
    }
}
