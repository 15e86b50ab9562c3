//! What is created, counted and with its values.

use insta::assert_snapshot;
use serde_json::json;

use super::fixture::*;
use crate::engine::plan::{Action, Plan, Purpose, Reason, Step};
use crate::kinds::registry;
use crate::ui::plan::{View, plan as render};
use crate::ui::style::plain;

/// All resources of a deployment in a new VPC.
const ALL: [(&str, &[&str]); 32] = [
    ("service-linked-role", &["ecs", "elasticloadbalancing"]),
    ("bucket", &["access-logs", "alb-logs"]),
    ("log-group", &["flow", "task"]),
    ("secret", &["credentials"]),
    ("file-system", &["main"]),
    (
        "access-point",
        &[
            "certificate",
            "custom-plugins",
            "mongo-data",
            "mongo-init",
            "rabbitmq",
            "rabbitmq-data",
            "repos",
            "ssl-certs",
        ],
    ),
    ("role", &["execution", "flow-log", "task"]),
    ("file-system-policy", &["main"]),
    ("cluster", &["main"]),
    ("task-definition", &["main"]),
    ("vpc", &["main"]),
    ("flow-log", &["vpc"]),
    ("internet-gateway", &["main"]),
    ("security-group", &["file-system", "load-balancer", "task"]),
    ("subnet", &["private-a"]),
    ("mount-target", &["private-a"]),
    ("subnet", &["private-b"]),
    ("load-balancer", &["main"]),
    ("mount-target", &["private-b"]),
    ("subnet", &["public-a"]),
    ("elastic-ip", &["a"]),
    ("nat-gateway", &["a"]),
    ("route-table", &["private-a"]),
    ("subnet", &["public-b"]),
    ("elastic-ip", &["b"]),
    ("nat-gateway", &["b"]),
    ("route-table", &["private-b", "public"]),
    ("target-group", &["ui"]),
    ("listener", &["http"]),
    ("service", &["main"]),
    ("default-network-acl", &["main"]),
    ("default-security-group", &["main"]),
];

fn create() -> Plan {
    let addresses = ALL.iter().flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}/{name}")));
    let mut steps: Vec<Step> = addresses.map(|at| step(&at, Action::Create, Reason::Missing)).collect();
    for step in &mut steps {
        step.spec = match step.address.as_str() {
            "subnet/private-a" => json!({
                "vpc": { "$ref": "vpc/main", "output": "id", "need": "exists" },
                "cidr": "172.16.1.0/24", "zone": "eu-central-1a", "public": false,
            }),
            "role/task" => json!({
                "name": "ce-prod-eu-central-1-task",
                "trust": { "Version": "2012-10-17", "Statement": [{
                    "Sid": "ThisAccountOnly", "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                    "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } } }] },
                "inline": { "own": { "Version": "2012-10-17", "Statement": [{
                    "Sid": "MountFileSystem", "Effect": "Allow",
                    "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                    "Resource": { "$ref": "file-system/main", "output": "arn", "need": "exists" } }] } },
                "boundary": null,
            }),
            _ => json!({}),
        };
    }
    plan(Purpose::Apply, steps)
}

#[test]
fn what_is_created_is_counted_by_kind() {
    let plan = create();
    assert_eq!(plan.steps.len(), 47);
    let view = View { cost: Some("about 395 USD a month in eu-central-1 at list price"), ..View::default() };
    assert_snapshot!(plain(&render(&plan, &registry::facts(), view)));
}

#[test]
fn values_are_shown_where_they_are_asked_for() {
    let show = [address("subnet/private-a"), address("role/task")];
    let text = plain(&render(&create(), &registry::facts(), View { show: &show, ..View::default() }));
    assert!(text.contains("  + create     3 subnets                        private-b, public-a, public-b\n"), "{text}");
    let of = |address: &str| {
        let mut lines = text.lines().skip_while(|line| !line.contains(address));
        let first = lines.next().into_iter();
        first.chain(lines.take_while(|line| line.starts_with("         "))).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(of("subnet/private-a"));
    assert_snapshot!(of("role/task"));
    let all = plain(&render(&create(), &registry::facts(), View::of(true)));
    assert_eq!(all.lines().filter(|line| line.starts_with("  + create  ")).count(), 47);
    assert!(all.contains("cidr: 172.16.1.0/24") && !all.contains("--show"), "{all}");
}

#[test]
fn what_puts_something_at_risk_is_not_counted_away() {
    let mut plan = create();
    for step in plan.steps.iter_mut().filter(|step| step.address.kind() == "subnet") {
        step.reason = Reason::Replaced(vec!["cidr".to_owned()]);
    }
    plan.steps[0].consequences = vec!["lets ECS act in this account".to_owned()];
    let text = plain(&render(&plan, &registry::facts(), View::default()));
    assert_eq!(text.matches("! create     subnet/").count(), 4);
    assert!(text.contains("+ create     service-linked-role/ecs\n"), "{text}");
}
