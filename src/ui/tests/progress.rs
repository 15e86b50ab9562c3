use std::collections::BTreeSet;

use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::event::{Event, Outcome, Stamped};
use crate::engine::failure::{Cause, Failure};
use crate::engine::plan::{Action, Purpose, Reason};
use crate::ui::progress::frame::frame;
use crate::ui::progress::line::line;
use crate::ui::progress::tracker::Tracker;
use crate::ui::progress::{Detail, Json, Lines, Reporter};
use crate::ui::style::plain;

fn started(step: usize, text: &str) -> Event {
    Event::StepStarted { step, address: address(text), action: Action::Create, reason: Reason::Missing, attempt: 1 }
}

fn done(step: usize, text: &str, seconds: f64) -> Event {
    Event::StepDone { step, address: address(text), action: Action::Create, seconds }
}

fn failure() -> Failure {
    Failure {
        cause: Cause::Quota,
        operation: "ec2 CreateNatGateway".into(),
        code: "NatGatewayLimitExceeded".into(),
        message: "The maximum number of NAT gateways has been reached.".into(),
        request_id: Some("6f0c".into()),
        hints: vec![],
    }
}

/// A run of `first_apply` in which the NAT gateway meets a quota.
fn events() -> Vec<Stamped> {
    let all = [
        (
            0.0,
            Event::RunStarted {
                purpose: Purpose::Apply,
                target: target(),
                run: "r1".into(),
                steps: 3,
                estimate: 107.0,
            },
        ),
        (0.0, started(0, "vpc/main")),
        (0.6, Event::StepAccepted { step: 0, address: address("vpc/main"), id: "vpc-1".into() }),
        (0.6, done(0, "vpc/main", 0.6)),
        (0.6, started(2, "nat-gateway/a")),
        (1.2, Event::StepAccepted { step: 2, address: address("nat-gateway/a"), id: "nat-1".into() }),
        (40.0, Event::StepWaiting { step: 2, address: address("nat-gateway/a"), why: "pending\u{1b}[2J".into() }),
        (
            41.0,
            Event::StepRetrying {
                step: 2,
                address: address("nat-gateway/a"),
                failure: Failure::of(Cause::Throttled, "slow down"),
                seconds: 4.0,
                awaits: None,
            },
        ),
        (
            42.0,
            Event::StepRetrying {
                step: 2,
                address: address("nat-gateway/a"),
                failure: Failure::of(Cause::NotYetTrusted, "no such role"),
                seconds: 2.0,
                awaits: Some("role/a is 3 s old, and AWS does not know it everywhere yet\u{1b}".into()),
            },
        ),
        (
            50.0,
            Event::Diagnosis {
                address: address("service/main"),
                subject: "arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/1f".into(),
                title: "a task stopped: Essential container in task exited".into(),
                lines: vec!["core: exit code 137".into(), "core: \u{1b}]0;owned\u{7} out of memory".into()],
                hints: vec!["choose a larger package".into()],
            },
        ),
        (
            60.0,
            Event::StepFailed {
                step: 2,
                address: address("nat-gateway/a"),
                action: Action::Create,
                failure: failure(),
            },
        ),
        (60.0, Event::StepSkipped { step: 1, address: address("security-group/task"), because: address("vpc/main") }),
        (61.0, Event::Interrupting { in_flight: vec![address("vpc/main")] }),
        (
            62.0,
            Event::RunFinished {
                outcome: Outcome::Failed,
                done: 1,
                failed: 1,
                postponed: 0,
                skipped: 1,
                left: vec![address("nat-gateway/a"), address("security-group/task")],
                causes: BTreeSet::from([Cause::Quota]),
                seconds: 62.0,
            },
        ),
    ];
    all.into_iter().map(|(at, event)| Stamped { at, event }).collect()
}

fn tracker() -> Tracker {
    Tracker::new(&first_apply(), &kinds())
}

