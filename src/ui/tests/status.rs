use insta::assert_snapshot;

use super::fixture::*;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::kinds::service::view::{
    ContainerView, DeploymentView, EventView, ServiceFacts, ServiceView, TargetView, TaskView,
};
use crate::price::io::{Bytes, Credits, FileSystemIo, Measured, Month};
use crate::ui::status::{Alarm, Certificate, State, Status, Unsettled, line, text};
use crate::ui::style::plain;
use crate::ui::summary::Summary;
use crate::ui::whereabouts::Whereabouts;

const REVISION: &str = "arn:aws:ecs:eu-central-1:123456789012:task-definition/ce-prod:3";

fn task(id: &str) -> TaskView {
    TaskView {
        arn: format!("arn:aws:ecs:eu-central-1:123456789012:task/ce-prod/{id}"),
        task_definition: REVISION.into(),
        last: "RUNNING".into(),
        health: "HEALTHY".into(),
        private_ip: Some("172.16.1.20".into()),
        zone: Some("eu-central-1a".into()),
        containers: vec![
            ContainerView {
                name: "init".into(),
                status: "STOPPED".into(),
                health: "UNKNOWN".into(),
                exit_code: Some(0),
                reason: None,
            },
            ContainerView {
                name: "core".into(),
                status: "RUNNING".into(),
                health: "HEALTHY".into(),
                ..Default::default()
            },
        ],
        ..TaskView::default()
    }
}

fn healthy() -> Status {
    let deployment = DeploymentView {
        status: "PRIMARY".into(),
        rollout: "COMPLETED".into(),
        task_definition: REVISION.into(),
        ..DeploymentView::default()
    };
    let service = ServiceFacts {
        name: "ce-prod".into(),
        desired: 1,
        running: 1,
        deployments: vec![deployment],
        ..ServiceFacts::default()
    };
    let target =
        TargetView { address: "172.16.1.20".into(), port: 3000, state: "healthy".into(), ..TargetView::default() };
    Status {
        probe: None,
        target: super::fixture::target(),
        state: State::Healthy,
        whereabouts: Whereabouts { url: Some("http://internal-ce-prod".into()), ..Whereabouts::default() },
        release: Some("5.0.0".into()),
        release_support: Some(standing("5.0.0", "vendor-tested", "supported", "supported until 2026-12-31")),
        release_advice: None,
        internal_certificate: None,
        ui_certificate: None,
        client_vpn: None,
        images: [("core".to_owned(), "registry/core:5.0.0".to_owned())].into(),
        writers: 1,
        service: ServiceView {
            service: Some(service),
            tasks: vec![task("1f2e3d4c5b6a")],
            targets: vec![target],
            ..ServiceView::default()
        },
        resources: 44,
        unsettled: Vec::new(),
        former: Vec::new(),
        io: None,
        alarms: Vec::new(),
        unconfirmed: Vec::new(),
        certificate: None,
        notes: Vec::new(),
        drift: Some(Summary { unchanged: 44, ..Summary::default() }),
        since: None,
        now: 0.0,
    }
}

