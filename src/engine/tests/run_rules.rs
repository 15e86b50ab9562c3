//! Single rules of a run, each by a short script.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::cases::{KINDS, step};
use crate::engine::address::Address;
use crate::engine::cadence::{MAY_BE_INVISIBLE, POLL_EVERY, STOP_AGAIN_AFTER};
use crate::engine::event::{Event, Outcome};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Live, Observation, Phase};
use crate::engine::kind::{Kind, Part};
use crate::engine::pace::MOST;
use crate::engine::plan::{Action, After, Plan, Purpose, Step, Target, Until};
use crate::engine::reference::{Need, Outputs};
use crate::engine::run::{Command, Input, Made, Run};

pub(super) fn run(steps: Vec<Step>) -> Run {
    let target = Target { deployment: "demo".into(), account: "123456789012".into(), region: "eu-west-1".into() };
    let mut plan = Plan::empty(Purpose::Apply, target);
    plan.steps = steps;
    Run::new(Arc::new(plan), KINDS.as_slice(), 0.0).unwrap()
}

pub(super) fn at(address: &str, action: Action) -> Step {
    step(address.parse().unwrap(), action, None)
}

pub(super) fn then(step: Step, after: usize) -> Step {
    Step { after: vec![After { step: after, need: Need::Ready }], ..step }
}