#[test]
fn plain_lines_show_what_matters() {
    let mut out = Vec::new();
    let mut lines = Lines::new(&mut out, tracker(), None, Detail::Everything);
    events().iter().for_each(|event| lines.event(event));
    let text = plain(std::str::from_utf8(&out).unwrap());
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
    assert_snapshot!(text, @r"
       0:00  apply        prod: 3 steps, usually about 1m 47s
       0:00  created      vpc/main
       0:00  creating     nat-gateway/a, usually 1m 46s
       0:40  waiting      nat-gateway/a: pending\u{1b}[2J
       0:41  retrying     nat-gateway/a in 4s: slow down
       0:42  retrying     nat-gateway/a in 2s, because role/a is 3 s old, and AWS does not know it everywhere yet\u{1b}: no such role

    !! service/main: a task stopped: Essential container in task exited
       arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/1f
       | core: exit code 137
       | core: \u{1b}]0;owned\u{7} out of memory
    hint: choose a larger package

    error[quota]: creating nat-gateway/a: ec2 CreateNatGateway failed: NatGatewayLimitExceeded: The maximum number of NAT gateways has been reached. (request id 6f0c)
    hint: raise the quota in Service Quotas, or free what is not used; then run the same command again
    interrupted: no new steps; waiting for 1 call in flight: vpc/main (a second Ctrl-C exits at once)
    stopped part way: 1 step done, 1 failed, 1 not started because of that, 1m 2s
    remaining: nat-gateway/a, security-group/task
    hint: first fix the errors above; then run the same command again: it continues where this run stopped
    ");
}

#[test]
fn json_is_one_event_a_line_with_a_code() {
    let mut out = Vec::new();
    events().iter().for_each(|event| Json(&mut out).event(event));
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), events().len());
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["code"].is_string() && value["at"].is_number(), "{line}");
    }
    assert_snapshot!(text.lines().nth(10).unwrap(), @r#"{"at":60.0,"code":"step-failed","step":2,"address":"nat-gateway/a","action":"create","failure":{"cause":"quota","operation":"ec2 CreateNatGateway","code":"NatGatewayLimitExceeded","message":"The maximum number of NAT gateways has been reached.","request_id":"6f0c"}}"#);
}

