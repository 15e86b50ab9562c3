//! Differences of policies and containers, by what they mean.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::fixture::*;
use crate::engine::compare::{Change, changes};
use crate::engine::plan::{Action, Plan, Purpose, Reason};
use crate::engine::reference::{Known, Outputs};
use crate::ui::plan::{View, plan as render};
use crate::ui::style::plain;

/// The lines under the only step of a plan that changes a resource from one specification to another.
fn said(at: &str, changes: Vec<Change>, view: View<'_>) -> String {
    let mut update = step(at, Action::Update, Reason::Changed);
    update.changes = changes;
    let known = Known::from_iter([
        (
            address("log-group/task"),
            Outputs::from([("arn".into(), "arn:aws:logs:eu-central-1:123456789012:log-group:/ce".into())]),
        ),
        (
            address("secret/credentials"),
            Outputs::from([("arn".into(), "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ce-1".into())]),
        ),
    ]);
    let plan = Plan { known, ..plan(Purpose::Apply, vec![update]) };
    let text = plain(&render(&plan, &kinds(), view));
    let lines = text.lines().filter_map(|line| line.strip_prefix("                 "));
    lines.collect::<Vec<_>>().join("\n")
}

fn reference(address: &str) -> Value {
    json!({ "$ref": address, "output": "arn", "need": "exists" })
}

fn pull(id: &str, repositories: Value) -> Value {
    let actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    json!({ "Sid": id, "Effect": "Allow", "Action": actions, "Resource": repositories })
}

#[test]
fn of_an_upgrade_s_role_only_the_repositories_differ() {
    let repositories = |names: [&str; 2]| json!(names.map(|name| format!("arn:aws:ecr:us-east-1:1:repository/{name}")));
    let live = json!([
        { "Sid": "WriteLogs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
          "Resource": "arn:aws:logs:eu-central-1:123456789012:log-group:/ce:*" },
        { "Sid": "ReadSecret", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
          "Resource": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ce-1" },
        { "Sid": "LogInToRegistries", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*" },
        pull("PullImages", repositories(["core4", "ui4"])),
    ]);
    let wanted = json!([
        { "Sid": "WriteLogs", "Effect": "Allow", "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
          "Resource": { "$join": [reference("log-group/task"), ":*"] } },
        { "Sid": "ReadSecret", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"],
          "Resource": [reference("secret/credentials")] },
        { "Sid": "LogInToRegistries", "Effect": "Allow", "Action": "ECR:getAuthorizationToken", "Resource": ["*"] },
        pull("PullImages", repositories(["ui5", "core4"])),
        { "Sid": "ReadProxySecret", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
          "Resource": reference("secret/proxy") },
        pull("PullImagesBefore", json!("arn:aws:ecr:us-east-1:1:repository/ui4")),
    ]);
    let said = said("role/execution", vec![change("inline.own.Statement", live, wanted)], View::default());
    assert_snapshot!(said, @r"
    inline.own PullImages: - resource arn:aws:ecr:us-east-1:1:repository/ui4
    inline.own PullImages: + resource arn:aws:ecr:us-east-1:1:repository/ui5
    inline.own + ReadProxySecret: Allow secretsmanager:GetSecretValue on (secret/proxy arn, known after apply)
    inline.own + PullImagesBefore: Allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer on arn:aws:ecr:us-east-1:1:repository/ui4
    ");
}

#[test]
fn one_meaning_written_in_two_ways_is_no_difference() {
    let root = |principal: Value| {
        json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole",
                "Condition": { "Bool": { "aws:SecureTransport": ["true"] } } })
    };
    let (live, wanted) = (root(json!("arn:aws:iam::123456789012:root")), root(json!(["123456789012"])));
    let trust = vec![change("trust.Statement", json!([live]), json!([wanted]))];
    assert_snapshot!(said("role/task", trust, View::default()), @"trust: same permissions, written differently");
}

#[test]
fn conditions_principals_and_effects_are_compared_one_by_one() {
    let statement = |effect: &str, service: &str, account: &str| {
        json!([{ "Sid": "A", "Effect": effect, "Principal": { "Service": service }, "Action": "sts:AssumeRole",
                 "Condition": { "StringEquals": { "aws:SourceAccount": account },
                                "ArnLike": { "aws:SourceArn": "arn:x" } } }])
    };
    let changes = vec![
        change(
            "trust.Statement",
            statement("Allow", "ecs.amazonaws.com", "1"),
            statement("Deny", "ecs-tasks.amazonaws.com", "2"),
        ),
        change(
            "inline.extra",
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } }),
            json!(null),
        ),
        change(
            "inline.odd.Statement",
            json!("no JSON"),
            json!([{ "Sid": "B", "Effect": "Allow", "Action": "a:b", "Resource": "*" }]),
        ),
    ];
    assert_snapshot!(said("role/task", changes, View::default()), @r"
    trust A: - effect Allow
    trust A: + effect Deny
    trust A: - principal Service ecs.amazonaws.com
    trust A: + principal Service ecs-tasks.amazonaws.com
    trust A: - condition StringEquals aws:SourceAccount = 1
    trust A: + condition StringEquals aws:SourceAccount = 2
    inline.extra - (no Sid): Allow s3:* on *
    inline.odd.Statement: no JSON → [{Sid: B, Effect: Allow, Action: a:b, Resource: *}]
    ");
}

