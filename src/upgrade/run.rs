//! Carrying out a plan that may be an upgrade: one that fails goes back by itself.

use crate::engine::drive::Report;
use crate::engine::event::Outcome;
use crate::engine::plan::{Plan, Stage, Until};
use crate::engine::reference::Known;
use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::execute::{execute, exit_of};
use crate::session::exit::Exit;
use crate::session::output::Output;
use crate::session::scope::Scope;

use super::limits::Limits;
use super::plan::{OnFailure, Planned, new_id};
use super::rollback;

/// How it ended, and what is known of what there is then.
#[derive(Debug)]
pub struct RunResult {
    pub exit: Exit,
    /// Whether what was wanted runs and nothing is under way, although something around it may be left to do.
    pub is_committed: bool,
    /// Whether AWS permits some of it only later, and nothing else keeps the exit code from being [`Exit::Done`].
    pub is_postponed: bool,
    pub known: Known,
    /// How the plan itself ended, before anybody went back.
    pub outcome: Outcome,
}

/// How a plan ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub outcome: Outcome,
    /// Whether what was wanted has been proven.
    pub is_proven: bool,
    /// Whether nothing is under way any more either, whatever failed behind that.
    pub is_committed: bool,
}

impl Ending {
    pub fn of(plan: &Plan, report: &Report) -> Self {
        let steps = || plan.steps.iter().enumerate();
        let is_proven = steps().any(|(step, planned)| {
            planned.stage == Some(Stage::Verify) && planned.until == Until::STAYS_READY && report.done.contains(&step)
        });
        let is_committed = is_proven
            && steps().all(|(step, planned)| {
                let commits = planned.stage == Some(Stage::Commit) && planned.address.kind() == "service";
                !commits || report.done.contains(&step)
            });
        Self { outcome: report.outcome, is_proven, is_committed }
    }

    /// Of a plan after which another one follows.
    pub fn early(outcome: Outcome) -> Self {
        Self { outcome, is_proven: false, is_committed: false }
    }
}

/// Where and for whom.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub session: &'a Session,
    pub scope: &'a Scope,
    pub output: &'a Output,
    /// How people name the deployment on the command line: the plan file.
    pub file: &'a str,
}

/// Carries out a plan that has been consented to.
pub async fn run_plan(
    context: Context<'_>,
    planned: &Planned,
    on_failure: OnFailure,
) -> Result<RunResult, CommandError> {
    let Context { session, scope, output, .. } = context;
    if !planned.is_upgrade() {
        let report = execute(session, scope, planned.plan.clone(), output).await?;
        let is_committed = report.outcome == Outcome::Done;
        let (exit, is_postponed) = (exit_of(&report), is_committed && report.postponed > 0);
        return Ok(RunResult { exit, is_committed, is_postponed, known: report.known, outcome: report.outcome });
    }
    let plan = planned.begin(&new_id());
    let limits = planned.upgrade.as_ref().map(|upgrade| Limits::of(&upgrade.upgrade(""))).unwrap_or_default();
    forward(context, plan, limits, on_failure).await
}

/// Carries out the plan of an upgrade, from its beginning or from where it was interrupted.
pub async fn forward(
    context: Context<'_>,
    plan: Plan,
    limits: Limits,
    on_failure: OnFailure,
) -> Result<RunResult, CommandError> {
    let Context { session, scope, output, file } = context;
    let report = execute(session, scope, plan.clone(), output).await?;
    let ending = Ending::of(&plan, &report);
    let exit = match ending.outcome {
        Outcome::Done => exit_of(&report),
        _ if ending.is_committed => {
            output.note(&rollback::only_tidying_is_left(file, true));
            Exit::PartWay
        }
        Outcome::Interrupted => {
            output.note(&rollback::interrupted(file));
            Exit::PartWay
        }
        Outcome::LeaseLost => {
            output.note(&rollback::lease_lost(file, "upgrade"));
            Exit::PartWay
        }
        Outcome::Failed if ending.is_proven => {
            output.note(&rollback::only_tidying_is_left(file, false));
            Exit::PartWay
        }
        Outcome::Failed if on_failure == OnFailure::Keep => {
            output.note(&rollback::left_as_it_is(file));
            Exit::Stuck
        }
        Outcome::Failed => {
            output.note("\nthe upgrade has failed, see above; going back\n");
            rollback::run(context, limits).await?
        }
    };
    let is_postponed = ending.outcome == Outcome::Done && report.postponed > 0;
    let known = report.known;
    Ok(RunResult { exit, is_committed: ending.is_committed, is_postponed, known, outcome: ending.outcome })
}