#[test]
fn healthy_and_without_drift() {
    assert_snapshot!(plain(&text(&healthy())), @r#"
    prod in account 123456789012, region eu-central-1: healthy

    URL         http://internal-ce-prod
    release     5.0.0, supported until 2026-12-31

    Service ce-prod 1 wanted, 1 running, 0 pending
      PRIMARY deployment       COMPLETED, ce-prod:3

    Task 1f2e3d4c5b6a RUNNING, HEALTHY, ce-prod:3, 172.16.1.20 in eu-central-1a
      init                     STOPPED exit code 0
      core                     RUNNING HEALTHY registry/core:5.0.0
      load balancer's target   healthy

    no drift: 44 resources match the plan file
    "#);
}

#[test]
fn alarms_that_have_gone_off_and_who_is_not_told_are_shown() {
    let reason = "Threshold Crossed: 3 out of the last 3 datapoints [97.0] were greater than the threshold (90.0).";
    let alarms = vec![Alarm { name: "ce-aws/prod/memory".into(), reason: reason.into() }];
    let status = Status { alarms, unconfirmed: vec!["ops@example.com".into()], ..healthy() };
    let said = plain(&text(&status));
    let shown: Vec<_> = said.lines().skip_while(|line| *line != "Alarms").take(5).collect();
    let memory = format!("  {:<24} {reason}", "memory");
    let title = "Not told of alarms, because not confirmed yet";
    assert_eq!(shown, ["Alarms", &memory, "", title, "  ops@example.com"]);
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(
        (&json["alarms"][0]["name"], &json["unconfirmed"][0]),
        (&"ce-aws/prod/memory".into(), &"ops@example.com".into())
    );
    assert!(serde_json::to_value(healthy()).unwrap().get("alarms").is_none());
}

#[test]
fn the_end_of_the_internal_certificate_is_shown() {
    let named = |phase, end: Option<&str>| {
        let valid_until = end.map(str::to_owned);
        let certificate = Certificate { name: "ce.example.com".into(), phase, valid_until };
        let said = plain(&text(&Status { certificate: Some(certificate), ..healthy() }));
        said.lines().find(|line| line.starts_with("certificate")).unwrap_or_default().to_owned()
    };
    assert_eq!(
        named(Phase::Ready, Some("2027-06-14")),
        "certificate ce.example.com, issued by ACM, valid until 2027-06-14"
    );
    assert_eq!(
        named(Phase::Pending("ACM waits".into()), None),
        "certificate ce.example.com, not issued yet: ACM waits"
    );
    assert_eq!(named(Phase::Failed("CAA".into()), None), "certificate ce.example.com, failed: CAA");
    let status = Status { internal_certificate: Some("2036-11-26".into()), ..healthy() };
    let text = plain(&text(&status));
    let lines: Vec<_> = text.lines().skip(3).take(2).collect();
    let line = "certificate internal TLS, valid until 2036-11-26";
    assert_eq!(lines, ["release     5.0.0, supported until 2026-12-31", line]);
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["internal_certificate"], "2036-11-26");
}

#[test]
fn the_end_of_the_certificate_of_the_ui_is_shown() {
    let status = Status { ui_certificate: Some("2028-11-26".into()), ..healthy() };
    assert!(plain(&text(&status)).contains("certificate of the UI's web server, valid until 2028-11-26"));
    assert!(serde_json::to_value(healthy()).unwrap().get("ui_certificate").is_none());
}

