//! Carrying out a plan that may be an upgrade: one that fails goes back by itself.

use crate::engine::drive::Report;
use crate::engine::event::Outcome;
use crate::engine::plan::{Plan, Stage, Until};
use crate::engine::reference::Known;
use crate::planners::upgrade::Upgrade;

use super::args::Global;
use super::error::CommandError;
use super::execute::{execute, exit_of};
use super::exit::Exit;
use super::output::Output;
use super::saga::{OnFailure, Planned, new_id};
use super::scope::Scope;
use super::session::Session;
use super::way_back::{self, Limits};

/// How it ended, and what is known of what there is then.
#[derive(Debug)]
pub struct Carried {
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
pub struct Ended {
    pub outcome: Outcome,
    /// Whether what was wanted has been proven.
    pub is_proven: bool,
    /// Whether nothing is under way any more either, whatever failed behind that.
    pub is_committed: bool,
}

impl Ended {
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
pub struct Around<'a> {
    pub session: &'a Session,
    pub scope: &'a Scope,
    pub global: &'a Global,
    pub output: &'a Output,
    /// How people name the deployment on the command line: the plan file.
    pub file: &'a str,
}

/// Carries out a plan that has been consented to.
pub async fn carry_out(around: Around<'_>, planned: &Planned, on_failure: OnFailure) -> Result<Carried, CommandError> {
    let Around { session, scope, global, output, .. } = around;
    if !planned.is_upgrade() {
        let report = execute(session, scope, planned.plan.clone(), global, output).await?;
        let is_committed = report.outcome == Outcome::Done;
        let (exit, is_postponed) = (exit_of(&report), is_committed && report.postponed > 0);
        return Ok(Carried { exit, is_committed, is_postponed, known: report.known, outcome: report.outcome });
    }
    let plan = planned.begin(&new_id());
    let limits = planned.saga.as_ref().map(|saga| Limits::of(&saga.upgrade(""))).unwrap_or_default();
    forward(around, plan, limits, on_failure).await
}

/// Carries out the plan of an upgrade, from its beginning or from where it was interrupted.
pub async fn forward(
    around: Around<'_>,
    plan: Plan,
    limits: Limits,
    on_failure: OnFailure,
) -> Result<Carried, CommandError> {
    let Around { session, scope, global, output, file } = around;
    let report = execute(session, scope, plan.clone(), global, output).await?;
    let ended = Ended::of(&plan, &report);
    let exit = match ended.outcome {
        Outcome::Done => exit_of(&report),
        _ if ended.is_committed => {
            output.note(&way_back::only_tidying_is_left(file, true));
            Exit::PartWay
        }
        Outcome::Interrupted => {
            output.note(&way_back::interrupted(file));
            Exit::PartWay
        }
        Outcome::LeaseLost => {
            output.note(&way_back::lease_lost(file, "upgrade"));
            Exit::PartWay
        }
        Outcome::Failed if ended.is_proven => {
            output.note(&way_back::only_tidying_is_left(file, false));
            Exit::PartWay
        }
        Outcome::Failed if on_failure == OnFailure::Keep => {
            output.note(&way_back::left_as_it_is(file));
            Exit::Stuck
        }
        Outcome::Failed => {
            output.note("\nthe upgrade has failed, see above; going back\n");
            way_back::go(around, limits).await?
        }
    };
    let is_postponed = ended.outcome == Outcome::Done && report.postponed > 0;
    let known = report.known;
    Ok(Carried { exit, is_committed: ended.is_committed, is_postponed, known, outcome: ended.outcome })
}

impl Limits {
    /// Those of an upgrade.
    pub fn of(upgrade: &Upgrade) -> Self {
        Self { deadline: upgrade.deadline, watch: upgrade.watch, as_they_are: false }
    }
}
