//! After an upgrade or a rollback that was planned from the intent alone: what is left to do around the task.

use crate::config::PlanFile;
use crate::engine::plan::{Action, Plan};
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::scope::Scope;

use super::planning;
use super::run::{Context, run_plan};

/// Removes what the running task does not need, if that is all that a plan file asks for.
pub async fn cleanup(context: Context<'_>, file: &PlanFile, consent: &Consent) -> Result<Exit, CommandError> {
    let session = context.session;
    let scope = Scope::of(file);
    let inventory = session.inventory(&mut scope.clone()).await?;
    let existing = session.existing(file).await?;
    let plan = planning::plan(session, file, &inventory, &existing, consent).await?.shown();
    if plan.is_empty() || !is_only_cleanup(&plan) {
        return Ok(Exit::Done);
    }
    let result = run_plan(Context { scope: &scope, ..context }, plan).await?;
    Ok(if result.is_reached() { Exit::Done } else { Exit::PartWay })
}

/// What an upgrade or a restore creates beside what exists.
const CREATED: [&str; 4] = ["access-point", "mount-target", "file-system-policy", "internal-certificate"];

/// Whether the task stays as it is, nothing is created, and nothing is deleted that somebody has removed from the plan
/// file.
fn is_only_cleanup(plan: &Plan) -> bool {
    plan.refusals().next().is_none()
        && plan.steps.iter().all(|step| match step.action {
            Action::Delete => CREATED.contains(&step.address.kind()),
            Action::Verify => step.is_recheck(),
            Action::Update => step.address.kind() == "role" || step.changes.iter().all(|change| change.top() == "tags"),
            _ => false,
        })
}
