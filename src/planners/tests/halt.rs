//! Stopping by request and starting again, also from halfway; and what an apply does meanwhile.

use serde_json::json;

use super::account::Account;
use super::samples::{Sample, deployed, plan, steps, target};
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::{Action, Plan, Purpose, Reason, Severity, Until};
use crate::kinds::names;
use crate::planners::{halt, upstream::upstream};

const SERVICE: &str = "service/r1";
const REQUEST: &str = "2026-03-01 12:00 by arn:aws:iam::111122223333:user/jo";

fn samples() -> Vec<Sample> {
    vec![Sample::new("revision"), Sample::new("service").linked(0)]
}

/// A deployment whose service is like this. What is not idle is wanted once, unless it is being stopped.
fn account(phase: Phase, desired: u32, is_noted: bool) -> Account {
    let mut account = deployed(&samples());
    let live = account.at(SERVICE);
    (live.phase, live.spec["desired"]) = (phase, json!(desired));
    if is_noted {
        live.tags.insert(names::STOPPED.to_owned(), REQUEST.to_owned());
    }
    account
}

fn service(account: &mut Account) -> Live {
    account.at(SERVICE).clone()
}

/// The steps in their order, which is the only one, and what is seen at the end of each.
fn listed(plan: &Plan) -> Vec<String> {
    for (number, step) in plan.steps.iter().enumerate().skip(1) {
        assert!(upstream(&plan.steps, number).contains(&(number - 1)), "{step:?} may come first");
    }
    let listed = plan.steps.iter().map(|step| {
        let what = match step.changes.first() {
            Some(change) => format!("{} = {}", change.property, change.to),
            None => String::new(),
        };
        format!("{:?} {} {what}", step.action, String::from(step.until)).to_lowercase().trim().to_owned()
    });
    listed.collect()
}

fn pending() -> Phase {
    Phase::Pending("a task is STOPPING".into())
}

#[test]
fn a_stop_is_recorded_and_then_confirmed() {
    let note = format!("update accepted tags.ce-aws:stopped = \"{}\"", REQUEST.to_lowercase());
    let all = [
        (Phase::Ready, 1, false, vec![note.as_str(), "stop idle"]),
        // Interrupted after the note, and while it was stopping.
        (Phase::Ready, 1, true, vec!["stop idle"]),
        (pending(), 0, true, vec!["stop idle"]),
        (Phase::Failed("it keeps exiting".into()), 1, false, vec![note.as_str(), "stop idle"]),
        (Phase::Degraded("a task has failed".into()), 1, false, vec![note.as_str(), "stop idle"]),
        // Somebody has stopped it by hand; from now on it is by request.
        (Phase::Idle, 0, false, vec![note.as_str()]),
        (Phase::Idle, 0, true, vec![]),
    ];
    for (phase, desired, is_noted, wanted) in all {
        let mut account = account(phase.clone(), desired, is_noted);
        let plan = halt::stop(&account.inventory(), target(), &service(&mut account), REQUEST);
        assert_eq!(plan.purpose, Purpose::Stop);
        assert_eq!(listed(&plan), wanted, "{phase:?}");
        account.execute(&plan, &[]);
        let live = service(&mut account);
        assert_eq!((live.phase, live.tags.get(names::STOPPED).map(String::as_str)), (Phase::Idle, Some(REQUEST)));
    }
}

#[test]
fn a_start_clears_the_request_and_never_starts_a_second_task() {
    let note = "update accepted tags.ce-aws:stopped = null";
    let (fence, start, prove) = ("verify idle", "update ready desired = 1", "verify steady");
    let failed = Phase::Failed("it keeps exiting".into());
    let starting = Phase::Pending("no task yet".into());
    let all = [
        (Phase::Idle, 0, true, vec![note, fence, start, prove]),
        // Interrupted after the note, and while it was starting.
        (Phase::Idle, 0, false, vec![fence, start, prove]),
        (starting.clone(), 1, false, vec!["verify ready", prove]),
        (starting, 1, true, vec![note, "verify ready", prove]),
        // It is still stopping.
        (pending(), 0, true, vec![note, fence, start, prove]),
        (failed, 1, false, vec!["stop idle", start, prove]),
        (Phase::Ready, 1, false, vec![]),
        // The stop was interrupted before anything was stopped.
        (Phase::Ready, 1, true, vec![note]),
    ];
    for (phase, desired, is_noted, wanted) in all {
        let mut account = account(phase.clone(), desired, is_noted);
        let plan = halt::start(&account.inventory(), target(), &service(&mut account), 1200.0, 60.0);
        assert_eq!(plan.purpose, Purpose::Start);
        assert_eq!(listed(&plan), wanted, "{phase:?}");
        let starts = plan.steps.iter().find(|step| step.until == Until::READY && step.action == Action::Update);
        assert!(starts.is_none_or(|step| step.spec["desired"] == 1 && step.patience == Some(1200.0)));
        let recheck = plan.steps.iter().find(|step| step.is_recheck());
        assert!(recheck.is_none_or(|step| step.patience == Some(60.0)));
    }
}

#[test]
fn a_stopped_service_stays_stopped_and_everything_else_is_applied() {
    let mut edited = samples();
    edited[0].note = "another image".to_owned();
    edited.push(Sample::new("plain"));
    let mut account = account(Phase::Idle, 0, true);
    let plan_of = plan(&edited, &account);
    assert_eq!(steps(&plan_of), ["create plain/r2", "update revision/r0", "update service/r1"]);
    let update = &plan_of.steps[2];
    assert_eq!((update.until, &update.spec["desired"]), (Until::Idle, &json!(0)));
    assert!(update.changes.iter().all(|change| change.property != "desired"), "{:?}", update.changes);
    assert!(plan_of.steps.iter().all(|step| !step.is_recheck()), "there is nothing to verify");
    let [finding] = plan_of.findings.as_slice() else { panic!("{:?}", plan_of.findings) };
    assert_eq!((finding.code.as_str(), finding.severity), ("service/stopped", Severity::Warning));
    assert!(
        finding.message.contains(REQUEST) && finding.hint.as_ref().is_some_and(|hint| hint.contains("ce-aws start"))
    );
    // Nobody starts it, and the next plan has nothing to do but to say so again.
    account.execute(&plan_of, &[]);
    assert_eq!(service(&mut account).phase, Phase::Idle);
    let again = plan(&edited, &account);
    assert!(again.is_empty(), "{:?}", steps(&again));
    assert_eq!(again.findings.len(), 1);
    assert_eq!(service(&mut account).spec["desired"], 0);
}

#[test]
fn an_interrupted_stop_is_completed_by_an_apply() {
    for (phase, desired) in [(Phase::Ready, 1), (pending(), 0), (Phase::Failed("it keeps exiting".into()), 1)] {
        let mut account = account(phase, desired, true);
        let plan_of = plan(&samples(), &account);
        assert_eq!(steps(&plan_of), ["stop service/r1"]);
        assert_eq!((&plan_of.steps[0].reason, plan_of.steps[0].until), (&Reason::OneWriter, Until::Idle));
        account.execute(&plan_of, &[]);
        assert!(plan(&samples(), &account).is_empty());
    }
}