fn outputs(pairs: &[(&str, &str)]) -> Outputs {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn id_of(pairs: &[(&str, &str)]) -> String {
    outputs(pairs).remove("id").unwrap_or_default()
}

pub(super) fn accepted(step: usize, pairs: &[(&str, &str)]) -> Input {
    Input::Performed { step, result: Ok(Made { id: id_of(pairs), outputs: outputs(pairs) }) }
}

pub(super) fn refused(step: usize, cause: Cause) -> Input {
    Input::Performed { step, result: Err(Failure::of(cause, "scripted")) }
}

pub(super) fn seen(address: &str, phase: Phase) -> Input {
    let address: Address = address.parse().unwrap();
    let kind = address.kind().to_owned();
    let outputs = outputs(&[("id", "x")]);
    let live = Live { address, id: "x".into(), outputs, phase, spec: Value::Null, tags: BTreeMap::new() };
    Input::Observed { kind, result: Ok(Observation { live: vec![live], incidents: Vec::new() }) }
}

/// What the run asks for, in short: `perform 0`, `observe task`, `wake 2.5`, `done 0`, `finish Done`.
pub(super) fn words(commands: Vec<Command>) -> Vec<String> {
    let word = |command| match command {
        Command::Perform { step, .. } => Some(format!("perform {step}")),
        Command::Observe { kind } => Some(format!("observe {kind}")),
        Command::Wake { at } => Some(format!("wake {at}")),
        Command::Finish(outcome) => Some(format!("finish {outcome:?}")),
        Command::Explain { incident } => Some(format!("explain {}", incident.subject)),
        Command::Say(Event::StepDone { step, .. }) => Some(format!("done {step}")),
        Command::Say(Event::StepFailed { step, .. }) => Some(format!("failed {step}")),
        Command::Say(Event::StepSkipped { step, .. }) => Some(format!("skipped {step}")),
        Command::Say(_) => None,
    };
    commands.into_iter().filter_map(word).collect()
}

fn performs(commands: &[Command]) -> usize {
    commands.iter().filter(|command| matches!(command, Command::Perform { .. })).count()
}

#[test]
fn a_poll_older_than_a_step_does_not_verify_it() {
    let mut run = run(vec![at("task/a", Action::Verify), at("task/b", Action::Verify)]);
    assert_eq!(words(run.on(Input::Begin, 0.0)), ["perform 0", "perform 1"]);
    assert_eq!(words(run.on(accepted(0, &[]), 1.0)), ["observe task"]);
    assert!(words(run.on(accepted(1, &[]), 2.0)).is_empty());
    // Asked for at 1.0; the second step began at 2.0.
    assert_eq!(words(run.on(seen("task/b", Phase::Ready), 3.0)), [format!("wake {}", 3.0 + POLL_EVERY)]);
    assert_eq!(words(run.on(Input::Woken, 6.0)), ["observe task"]);
    assert_eq!(words(run.on(seen("task/b", Phase::Ready), 7.0))[0], "done 1");
}

#[test]
fn a_retry_that_finds_no_room_waits_for_an_answer_and_not_for_the_clock() {
    let mut run = run((0..=MOST).map(|number| at(&format!("quick/r{number}"), Action::Create)).collect());
    assert_eq!(performs(&run.on(Input::Begin, 0.0)), MOST);
    assert_eq!(words(run.on(refused(0, Cause::Unavailable), 1.0)), [format!("perform {MOST}"), "wake 2".to_owned()]);
    assert!(words(run.on(Input::Woken, 2.0)).is_empty(), "no room, and no wake-up in the past");
    assert_eq!(words(run.on(accepted(1, &[]), 3.0)), ["done 1", "perform 0"]);
}

/// The answer to CreateVpc is lost: until tags show everywhere, a poll finds nothing, and the next call makes a second
/// VPC.
#[test]
fn a_resource_that_may_show_late_is_not_created_again_at_once() {
    let kinds = [Kind { late: true, ..Kind::new("late", Part::Network) }, Kind::new("quick", Part::Network)];
    let waits = |address: &str, operation: &str, cause| {
        let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        plan.steps = vec![at(address, Action::Create)];
        let mut run = Run::new(Arc::new(plan), kinds.as_slice(), 0.0).unwrap();
        run.on(Input::Begin, 0.0);
        let failure = Failure { operation: operation.into(), ..Failure::of(cause, "scripted") };
        words(run.on(Input::Performed { step: 0, result: Err(failure) }, 0.0))
    };
    let late = [format!("wake {MAY_BE_INVISIBLE}")];
    assert_eq!(waits("late/a", "ec2 CreateVpc", Cause::Unavailable), late);
    assert_eq!(waits("late/a", "ec2 ModifyVpcAttribute", Cause::Throttled), late);
    assert_eq!(waits("late/a", "ec2 CreateVpc", Cause::Throttled), ["wake 1"], "it was refused");
    assert_eq!(waits("quick/a", "efs CreateFileSystem", Cause::Unavailable), ["wake 1"], "it has a token");
}

/// AWS says "not found" of what was made a moment ago, and a deletion that believed it would leave it behind.
#[test]
fn a_deletion_of_something_not_found_is_confirmed_by_a_poll() {
    let gone = || refused(0, Cause::Gone);
    let delete = || vec![Step { until: Until::Accepted, id: Some("x".into()), ..at("quick/a", Action::Delete) }];
    let nothing = || Input::Observed { kind: "quick".into(), result: Ok(Observation::default()) };

    let mut honest = run(delete());
    honest.on(Input::Begin, 0.0);
    assert_eq!(words(honest.on(gone(), 1.0)), ["observe quick"]);
    assert_eq!(words(honest.on(nothing(), 2.0)), ["done 0", "finish Done"]);

    let mut early = run(delete());
    early.on(Input::Begin, 0.0);
    early.on(gone(), 1.0);
    assert_eq!(words(early.on(seen("quick/a", Phase::Ready), 2.0)), ["wake 3"]);
    assert_eq!(words(early.on(Input::Woken, 3.0)), ["perform 0"]);
    assert_eq!(words(early.on(accepted(0, &[]), 4.0)), ["done 0", "finish Done"]);

    // Nobody begins because of a deletion that may have to be asked for again.
    let follower = Step { after: vec![After { step: 0, need: Need::Exists }], ..at("task/b", Action::Verify) };
    let mut followed = run(delete().into_iter().chain([follower]).collect());
    followed.on(Input::Begin, 0.0);
    assert_eq!(words(followed.on(gone(), 1.0)), ["observe quick"]);
    assert_eq!(words(followed.on(nothing(), 2.0)), ["done 0", "perform 1"]);

    let mut never = run(delete());
    never.on(Input::Begin, 0.0);
    let mut now = 0.0;
    let last = loop {
        now += 10.0;
        assert!(now < 1000.0, "it does not end");
        never.on(gone(), now);
        never.on(seen("quick/a", Phase::Ready), now);
        let said = words(never.on(Input::Woken, now + 9.0));
        if said != ["perform 0"] {
            break never.summary(Outcome::Failed, now);
        }
    };
    assert!(matches!(last, Event::RunFinished { failed: 1, .. }), "{last:?}");
}

/// A run right after an interrupted one must not take something that is not visible yet for missing.
#[test]
fn a_new_resource_may_be_unseen_for_a_minute() {
    let kinds = [Kind { late: true, ..Kind::new("late", Part::Network) }, Kind::new("quick", Part::Network)];
    let unseen = |address: &str, action, result: Result<Made, Failure>| {
        let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        plan.steps = vec![at(address, action)];
        let mut run = Run::new(Arc::new(plan), kinds.as_slice(), 0.0).unwrap();
        run.on(Input::Begin, 0.0);
        run.on(Input::Performed { step: 0, result }, 5.0);
        run.unseen(25.0)
    };
    let failed = |cause| Failure { operation: "ec2 CreateVpc".into(), ..Failure::of(cause, "scripted") };
    assert_eq!(unseen("late/a", Action::Create, Ok(Made::default())), MAY_BE_INVISIBLE - 20.0);
    assert_eq!(unseen("late/a", Action::Create, Err(failed(Cause::Unavailable))), MAY_BE_INVISIBLE - 20.0);
    assert_eq!(unseen("late/a", Action::Create, Err(failed(Cause::Quota))), 0.0, "it was refused");
    assert_eq!(unseen("late/a", Action::Delete, Ok(Made::default())), 0.0);
    assert_eq!(unseen("quick/a", Action::Create, Ok(Made::default())), 0.0, "it is found by its name");
}

#[test]
fn when_aws_throttles_fewer_calls_are_in_flight() {
    let mut run = run((0..3 * MOST).map(|number| at(&format!("quick/r{number}"), Action::Create)).collect());
    assert_eq!(performs(&run.on(Input::Begin, 0.0)), MOST);
    assert_eq!(performs(&run.on(refused(0, Cause::Throttled), 1.0)), 0);
    let more: usize = (1..MOST / 2).map(|step| performs(&run.on(accepted(step, &[]), 1.0))).sum();
    assert_eq!(more, 0, "until half of them are left");
    assert_eq!(performs(&run.on(accepted(MOST / 2, &[]), 1.0)), 1);
}

#[test]
fn a_fence_asks_for_every_writer_at_the_address() {
    let stop = step("task/a".parse().unwrap(), Action::Stop, Some("mine".to_owned()));
    let mut run = run(vec![stop]);
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[]), 1.0);
    // Its id is another: a task that outlives an earlier service.
    assert!(!words(run.on(seen("task/a", Phase::Pending("a task still runs".into())), 2.0)).contains(&"done 0".into()));
    run.on(Input::Woken, 5.0);
    assert!(!words(run.on(seen("task/a", Phase::Idle), 6.0)).contains(&"done 0".into()), "seen stopped once");
    run.on(Input::Woken, 9.0);
    assert_eq!(words(run.on(seen("task/a", Phase::Idle), 10.0))[0], "done 0");
}

