//! What a refusal means depends on how old what was handed over is.

use std::sync::Arc;

use super::cases::step;
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Seconds};
use crate::engine::plan::{Action, After, Plan, Purpose, Step, Target, Until};
use crate::engine::propagation::{USABLE, YOUNG};
use crate::engine::reference::{Need, Outputs};
use crate::engine::run::{Command, Input, Made, Run};

const KINDS: [Kind; 4] = [
    Kind { spreads: true, ..Kind::new("role", Part::Identity) },
    Kind::new("log", Part::Logs),
    Kind { uses_later: true, ..Kind::new("service", Part::Service) },
    Kind {
        uses_later: true,
        job: true,
        seconds: Seconds { create: 1.0, ready: 10.0, gone: 0.0, patience: 600.0 },
        ..Kind::new("job", Part::Storage)
    },
];

/// A role, and what comes after it.
fn run(address: &str, action: Action, earlier: f64) -> Run {
    let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
    let mut plan = Plan::empty(Purpose::Apply, target);
    let role = step("role/a".parse().unwrap(), Action::Create, None);
    let user = step(address.parse().unwrap(), action, None);
    let middle = step("log/between".parse().unwrap(), Action::Create, None);
    let after = |step: Step, before| Step { after: vec![After { step: before, need: Need::Ready }], ..step };
    plan.steps = vec![role, after(middle, 0), after(user, 1)];
    plan.steps[2].until = if address.starts_with("job/") { Until::READY } else { Until::Accepted };
    let mut run = Run::new(Arc::new(plan), KINDS.as_slice(), earlier).unwrap();
    run.on(Input::Begin, 0.0);
    run
}

fn accepted(step: usize) -> Input {
    let outputs = Outputs::from([("id".to_owned(), "arn:role/a".to_owned())]);
    Input::Performed { step, result: Ok(Made { id: "arn:role/a".into(), outputs }) }
}

fn refused(cause: Cause, message: &str) -> Input {
    Input::Performed {
        step: 2,
        result: Err(Failure { operation: "x CreateLog".into(), ..Failure::of(cause, message) }),
    }
}

/// What becomes of a refusal `age` seconds after the role was made.
fn answered(cause: Cause, message: &str, age: f64) -> Option<Event> {
    let mut run = run("log/user", Action::Create, 0.0);
    run.on(accepted(0), 10.0);
    let started = run.on(accepted(1), 10.0 + age);
    assert!(started.iter().any(|command| matches!(command, Command::Perform { step: 2, .. })), "{started:?}");
    said(run.on(refused(cause, message), 10.0 + age))
}

fn said(commands: Vec<Command>) -> Option<Event> {
    commands.into_iter().find_map(|command| match command {
        Command::Say(event @ (Event::StepRetrying { .. } | Event::StepFailed { .. } | Event::StepWaiting { .. })) => {
            Some(event)
        }
        _ => None,
    })
}

#[test]
fn a_refusal_about_a_recent_change_is_retried_with_its_reason() {
    for (cause, message) in [
        (Cause::Refused, "Unable to assume given IAM role"),
        (Cause::Refused, "Invalid principal in policy"),
        (Cause::Refused, "arn:role/a is odd"),
        (Cause::Denied, "User: x is not authorized to perform: iam:PassRole on resource: y"),
        (Cause::Denied, "Access Denied"),
    ] {
        let Some(Event::StepRetrying { failure, awaits, .. }) = answered(cause, message, 3.0) else {
            panic!("{message}")
        };
        assert_eq!(failure.cause, Cause::NotYetTrusted, "{message}");
        assert!(awaits.unwrap().starts_with("role/a was changed 3 s ago"));
    }
}

#[test]
fn a_refusal_about_an_older_change_is_final_at_once() {
    let message = "Unable to assume given IAM role";
    let Some(Event::StepFailed { failure, .. }) = answered(Cause::Refused, message, YOUNG + 1.0) else { panic!() };
    assert_eq!(failure.cause, Cause::Refused);
    assert!(failure.hints[0].starts_with("role/a: changed long enough ago"), "{failure:?}");
}

#[test]
fn a_failure_that_propagation_cannot_explain_is_final() {
    for (cause, message) in [
        (Cause::Refused, "The CIDR '10.0.0.0/33' is invalid"),
        (Cause::Denied, "User: x is not authorized to perform: ec2:CreateFlowLogs on resource: role"),
        (Cause::Quota, "no more roles"),
        (Cause::Taken, "the role exists"),
    ] {
        assert!(matches!(answered(cause, message, 3.0), Some(Event::StepFailed { .. })), "{message}");
    }
}

