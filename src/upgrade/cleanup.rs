//! After an upgrade, or the way back from one, that was planned from the intent alone: what is left to be done around
//! the task.

use crate::config::PlanFile;
use crate::engine::event::Outcome;
use crate::engine::plan::{Action, Plan};
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::execute::execute;
use crate::session::exit::Exit;
use crate::session::scope::Scope;

use super::planning;
use super::run::Context;

/// Takes away what the task that runs does not need, if that is all that a plan file asks for.
pub async fn cleanup(context: Context<'_>, file: &PlanFile, consent: &Consent) -> Result<Exit, CommandError> {
    let Context { session, output, .. } = context;
    let scope = Scope::of(file);
    let inventory = session.inventory(&mut scope.clone()).await?;
    let existing = session.existing(file).await?;
    let plan = planning::converge(session, file, &inventory, &existing, consent).await?;
    if plan.is_empty() || !only_tidies(&plan) {
        return Ok(Exit::Done);
    }
    let report = execute(session, &scope, plan, output).await?;
    Ok(if report.outcome == Outcome::Done { Exit::Done } else { Exit::PartWay })
}

/// What an upgrade or a restore makes beside what was there.
const MADE: [&str; 4] = ["access-point", "mount-target", "file-system-policy", "internal-certificate"];

/// The task stays as it is, nothing comes, and nothing goes that somebody has taken out of the plan file.
fn only_tidies(plan: &Plan) -> bool {
    plan.refusals().next().is_none()
        && plan.steps.iter().all(|step| match step.action {
            Action::Delete => MADE.contains(&step.address.kind()),
            Action::Verify => step.is_recheck(),
            Action::Update => step.address.kind() == "role" || step.changes.iter().all(|change| change.top() == "tags"),
            _ => false,
        })
}