#[test]
fn a_fence_that_sees_a_writer_between_two_polls_starts_over() {
    let mut run = run(vec![step("task/a".parse().unwrap(), Action::Stop, Some("mine".to_owned()))]);
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[]), 1.0);
    let mut now = 2.0;
    let mut poll = |phase| {
        let done = words(run.on(seen("task/a", phase), now)).contains(&"done 0".into());
        now += 4.0;
        run.on(Input::Woken, now);
        now += 1.0;
        done
    };
    let busy = || Phase::Pending("a task starts".into());
    assert_eq!([Phase::Idle, busy(), Phase::Idle, Phase::Idle].map(&mut poll), [false, false, false, true]);
}

#[test]
fn a_slow_stop_is_repeated_once() {
    let mut run = run(vec![step("task/a".parse().unwrap(), Action::Stop, Some("mine".to_owned()))]);
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[]), 1.0);
    let mut performed = 0;
    let mut now = 2.0;
    while now < 3.0 * STOP_AGAIN_AFTER {
        performed += performs(&run.on(seen("task/a", Phase::Pending("a task still runs".into())), now));
        if performed == 1 && now < 2.0 * STOP_AGAIN_AFTER {
            assert!(now > STOP_AGAIN_AFTER);
            run.on(accepted(0, &[]), now + 1.0);
        }
        now += 5.0;
        run.on(Input::Woken, now);
    }
    assert_eq!(performed, 1);
}