#[test]
fn it_ends_when_the_budget_is_used_up() {
    let mut run = run("log/user", Action::Create, 0.0);
    run.on(accepted(0), 0.0);
    run.on(accepted(1), 1.0);
    let mut now = 1.0;
    while let Some(Event::StepRetrying { seconds, .. }) = said(run.on(refused(Cause::Refused, "no such role"), now)) {
        now += seconds;
        assert!(now < 2.0 * YOUNG, "it does not end");
        run.on(Input::Woken, now);
    }
    assert!(now > 0.9 * YOUNG, "given up after {now} s");
}

#[test]
fn changes_of_an_earlier_run_stay_recent_for_the_given_time() {
    let refusal = |earlier: f64| {
        let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        plan.steps = vec![step("log/user".parse().unwrap(), Action::Create, None)];
        let mut run = Run::new(Arc::new(plan), KINDS.as_slice(), earlier).unwrap();
        run.on(Input::Begin, 0.0);
        let failure = Failure::of(Cause::Refused, "no such role");
        said(run.on(Input::Performed { step: 0, result: Err(failure) }, 5.0))
    };
    assert!(matches!(refusal(60.0), Some(Event::StepRetrying { .. })));
    assert!(matches!(refusal(0.0), Some(Event::StepFailed { .. })));
}

#[test]
fn a_step_that_uses_a_change_later_waits_until_it_has_spread() {
    let mut run = run("service/main", Action::Create, 0.0);
    run.on(accepted(0), 0.0);
    let commands = run.on(accepted(1), 4.0);
    assert!(!commands.iter().any(|command| matches!(command, Command::Perform { .. })), "{commands:?}");
    let Some(Event::StepWaiting { why, .. }) = said(commands) else { panic!() };
    assert!(why.starts_with("role/a was just changed"), "{why}");
    let commands = run.on(Input::Woken, USABLE);
    assert!(commands.iter().any(|command| matches!(command, Command::Perform { step: 2, attempt: 1 })), "{commands:?}");
    let mut stop = self::run("service/main", Action::Stop, 0.0);
    stop.on(accepted(0), 0.0);
    let commands = stop.on(accepted(1), 4.0);
    assert!(commands.iter().any(|command| matches!(command, Command::Perform { .. })), "a stop is handed nothing");
}

#[test]
fn a_job_that_failed_because_of_a_recent_change_is_started_again() {
    use crate::engine::inventory::{Live, Observation, Phase};
    let ends = |why: &str| {
        let mut run = run("job/a", Action::Create, 0.0);
        run.on(accepted(0), 0.0);
        run.on(accepted(1), 1.0);
        run.on(Input::Woken, USABLE);
        run.on(accepted(2), USABLE + 1.0);
        run.on(Input::Woken, USABLE + 10.0);
        let live = Live {
            address: "job/a".parse().unwrap(),
            id: "arn:role/a".into(),
            outputs: Outputs::new(),
            phase: Phase::Failed(why.into()),
            spec: serde_json::Value::Null,
            tags: Default::default(),
        };
        let sighting = Observation { live: vec![live], incidents: Vec::new() };
        let said = said(run.on(Input::Observed { kind: "job".into(), result: Ok(sighting) }, USABLE + 11.0));
        let again = run.on(Input::Woken, USABLE + 20.0);
        (said, again.iter().any(|command| matches!(command, Command::Perform { step: 2, attempt: 1 })))
    };
    assert!(matches!(ends("FAILED: no permission to do that"), (Some(Event::StepRetrying { .. }), true)));
    assert!(matches!(ends("task x ended with exit code 1"), (Some(Event::StepFailed { .. }), false)));
}

#[test]
fn a_change_that_aws_permits_later_delays_nothing_else() {
    let ends = |action: Action| {
        let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        let after = vec![After { step: 0, need: Need::Ready }];
        plan.steps = vec![
            Step { until: Until::Accepted, ..step("log/a".parse().unwrap(), action, Some("a".into())) },
            Step { after, ..step("log/b".parse().unwrap(), Action::Create, None) },
        ];
        let mut run = Run::new(Arc::new(plan), KINDS.as_slice(), 0.0).unwrap();
        run.on(Input::Begin, 0.0);
        let failure = Failure::of(Cause::Cooldown, "Wait until tomorrow");
        let mut commands = run.on(Input::Performed { step: 0, result: Err(failure) }, 1.0);
        commands.extend(run.on(accepted(1), 2.0));
        let outcome = commands.iter().find_map(|command| match command {
            Command::Finish(outcome) => Some(*outcome),
            _ => None,
        });
        let Event::RunFinished { done, failed, postponed, left, .. } = run.summary(Outcome::Done, 2.0) else {
            panic!()
        };
        (outcome, done, failed, postponed, left.len())
    };
    assert_eq!(ends(Action::Update), (Some(Outcome::Done), 1, 0, 1, 1));
    assert_eq!(ends(Action::Create), (Some(Outcome::Failed), 0, 1, 0, 2), "what does not exist is missed");
}
