//! One change of a deployment: a plan, the question whether it may run, the run, and how it ended.

use crate::config::PlanFile;
use crate::engine::drive::Report;
use crate::engine::event::Outcome;
use crate::engine::plan::{Plan, Purpose, Stage, Until};
use crate::engine::reference::Known;
use crate::session::Session;
use crate::session::confirm;
use crate::session::error::CommandError;
use crate::session::execute::{execute, permit};
use crate::session::exit::Exit;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;
use crate::ui::cost::Effect;
use crate::ui::ending::{self, Ending};

use super::limits::Limits;

/// Where a command works, for whom, and what it may do without asking.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub session: &'a Session,
    pub scope: &'a Scope,
    pub output: &'a Output,
    /// How people name the deployment on the command line: the plan file.
    pub file: &'a str,
    /// Whether nobody is to be asked.
    pub yes: bool,
    pub limits: Limits,
}

impl Context<'_> {
    /// Shows what a question is about. Where nobody is asked, `--quiet` silences it.
    pub fn show(self, text: &str) {
        if self.yes { self.output.note(text) } else { self.output.always(text) }
    }
}

/// A plan, and the question that a person has to answer before it runs.
#[derive(Clone, Debug)]
pub struct Work<'a> {
    pub plan: Plan,
    /// The plan file that it follows, if it does.
    pub file: Option<&'a PlanFile>,
    pub question: &'a str,
    /// The word that consents.
    pub ask: &'a str,
    /// What is said instead of the plan, where there is nothing to do.
    pub already: String,
    /// What it makes of the monthly price, where that is to be shown.
    pub cost: Option<Effect>,
}

impl<'a> Work<'a> {
    /// A plan that `yes` consents to.
    pub fn new(plan: Plan, question: &'a str) -> Self {
        Self { plan, file: None, question, ask: confirm::YES, already: String::new(), cost: None }
    }

    /// Shows the plan.
    ///
    /// # Errors
    ///
    /// A check refuses it.
    pub fn show(&self, context: Context<'_>) -> Result<(), CommandError> {
        let Context { session, output, .. } = context;
        if output.is_json() {
            output.line(&show::event(&self.plan, self.file, self.cost.as_ref()))?;
        } else if self.plan.is_empty() && self.plan.findings.is_empty() && !self.already.is_empty() {
            output.note(&format!("{}\n", self.already));
        } else {
            let text = show::text(&self.plan, session.kinds(), self.file, self.cost.as_ref(), output);
            match self.plan.refusals().count() {
                0 if self.plan.is_empty() => output.note(&text),
                0 => context.show(&text),
                _ => output.always(&text),
            }
        }
        permit(&self.plan, output)
    }

    /// Asks whether it may run.
    ///
    /// # Errors
    ///
    /// It may not, or nobody is there to ask.
    pub fn ask(&self, context: Context<'_>) -> Result<(), CommandError> {
        if context.yes { Ok(()) } else { confirm::ask(self.question, self.ask, context.output) }
    }
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct RunResult {
    pub outcome: Outcome,
    /// Whether what was wanted has been verified.
    pub is_verified: bool,
    /// Whether it is over as well, whatever failed after that.
    pub is_committed: bool,
    /// Whether AWS permits some of the changes only later.
    pub is_postponed: bool,
    pub known: Known,
}

impl RunResult {
    fn of(plan: &Plan, report: Report) -> Self {
        let steps = || plan.steps.iter().enumerate();
        let is_verified = steps().any(|(step, planned)| {
            planned.stage == Some(Stage::Verify) && planned.until == Until::STAYS_READY && report.done.contains(&step)
        });
        let is_committed = is_verified
            && steps().all(|(step, planned)| {
                let commits = planned.stage == Some(Stage::Commit) && planned.address.kind() == "service";
                !commits || report.done.contains(&step)
            });
        let Report { outcome, known, postponed, .. } = report;
        Self { outcome, is_verified, is_committed, is_postponed: postponed > 0, known }
    }

    /// Of a plan that could not even be made.
    pub fn failed() -> Self {
        let known = Known::new();
        Self { outcome: Outcome::Failed, is_verified: false, is_committed: false, is_postponed: false, known }
    }

    /// Whether what was wanted runs, although some of the cleanup may be left.
    pub fn is_reached(&self) -> bool {
        self.outcome == Outcome::Done || self.is_committed
    }

    /// How an upgrade, a restore or a rollback has ended.
    pub fn ending(&self, purpose: Purpose) -> Ending {
        match self.outcome {
            Outcome::Done => Ending::Done,
            _ if self.is_committed => Ending::CleanupLeft,
            Outcome::Interrupted => Ending::Interrupted,
            Outcome::LeaseLost => Ending::LeaseLost,
            Outcome::Failed if self.is_verified && purpose == Purpose::Upgrade => Ending::Verified,
            Outcome::Failed => Ending::Failed,
        }
    }

    /// The exit code, where nothing is rolled back.
    pub fn exit(&self) -> Exit {
        if self.outcome == Outcome::Done && !self.is_postponed { Exit::Done } else { Exit::PartWay }
    }
}

/// Runs a plan that has been consented to.
pub async fn run_plan(context: Context<'_>, plan: Plan) -> Result<RunResult, CommandError> {
    let Context { session, scope, output, .. } = context;
    let report = execute(session, scope, plan.clone(), output).await?;
    Ok(RunResult::of(&plan, report))
}

/// Shows a plan, asks, and runs it; `None` where there is nothing to do.
pub async fn propose_and_run(context: Context<'_>, work: Work<'_>) -> Result<Option<RunResult>, CommandError> {
    work.show(context)?;
    if work.plan.is_empty() {
        return Ok(None);
    }
    work.ask(context)?;
    run_plan(context, work.plan).await.map(Some)
}

/// Says how it has ended.
pub fn say(context: Context<'_>, purpose: Purpose, ending: Ending) {
    context.output.always(&ending::text(purpose, ending, context.file));
}
