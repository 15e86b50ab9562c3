//! Running a plan and showing its progress to a person or a script.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::engine::clock::Clock;
use crate::engine::drive::{Report, drive};
use crate::engine::estimate;
use crate::engine::event::{Event, Stamped};
use crate::engine::kind::Kind;
use crate::engine::plan::{Plan, Purpose};
use crate::ui::advice;
use crate::ui::layout::width;
use crate::ui::progress::tracker::Tracker;
use crate::ui::progress::{Detail, Json, Lines, Reporter, Terminal};

use super::error::CommandError;
use super::exit::Exit;
use super::moment;
use super::open::Session;
use super::output::Output;
use super::scope::Scope;

/// Refuses a plan that a check forbids, and adds it to the report, because it will not run.
pub fn permit(plan: &Plan, output: &Output) -> Result<(), CommandError> {
    if let Some(report) = output.report().filter(|_| plan.refusals().next().is_some()) {
        report.plan(plan);
    }
    let refused = match plan.refusals().count() {
        0 => return Ok(()),
        1 => "a check refuses this plan".to_owned(),
        number => format!("{number} checks refuse this plan"),
    };
    Err(CommandError::refused("refused/check", format!("{refused}, see above; nothing was changed")))
}

/// Runs a plan that has been consented to. The first Ctrl-C stops it, the second exits at once.
pub async fn execute(session: &Session, scope: &Scope, plan: Plan, output: &Output) -> Result<Report, CommandError> {
    let clock = moment::clock()?;
    let world = session.world(scope, plan.known.clone());
    let mut reporter = reporter(&plan, session.kinds(), clock, output);
    session.record(|entry| entry.plan(&plan));
    if let Some(report) = output.report() {
        report.plan(&plan);
    }
    let mut say = |event: &Stamped| {
        session.record(|entry| entry.event(event));
        if let Some(report) = output.report() {
            report.event(event);
        }
        reporter.event(event);
    };
    say(&Stamped { at: 0.0, event: beginning(&plan, session) });
    let (sender, receiver) = mpsc::channel(1);
    let watch = watch(sender, plan.purpose)?;
    let earlier = session.young.left().as_secs_f64() * clock.scale();
    let report = drive(Arc::new(plan), session.kinds(), world, clock, earlier, receiver, |event| say(&event)).await;
    watch.abort();
    let report = report.map_err(CommandError::unexpected)?;
    session.unseen.postpone(clock.real(report.unseen));
    session.young.postpone(clock.real(report.young));
    Ok(report)
}

fn beginning(plan: &Plan, session: &Session) -> Event {
    Event::RunStarted {
        purpose: plan.purpose,
        target: plan.target.clone(),
        run: session.run().to_owned(),
        steps: plan.steps.len(),
        estimate: estimate::critical_path(plan, session.kinds()),
    }
}

fn reporter(plan: &Plan, kinds: &[Kind], clock: Clock, output: &Output) -> Box<dyn Reporter> {
    let tracker = Tracker::new(plan, kinds);
    if output.is_json() {
        Box::new(Json(std::io::stdout()))
    } else if output.is_live() && !output.is_quiet() {
        Box::new(Terminal::new(tracker, clock, output.has_color()))
    } else {
        let detail = if output.is_quiet() { Detail::Failed } else { Detail::Everything };
        let out = anstream::AutoStream::auto(std::io::stderr());
        Box::new(Lines::new(out, tracker, width(&std::io::stderr()), detail))
    }
}

/// Passes on the first request to stop; ends the process at the second.
fn watch(sender: mpsc::Sender<()>, purpose: Purpose) -> Result<JoinHandle<()>, CommandError> {
    let mut requests = Requests::new().map_err(CommandError::unexpected)?;
    Ok(tokio::spawn(async move {
        requests.next().await;
        // The run may have ended meanwhile.
        let _ = sender.send(()).await;
        requests.next().await;
        eprintln!("exiting at once: calls in flight may still take effect; {}", advice::after_leaving(purpose));
        std::process::exit(i32::from(Exit::PartWay.code()));
    }))
}

/// Ctrl-C, and the signal that supervisors send.
#[cfg(unix)]
struct Requests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Requests {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Requests;

#[cfg(not(unix))]
impl Requests {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::{Format, Verbosity};
    use super::*;
    use crate::engine::plan::{Finding, Purpose, Severity, Target};

    #[test]
    fn only_refusals_forbid() {
        let target = Target { deployment: "prod".into(), account: "1".into(), region: "us-east-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        let finding =
            |severity| Finding { code: "x/y".into(), severity, address: None, message: "m".into(), hint: None };
        plan.findings.push(finding(Severity::Warning));
        let output = Output::new(Format::Human, Verbosity::default(), None);
        assert!(permit(&plan, &output).is_ok());
        plan.findings.push(finding(Severity::Refusal));
        assert_eq!(permit(&plan, &output).unwrap_err().exit(), Exit::Refused);
    }
}