#[test]
fn what_others_have_put_there_is_shown_apart() {
    let mut status = healthy();
    let reason = "CannotPullContainerError: pull image manifest has been retried 1 time(s)";
    status.service.tasks[0].injected = vec![
        ContainerView {
            name: "aws-guardduty-agent-mfjGLB".into(),
            status: "STOPPED".into(),
            health: "UNKNOWN".into(),
            reason: Some(reason.into()),
            ..Default::default()
        },
        ContainerView {
            name: "watcher".into(),
            status: "RUNNING".into(),
            health: "UNKNOWN".into(),
            ..Default::default()
        },
    ];
    assert_snapshot!(plain(&text(&status)), @r#"
    prod in account 123456789012, region eu-central-1: healthy

    URL         http://internal-ce-prod
    release     5.0.0, supported until 2026-12-31

    Service ce-prod 1 wanted, 1 running, 0 pending
      PRIMARY deployment       COMPLETED, ce-prod:3

    Task 1f2e3d4c5b6a RUNNING, HEALTHY, ce-prod:3, 172.16.1.20 in eu-central-1a
      init                     STOPPED exit code 0
      core                     RUNNING HEALTHY registry/core:5.0.0
      aws-guardduty-agent-mfjGLB STOPPED CannotPullContainerError: pull image manifest has been retried 1 time(s) (injected)
      watcher                  RUNNING (injected)
      load balancer's target   healthy

    no drift: 44 resources match the plan file
    hint: if the execution role may not pull it: `guardduty_agent = true` under [identity] allows that, for tasks that are started afterwards; a role of yours needs the permissions of AmazonECSTaskExecutionRolePolicy
    "#);
}

#[test]
fn what_is_wrong_is_told() {
    let mut status = healthy();
    status.state = State::Starting("2 tasks overlap".into());
    status.writers = 2;
    let gone = TaskView {
        last: "STOPPED".into(),
        stopped_reason: Some("Essential container\u{1b} in task exited".into()),
        containers: vec![ContainerView { name: "core".into(), exit_code: Some(137), ..Default::default() }],
        ..task("0a0a0a0a0a0a")
    };
    status.service.tasks.push(gone);
    if let Some(service) = &mut status.service.service {
        service.events = vec![EventView { at: 1.0, message: "unable to place a task".into() }];
    }
    status.unsettled = vec![Unsettled {
        address: address("load-balancer/main"),
        id: "arn:lb".into(),
        phase: Phase::Pending("provisioning".into()),
    }];
    status.drift = Some(Summary { change: 2, ..Summary::default() });
    assert_snapshot!(plain(&text(&status)), @r#"
    prod in account 123456789012, region eu-central-1: not healthy yet: 2 tasks overlap
    2 tasks may write to the file system at once

    URL         http://internal-ce-prod
    release     5.0.0, supported until 2026-12-31

    Service ce-prod 1 wanted, 1 running, 0 pending
      PRIMARY deployment       COMPLETED, ce-prod:3

    Task 1f2e3d4c5b6a RUNNING, HEALTHY, ce-prod:3, 172.16.1.20 in eu-central-1a
      init                     STOPPED exit code 0
      core                     RUNNING HEALTHY registry/core:5.0.0
      load balancer's target   healthy

    Stopped in the last hour
      0a0a0a0a                 Essential container\u{1b} in task exited; core exited with 137

    Messages from ECS
      unable to place a task

    Not settled
      load-balancer/main (arn:lb): not ready yet: provisioning

    drift detected: create 0, change 2, delete 0 (`ce-aws plan` shows it)
    "#);
}

#[test]
fn the_state_is_that_of_the_service() {
    let live = |phase| Live {
        address: address("service/main"),
        id: "s".into(),
        outputs: Default::default(),
        phase,
        spec: serde_json::Value::Null,
        tags: Default::default(),
    };
    assert_eq!(State::of(&Inventory::default()), State::Absent);
    assert_eq!(State::of(&Inventory::new(vec![live(Phase::Idle)])), State::Stopped);
    assert_eq!(State::of(&Inventory::new(vec![live(Phase::Failed("x".into()))])), State::Failed("x".into()));
}

#[test]
fn scripts_find_state_and_target_at_the_top() {
    let value = serde_json::to_value(healthy()).unwrap();
    assert_eq!((&value["state"], &value["deployment"]), (&"healthy".into(), &"prod".into()));
}

#[test]
fn a_former_file_system_is_not_forgotten() {
    let said = plain(&text(&Status { former: vec!["fs-0c2d".into()], ..healthy() }));
    assert!(said.contains("Former file systems\n  fs-0c2d: replaced by a restored one"), "{said}");
}

#[test]
fn what_is_past_its_end_of_support_is_told_with_the_way_out() {
    let mut status = healthy();
    status.release_support = Some(standing("5.0.0", "vendor-tested", "ended", "support ended 2026-01-31"));
    status.release_advice = Some("upgrade to 6.1.0: `ce-aws upgrade FILE --to 6.1.0 --allow unsupported`".into());
    let said = plain(&text(&status));
    assert!(said.contains("release     5.0.0, support ended 2026-01-31\n"), "{said}");
    assert!(
        said.ends_with("\nhint: upgrade to 6.1.0: `ce-aws upgrade FILE --to 6.1.0 --allow unsupported`\n"),
        "{said}"
    );
}

#[test]
fn a_data_step_that_succeeded_is_not_shown_as_a_crash() {
    let ended = |id: &str, code: i32| TaskView {
        task_definition: "arn:aws:ecs:eu-central-1:123456789012:task-definition/ce-prod_data:7".into(),
        last: "STOPPED".into(),
        stopped_reason: Some("Essential container in task exited".into()),
        containers: vec![ContainerView { name: "copy".into(), exit_code: Some(code), ..Default::default() }],
        ..task(id)
    };
    let mut status = healthy();
    status.service.tasks.extend([ended("aaaaaaaaaaaa", 0), ended("bbbbbbbbbbbb", 1)]);
    let said = plain(&text(&status));
    let (_, stopped) = said.split_once("Stopped in the last hour\n").unwrap();
    let lines: Vec<_> = stopped.lines().take(2).collect();
    assert_eq!(
        lines,
        [
            "  aaaaaaaa                 data step, succeeded",
            "  bbbbbbbb                 Essential container in task exited; copy exited with 1"
        ]
    );
}

#[test]
fn it_is_said_since_when_the_task_runs() {
    let mut status = Status { now: 1_764_432_125.0, ..healthy() };
    status.service.tasks[0].started = Some(1_764_424_625.0);
    let said = plain(&text(&status));
    assert!(said.contains("RUNNING, HEALTHY, since 2025-11-29 13:57 UTC (2h 5m), ce-prod:3"), "{said}");
    // The clock of this machine may be behind AWS's.
    status.now = 0.0;
    assert!(plain(&text(&status)).contains("since 2025-11-29 13:57 UTC, ce-prod:3"));
}

#[test]
fn a_poll_is_one_line_where_nothing_can_be_drawn_again() {
    let status = Status { now: 1_764_432_125.0, ..healthy() };
    assert_eq!(
        plain(&line(&status)),
        "2025-11-29T16:02:05Z healthy; task 1f2e3d4c RUNNING, 1 of 1 containers healthy; target healthy\n"
    );
}

#[test]
fn nothing_at_all_is_told_from_what_a_destroy_keeps() {
    let nothing = Status { state: State::Absent, resources: 0, ..healthy() };
    assert!(nothing.is_nothing());
    assert_snapshot!(plain(&text(&nothing)), @r"
    prod in account 123456789012, region eu-central-1: not running, no service
    nothing of it is there
    ");
}

/// What was measured in 24 GiB a day read, and some written, over a week.
fn io(throughput: &str, region: &str, credits: Option<Credits>) -> FileSystemIo {
    let a_day = Bytes { read: 24 << 30, written: 9_663_676_416 };
    let (since, until) = ("2026-11-22T00:00:00Z".to_owned(), "2026-11-29T18:00:00Z".to_owned());
    let measured = Measured { since, until, hours: 186, a_day, days: Vec::new(), credits };
    let mut io = FileSystemIo::new("fs-1", throughput, region, Err("not asked".into()), 0);
    let month = |currency: &str| Month { currency: currency.into(), elastic: 38.3, bursting: 0.0 };
    io.month = (region == "us-east-1").then(|| month("USD"));
    (io.measured, io.unknown) = (Some(measured), None);
    io
}

#[test]
fn what_the_file_system_reads_and_writes_and_what_that_costs() {
    let falling = Credits { left: 1 << 40, lowest: 1 << 40, days_left: Some(11.3) };
    let steady = Credits { left: 2_308_974_418_329, lowest: 2 << 40, days_left: None };
    let denied = "cloudwatch GetMetricData failed: AccessDenied: User: arn:aws:iam::1:user/op is not authorized";
    let all = [
        io("elastic", "us-east-1", None),
        io("elastic", "cn-north-1", None),
        io("bursting", "us-east-1", Some(steady)),
        io("bursting", "us-east-1", Some(falling)),
        FileSystemIo::new("fs-1", "elastic", "us-east-1", Err(denied.into()), 0),
    ];
    let said = all.map(|io| {
        let said = plain(&text(&Status { io: Some(io), ..healthy() }));
        let lines = said.lines().skip_while(|line| !line.starts_with("file system"));
        let lines: Vec<_> = lines
            .take_while(|line| !line.is_empty())
            .chain(said.lines().filter(|line| line.contains("hint")))
            .collect();
        lines.join("\n")
    });
    assert_snapshot!(said.join("\n\n"));
}