fn container(image: &str) -> Value {
    json!({
        "image": image, "essential": true, "entry_point": [], "command": ["run"], "ports": [3000],
        "depends_on": { "mongodb-primary": "HEALTHY" },
        "mounts": { "/data": { "volume": "mongo-data", "read_only": false } },
        "environment": { "CORE_LOG": "info", "GOES": "1" }, "secrets": {},
    })
}

#[test]
fn a_task_definition_is_compared_container_by_container() {
    let (digest, other) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let mut core = container("netskopetechnicalalliances/core5.0.0");
    core["digest"] = json!(digest);
    let live = json!({ "cpu": 4096, "containers": { "core": core, "ui": container("ui4"), "old": container("old") } });
    core["image"] = json!("netskopetechnicalalliances/core5.1.2");
    core["digest"] = json!(other);
    core["environment"] = json!({ "CORE_LOG": "debug", "HTTPS_PROXY": "http://proxy.corp:3128" });
    core["secrets"] = json!({ "MONGO_PASSWORD": { "secret": reference("secret/credentials"), "key": "password" } });
    core["mounts"]["/certs"] = json!({ "volume": "certs", "read_only": true });
    core["command"] = json!(["run", "--fast"]);
    let wanted =
        json!({ "cpu": 8192, "containers": { "core": core, "ui": container("ui4"), "new": container("new") } });
    let changes = changes(&live, &wanted);
    assert_snapshot!(said("task-definition/main", changes.clone(), View::default()), @r"
    cpu: 4096 → 8192
    core image netskopetechnicalalliances/core5.0.0 → netskopetechnicalalliances/core5.1.2
    core command: + --fast
    core + mount /certs: certs, read-only
    core ~ env CORE_LOG: info → debug
    core + env HTTPS_PROXY=http://proxy.corp:3128
    core - env GOES=1
    core + secret env MONGO_PASSWORD: arn:aws:secretsmanager:eu-central-1:123456789012:secret:ce-1 key password
    core digest sha256:aaaaaaaaaaaa → sha256:bbbbbbbbbbbb
    + container new, image new
    - container old, image old
    ");
    let all = said("task-definition/main", changes, View::of(true));
    assert!(all.contains(&format!("core digest {digest} → {other}")), "{all}");
    assert!(all.contains("new + env CORE_LOG=info") && all.contains("new + mount /data: mongo-data"), "{all}");
}
