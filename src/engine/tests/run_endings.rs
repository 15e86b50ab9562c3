//! How a run ends: by failure, interrupt, lost lease or success, each by a short script.

use super::run_rules::{accepted, at, refused, run, seen, then, words};
use crate::engine::address::Address;
use crate::engine::cadence::POLL_EVERY;
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Observation, Phase};
use crate::engine::plan::Action;
use crate::engine::run::{Command, Input};

#[test]
fn a_failure_skips_what_needs_it_and_lets_the_rest_go_on() {
    let steps = vec![
        at("quick/a", Action::Create),
        then(at("quick/b", Action::Create), 0),
        then(at("quick/c", Action::Create), 1),
        at("quick/d", Action::Create),
    ];
    let mut run = run(steps);
    run.on(Input::Begin, 0.0);
    assert_eq!(words(run.on(refused(0, Cause::Denied), 1.0)), ["failed 0", "skipped 1", "skipped 2"]);
    assert_eq!(words(run.on(accepted(3, &[]), 2.0)), ["done 3", "finish Failed"]);
    let Event::RunFinished { done, failed, skipped, left, .. } = run.summary(Outcome::Failed, 2.0) else { panic!() };
    assert_eq!((done, failed, skipped, left.len()), (1, 1, 2, 3));
}

#[test]
fn each_remaining_address_is_listed_once() {
    let again = |action, after| then(at("quick/a", action), after);
    let mut run =
        run(vec![at("quick/a", Action::Unprotect), then(at("quick/b", Action::Update), 0), again(Action::Update, 1)]);
    run.on(Input::Begin, 0.0);
    run.on(refused(0, Cause::Denied), 1.0);
    let Event::RunFinished { left, .. } = run.summary(Outcome::Failed, 1.0) else { panic!() };
    assert_eq!(left.iter().map(Address::as_str).collect::<Vec<_>>(), ["quick/a", "quick/b"]);
}

#[test]
fn giving_up_on_polls_leaves_the_next_step_its_full_budget() {
    let mut run = run(vec![
        at("short/a", Action::Verify),
        at("slow/wait", Action::Create),
        then(at("short/b", Action::Create), 1),
    ]);
    let lost = |kind: &str, cause| Input::Observed { kind: kind.into(), result: Err(Failure::of(cause, "scripted")) };
    run.on(Input::Begin, 0.0);
    run.on(accepted(1, &[]), 1.0);
    assert_eq!(words(run.on(accepted(0, &[]), 1.0))[0], "observe short");
    assert_eq!(words(run.on(lost("short", Cause::Denied), 2.0))[0], "failed 0");
    assert_eq!(words(run.on(Input::Woken, 390.0)), ["observe slow"]);
    assert_eq!(words(run.on(seen("slow/wait", Phase::Ready), 391.0)), ["done 1", "perform 2"]);
    run.on(accepted(2, &[]), 392.0);
    assert_eq!(words(run.on(Input::Woken, 395.0)), ["observe short"]);
    // The first failure of this step's polls, although another's failed long ago.
    assert_eq!(words(run.on(lost("short", Cause::Unavailable), 396.0)), [format!("wake {}", 396.0 + POLL_EVERY)]);
}

#[test]
fn an_interrupt_waits_for_calls_and_not_for_aws() {
    let mut run = run(vec![
        at("slow/a", Action::Create),
        at("quick/b", Action::Create),
        at("quick/c", Action::Create),
        then(at("quick/d", Action::Create), 1),
    ]);
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[]), 1.0);
    let commands = run.on(Input::Interrupt, 2.0);
    let [Command::Say(Event::Interrupting { in_flight })] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!(in_flight.iter().map(Address::as_str).collect::<Vec<_>>(), ["quick/b", "quick/c"]);
    assert_eq!(words(run.on(accepted(1, &[]), 3.0)), ["done 1"]);
    assert_eq!(words(run.on(refused(2, Cause::Throttled), 4.0)), ["finish Interrupted"]);
}

#[test]
fn an_interrupt_after_the_last_call_is_the_end_of_a_finished_run() {
    let mut run = run(vec![at("quick/a", Action::Create)]);
    run.on(Input::Begin, 0.0);
    run.on(Input::Interrupt, 1.0);
    assert_eq!(words(run.on(accepted(0, &[]), 2.0)), ["done 0", "finish Done"]);
}

#[test]
fn a_lost_lease_ends_a_run_even_when_nothing_is_left() {
    let mut run = run(vec![
        at("quick/a", Action::Create),
        at("quick/b", Action::Create),
        then(at("quick/c", Action::Create), 1),
        then(at("quick/d", Action::Create), 0),
    ]);
    run.on(Input::Begin, 0.0);
    let commands = run.on(refused(0, Cause::LeaseLost), 1.0);
    let said = |event: &Event| matches!(event, Event::LeaseLost { in_flight } if in_flight.len() == 1);
    assert!(commands.iter().any(|command| matches!(command, Command::Say(event) if said(event))), "{commands:?}");
    assert_eq!(words(commands), ["failed 0", "skipped 3"]);
    assert!(words(run.on(Input::Interrupt, 2.0)).is_empty(), "it is no request any more");
    assert_eq!(words(run.on(accepted(1, &[]), 3.0)), ["done 1", "finish LeaseLost"]);
}

#[test]
fn a_lost_lease_is_not_a_failure_to_roll_back() {
    let mut run = run(vec![at("quick/a", Action::Create)]);
    run.on(Input::Begin, 0.0);
    assert_eq!(words(run.on(refused(0, Cause::LeaseLost), 1.0)), ["failed 0", "finish LeaseLost"]);
}

#[test]
fn an_empty_plan_is_done_at_once() {
    assert_eq!(words(run(Vec::new()).on(Input::Begin, 0.0)), ["finish Done"]);
}

#[test]
fn an_incident_is_explained_once() {
    let mut run = run(vec![at("task/a", Action::Verify)]);
    let incident = |number| Incident { address: "task/a".parse().unwrap(), subject: format!("arn-{number}") };
    let sighting =
        |incidents| Input::Observed { kind: "task".into(), result: Ok(Observation { live: Vec::new(), incidents }) };
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[]), 1.0);
    assert_eq!(words(run.on(sighting(vec![incident(1), incident(1)]), 2.0))[0], "explain arn-1");
    run.on(Input::Woken, 5.0);
    assert_eq!(words(run.on(sighting(vec![incident(1), incident(2)]), 6.0))[0], "explain arn-2");
}
