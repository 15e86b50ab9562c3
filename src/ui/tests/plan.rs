use insta::assert_snapshot;
use serde_json::json;

use super::fixture::*;
use crate::engine::plan::{Action, Existing, Finding, Kept, Plan, Purpose, Reason, Severity};
use crate::ui::plan::{TaskSize, View, plan as render};
use crate::ui::style::plain;

fn shown(plan: &Plan) -> String {
    plain(&render(plan, &kinds(), View::default()))
}

#[test]
fn first_apply_lists_security_first() {
    let release = standing("5.0.0", "vendor-tested", "ended", "support ended 2026-01-31");
    let task = Some(TaskSize { vcpus: 8, memory_mib: 16384 });
    let view = View { task, release: Some(&release), ..View::default() };
    assert_snapshot!(plain(&render(&first_apply(), &kinds(), view)), @r"
    Plan for prod in account 123456789012, region eu-central-1
    release 5.0.0 (vendor-tested), support ended 2026-01-31

    Security (who may do what)
      + create     security-group/task

    Network
      + create     vpc/main
      + create     nat-gateway/a

    create 3, change 0, delete 0
    one Fargate task with 8 vCPU and 16 GiB of memory
    usual time: about 1m 47s along the longest chain of steps
    -v shows all values, `ce-aws plan FILE --show ADDRESS` those of one resource
    ");
}

#[test]
fn details_show_what_is_created() {
    let view = View { all: true, ..View::default() };
    assert_snapshot!(plain(&render(&first_apply(), &kinds(), view)), @r"
    Plan for prod in account 123456789012, region eu-central-1

    Security (who may do what)
      + create     security-group/task
                     vpc: (vpc/main id, known after apply)
                     ingress: [{protocol: tcp, port: 3000}]

    Network
      + create     vpc/main
      + create     nat-gateway/a

    create 3, change 0, delete 0
    usual time: about 1m 47s along the longest chain of steps
    ");
}

#[test]
fn every_reason_has_its_words() {
    let mut updates = vec![
        step("log-group/core", Action::Update, Reason::Changed),
        step("role/task", Action::Update, Reason::Drifted),
        step("security-group/task", Action::Update, Reason::Drifted),
    ];
    updates[0].changes = vec![change("retention_days", json!(30), json!(365))];
    updates[1].changes = vec![
        change(
            "policies.logs.Resource",
            json!("*"),
            json!({ "$join": ["arn:aws:efs:", { "$ref": "file-system/data", "output": "id", "need": "exists" }] }),
        ),
        change("tags.team", json!("red"), json!(null)),
    ];
    updates[2].changes = vec![change(
        "ingress",
        json!([{ "port": 3000, "from": "sg-1" }, { "port": 22, "from": "0.0.0.0/0" }]),
        json!([{ "port": 3000, "from": "sg-1" }, { "port": 8000, "from": "10.0.0.0/8" }]),
    )];
    let mut steps = updates;
    steps.extend([
        step("vpc/main", Action::Update, Reason::Unrecorded),
        step("nat-gateway/a", Action::Delete, Reason::Replaced(vec!["subnet".into()])),
        step("nat-gateway/a", Action::Create, Reason::Replaced(vec!["subnet".into()])),
        step("subnet/private-a", Action::Delete, Reason::Twin),
        step("subnet/old", Action::Delete, Reason::Unwanted),
        step("load-balancer/main", Action::Verify, Reason::Unfinished("provisioning".into())),
        step("file-system/data", Action::Restore, Reason::Recoverable),
        step("service/main", Action::Stop, Reason::OneWriter),
        step("service/main", Action::Update, Reason::Unhealthy("0 of 1 tasks run".into())),
        step("service/main", Action::Verify, Reason::Afterwards),
        step("moon-base/main", Action::Create, Reason::Missing),
    ]);
    steps[6].id = Some("subnet-2".into());
    steps[10].consequences = vec!["Cloud Exchange is away until the new task is healthy".into()];
    let mut plan = plan(Purpose::Apply, steps);
    plan.unchanged = vec![address("vpc/main")];
    assert_snapshot!(shown(&plan), @r"
    Plan for prod in account 123456789012, region eu-central-1

    Security (who may do what)
      ~ change     role/task                        drifted in AWS
                     policies.logs.Resource: * → arn:aws:efs:(file-system/data id, known after apply)
                     tags.team: red → (removed)
      ~ change     security-group/task              drifted in AWS
                     ingress: - {port: 22, from: 0.0.0.0/0}
                     ingress: + {port: 8000, from: 10.0.0.0/8}

    Network
      ~ change     vpc/main                         up to date, but its tags are not
      ! delete     nat-gateway/a                    replaced: AWS cannot change subnet in place
      ! create     nat-gateway/a                    replaced: AWS cannot change subnet in place
      ! delete     subnet/private-a                 duplicate, left by an interrupted run (subnet-2)
      ! delete     subnet/old                       no longer part of the deployment

    Storage
      + restore    file-system/data                 scheduled for deletion, and needed again

    Logs
      ~ change     log-group/core                   changed in the plan file
                     retention_days: 30 → 365

    Load balancer
        wait for   load-balancer/main               unfinished from an earlier run: provisioning

    Service
      ! stop       service/main                     the old task must be confirmed stopped before a new one starts
                     Cloud Exchange is away until the new task is healthy
      ~ change     service/main                     not healthy: 0 of 1 tasks run
        verify     service/main                     still healthy after the other changes

    Other
      + create     moon-base/main

    create 1, change 5, replace 1, restore 1, stop 1, delete 2, wait for 1, verify 1, unchanged 1
    ! marks what is deleted, replaced, stopped or unprotected
    usual time: about 1m 46s along the longest chain of steps
    ");
}

#[test]
fn destroy_shows_what_is_kept_and_what_is_lost() {
    let mut steps = vec![
        step("load-balancer/main", Action::Unprotect, Reason::Teardown),
        step("load-balancer/main", Action::Delete, Reason::Teardown),
        step("file-system/data", Action::Delete, Reason::Teardown),
    ];
    steps[0].consequences = vec!["deletion protection is taken off".into()];
    let mut plan = plan(Purpose::Destroy, steps);
    plan.kept = vec![Kept { address: address("log-group/core"), id: "/ce-aws/prod/core".into(), why: "logs".into() }];
    assert_snapshot!(shown(&plan), @r"
    Plan to destroy prod in account 123456789012, region eu-central-1

    Storage
      ! delete     file-system/data
                     holds data that cannot be recovered

    Load balancer
      ! unprotect  load-balancer/main
                     deletion protection is taken off
      ! delete     load-balancer/main

    Kept
        keep       log-group/core                   /ce-aws/prod/core, logs

    create 0, change 0, unprotect 1, delete 2, kept 1
    ! marks what is deleted, replaced, stopped or unprotected
    usual time: about 1m 46s along the longest chain of steps
    ");
}

#[test]
fn findings_stand_before_the_summary() {
    let mut plan = first_apply();
    plan.findings = vec![
        Finding {
            code: "plan/cannot-replace".into(),
            severity: Severity::Refusal,
            address: Some(address("file-system/data")),
            message: "it holds data and would have to be replaced".into(),
            hint: Some("put the old value back".into()),
        },
        Finding {
            code: "plan/open".into(),
            severity: Severity::Warning,
            address: None,
            message: "anyone may open the UI".into(),
            hint: None,
        },
    ];
    assert_snapshot!(shown(&plan), @r"
    Plan for prod in account 123456789012, region eu-central-1

    Security (who may do what)
      + create     security-group/task

    Network
      + create     vpc/main
      + create     nat-gateway/a

    refused[plan/cannot-replace]: file-system/data: it holds data and would have to be replaced
    hint: put the old value back
    warning[plan/open]: anyone may open the UI

    create 3, change 0, delete 0
    usual time: about 1m 47s along the longest chain of steps
    -v shows all values, `ce-aws plan FILE --show ADDRESS` those of one resource
    1 refusal above: fix this before applying
    ");
}

#[test]
fn nothing_to_do_says_so() {
    let mut plan = plan(Purpose::Apply, vec![]);
    plan.unchanged = vec![address("vpc/main"), address("subnet/private-a")];
    assert_snapshot!(shown(&plan), @r"
    Plan for prod in account 123456789012, region eu-central-1

    no changes: prod matches its plan file (2 resources)
    ");
    plan.purpose = Purpose::Destroy;
    assert_snapshot!(shown(&plan).lines().last().unwrap(), @"no changes: nothing of prod exists");
}

#[test]
fn hostile_values_cannot_speak_to_the_terminal() {
    let evil = "\u{1b}[2J\rno changes\n\u{202e}";
    let mut update = step("role/task", Action::Update, Reason::Unhealthy(evil.into()));
    update.changes = vec![change(evil, json!(evil), json!([evil, { evil: evil }]))];
    update.consequences = vec![evil.into()];
    let mut plan = plan(Purpose::Apply, vec![update]);
    plan.target.deployment = evil.into();
    plan.kept = vec![Kept { address: address("vpc/main"), id: evil.into(), why: evil.into() }];
    plan.findings = vec![Finding {
        code: evil.into(),
        severity: Severity::Refusal,
        address: None,
        message: evil.into(),
        hint: Some(evil.into()),
    }];
    let text = shown(&plan);
    assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("no changes")).count(), 0);
}

#[test]
fn what_the_user_brings_is_listed_as_such() {
    let existing = |what: &str, id: &str, seen: &str| Existing { what: what.into(), id: id.into(), seen: seen.into() };
    let mut plan = plan(Purpose::Apply, vec![]);
    plan.existing = vec![
        existing("vpc", "vpc-0a1b2c3d", "10.1.0.0/16"),
        existing("execution role", "arn:aws:iam::111122223333:role/ce", ""),
    ];
    let text = shown(&plan);
    let lines: Vec<_> = text.lines().filter(|line| line.contains("use ") || line.starts_with("Yours")).collect();
    assert_eq!(
        lines,
        [
            "Yours (used, and never changed)",
            "    use        vpc                    vpc-0a1b2c3d (10.1.0.0/16)",
            "    use        execution role         arn:aws:iam::111122223333:role/ce",
        ]
    );
}