#[test]
fn a_replaced_task_does_not_stay_healthy() {
    let watch = |tasks: [&str; 2]| {
        let steady = Step { until: Until::STAYS_READY, patience: Some(60.0), ..at("slow/a", Action::Verify) };
        let mut run = run(vec![at("slow/a", Action::Create), then(steady, 0)]);
        let ready = |task: &str| {
            let Input::Observed { kind, result: Ok(mut sighting) } = seen("slow/a", Phase::Ready) else { panic!() };
            sighting.live[0].outputs.insert("task".into(), task.into());
            Input::Observed { kind, result: Ok(sighting) }
        };
        run.on(Input::Begin, 0.0);
        run.on(accepted(0, &[("id", "x")]), 1.0);
        run.on(Input::Woken, 60.0);
        run.on(ready(tasks[0]), 61.0);
        run.on(accepted(1, &[]), 62.0);
        run.on(Input::Woken, 130.0);
        words(run.on(ready(tasks[1]), 131.0))[0].clone()
    };
    assert_eq!(watch(["one", "one"]), "done 1");
    assert_eq!(watch(["one", "two"]), "failed 1");
}

#[test]
fn a_shorter_answer_removes_no_known_output() {
    let mut run = run(vec![at("slow/a", Action::Create), then(at("slow/a", Action::Update), 0)]);
    run.on(Input::Begin, 0.0);
    run.on(accepted(0, &[("id", "x"), ("arn", "arn:x")]), 1.0);
    run.on(Input::Woken, 60.0);
    assert_eq!(words(run.on(seen("slow/a", Phase::Ready), 61.0)), ["done 0", "perform 1"]);
    run.on(accepted(1, &[("id", "y")]), 62.0);
    assert_eq!(run.known()[&"slow/a".parse::<Address>().unwrap()], outputs(&[("id", "y"), ("arn", "arn:x")]));
}

#[test]
fn deleting_a_twin_does_not_forget_the_other() {
    let address: Address = "quick/a".parse().unwrap();
    let delete = |id: &str| step(address.clone(), Action::Delete, Some(id.to_owned()));
    let after = |steps: Vec<Step>| {
        let target = Target { deployment: "demo".into(), account: "1".into(), region: "eu-west-1".into() };
        let mut plan = Plan::empty(Purpose::Apply, target);
        plan.known.insert(address.clone(), outputs(&[("id", "one")]));
        plan.steps = steps;
        let mut run = Run::new(Arc::new(plan), KINDS.as_slice(), 0.0).unwrap();
        run.on(Input::Begin, 0.0);
        run.on(Input::Performed { step: 0, result: Ok(Made::default()) }, 1.0);
        run.known().contains_key(&address)
    };
    assert!(after(vec![delete("two")]));
    assert!(!after(vec![delete("one")]));
}