#[test]
fn the_frame_shows_what_runs_and_what_it_waits_for() {
    let mut tracker = tracker();
    events()[..7].iter().for_each(|event| tracker.on(event));
    assert_snapshot!(plain(&frame(&tracker, 41.0, 100)), @r"
    ━━━━━━━━━━──────────────────── 1 of 3, 1 waiting; 41s so far, about 1m 6s to go
      creating     nat-gateway/a                40s of usually 1m 46s: pending\u{1b}[2J
    ");
}

#[test]
fn the_remaining_time_shrinks_but_not_below_what_still_waits() {
    let mut tracker = tracker();
    assert_eq!(tracker.remaining(0.0), 107.0);
    events()[..6].iter().for_each(|event| tracker.on(event));
    assert_eq!(tracker.remaining(10.6), 96.0);
    assert_eq!(tracker.remaining(1000.0), 1.0);
}

#[test]
fn endings() {
    use crate::ui::progress::line::ending;
    let end = |outcome, postponed, left: &[&str]| {
        let left = left.iter().map(|text| address(text)).collect();
        plain(
            &ending(
                &Event::RunFinished {
                    outcome,
                    done: 44,
                    failed: 0,
                    postponed,
                    skipped: 0,
                    left,
                    causes: BTreeSet::new(),
                    seconds: 252.0,
                },
                Purpose::Apply,
            )
            .unwrap(),
        )
    };
    assert_snapshot!(end(Outcome::Done, 0, &[]), @"done: 44 steps in 4m 12s");
    assert_snapshot!(end(Outcome::Done, 1, &["file-system/main"]), @r"
    almost done: 44 steps in 4m 12s; AWS accepts the rest only later: file-system/main
    ");
    assert_snapshot!(end(Outcome::Interrupted, 0, &["service/main"]), @r"
    stopped on request after 44 steps, 4m 12s
    remaining: service/main
    hint: run the same command again: it continues where this run stopped
    ");
}

#[test]
fn failures_say_what_to_do_next() {
    use crate::ui::failure::{alone, step};
    let denied = Failure {
        cause: Cause::Denied,
        code: "AccessDenied".into(),
        operation: "efs CreateFileSystem".into(),
        message: "no".into(),
        request_id: None,
        hints: vec![],
    };
    assert_snapshot!(plain(&step(&address("file-system/data"), Action::Create, &denied, Purpose::Apply)), @r"
    error[denied]: creating file-system/data: efs CreateFileSystem failed: AccessDenied: no
    hint: the caller needs the permission elasticfilesystem:CreateFileSystem; `ce-aws policy FILE` prints all permissions it needs; then run the same command again
    ");
    assert_snapshot!(plain(&alone(&Failure::of(Cause::Denied, "expired\u{1b}").hint("log in"))), @r#"
    error[denied]: expired\u{1b}
    hint: log in
    "#);
}

#[test]
fn quiet_shows_failures_and_an_early_end() {
    let quiet = |events: &[Stamped]| {
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out, tracker(), None, Detail::Failed);
        events.iter().for_each(|event| lines.event(event));
        plain(std::str::from_utf8(&out).unwrap())
    };
    assert_snapshot!(quiet(&events()));
    let mut all = events();
    let Some(Stamped { event: Event::RunFinished { outcome, .. }, .. }) = all.last_mut() else { panic!() };
    *outcome = Outcome::Done;
    all.retain(|event| {
        matches!(event.event, Event::RunStarted { .. } | Event::StepDone { .. } | Event::RunFinished { .. })
    });
    assert_eq!(quiet(&all), "");
}

#[test]
fn waiting_for_propagation_is_shown_once_for_each_error() {
    let refused = |at: f64, code: &str| {
        let failure = Failure { code: code.into(), ..Failure::of(Cause::NotYetTrusted, "no") };
        let awaits = Some(format!("role/a is {at:.0} s old"));
        let event = Event::StepRetrying { step: 0, address: address("vpc/main"), failure, seconds: 2.0, awaits };
        Stamped { at, event }
    };
    let mut out = Vec::new();
    let mut lines = Lines::new(&mut out, tracker(), None, Detail::Everything);
    let all = [refused(1.0, "AccessDenied"), refused(3.0, "InvalidParameter"), refused(7.0, "InvalidParameter")];
    all.iter().for_each(|event| lines.event(event));
    assert_snapshot!(plain(std::str::from_utf8(&out).unwrap()), @r"
    0:01  retrying     vpc/main in 2s, because role/a is 1 s old: AccessDenied: no
    0:03  retrying     vpc/main in 2s, because role/a is 3 s old: InvalidParameter: no
    ");
}

#[test]
fn a_holder_is_shown_once_and_again_when_it_is_another_one() {
    let held = |at: f64, by: &str| {
        let message = format!("The subnet has dependencies and cannot be deleted; held by {by}");
        let failure = Failure { code: "DependencyViolation".into(), ..Failure::of(Cause::StillHeld, message) };
        let event = Event::StepRetrying { step: 0, address: address("vpc/main"), failure, seconds: 5.0, awaits: None };
        Stamped { at, event }
    };
    let started = |at: f64, attempt: u32| {
        let (address, action, reason) = (address("vpc/main"), Action::Delete, Reason::Teardown);
        Stamped { at, event: Event::StepStarted { step: 0, address, action, reason, attempt } }
    };
    let mut out = Vec::new();
    let mut lines = Lines::new(&mut out, tracker(), None, Detail::Everything);
    let all = [
        started(0.0, 1),
        held(1.0, "eni-1"),
        started(4.0, 2),
        held(5.0, "eni-1"),
        started(9.0, 3),
        held(10.0, "eni-2"),
        started(14.0, 4),
        held(15.0, "eni-2"),
    ];
    all.iter().for_each(|event| lines.event(event));
    assert_snapshot!(plain(std::str::from_utf8(&out).unwrap()), @r"
       0:01  waiting      vpc/main: DependencyViolation: The subnet has dependencies and cannot be deleted; held by eni-1
       0:10  waiting      vpc/main: DependencyViolation: The subnet has dependencies and cannot be deleted; held by eni-2
    ");
    let mut tracker = tracker();
    all[..3].iter().for_each(|event| tracker.on(event));
    let shown = plain(&frame(&tracker, 4.0, 200));
    assert!(shown.contains("held by eni-1"), "also during the retry: {shown}");
}

#[test]
fn the_first_line_names_the_command() {
    let purposes = [
        Purpose::Apply,
        Purpose::Upgrade,
        Purpose::Rollback,
        Purpose::Restore,
        Purpose::Stop,
        Purpose::Start,
        Purpose::Backup,
        Purpose::Destroy,
    ];
    let first = |purpose: Purpose| {
        let (target, run) = (target(), "r1".to_owned());
        let event = Event::RunStarted { purpose, target, run, steps: 2, estimate: 75.0 };
        let tracker = Tracker::new(&plan(purpose, Vec::new()), &kinds());
        plain(&line(&Stamped { at: 0.0, event }, &tracker, Detail::Ended).unwrap())
    };
    let commands = ["apply", "upgrade", "rollback", "restore", "stop", "start", "backup", "destroy"];
    let wanted = commands.map(|command| format!("   0:00  {command:<12} prod: 2 steps, usually about 1m 15s\n"));
    assert_eq!(purposes.map(first), wanted);
}
