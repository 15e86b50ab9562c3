//! Whether names are free.

use insta::assert_snapshot;
use serde_json::json;

use crate::checks::names::{given, names};
use crate::engine::address::Address;
use crate::engine::plan::{Action, Severity};
use crate::existing::account::names::{Holder, Name, Other};

use super::samples::{codes, plan, step, text};

fn name(kind: &str, of: &str, name: &str) -> Name {
    Name { address: Address::new(kind, of), name: name.to_owned(), place: String::new() }
}

fn other(id: &str, deployment: Option<&str>) -> Holder {
    Holder::Other(Other { id: id.to_owned(), deployment: deployment.map(str::to_owned), is_deleted: false })
}

#[test]
fn names_that_are_free_or_belong_to_the_deployment_have_no_finding() {
    let held = [Holder::Nobody, Holder::Ours].map(|holder| (name("role", "task", "ce-prod-eu-west-1-task"), holder));
    assert!(names(&held, "prod").is_empty());
}

#[test]
fn names_of_others_are_refused_with_a_hint() {
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ce-aws/prod/credentials-AbCdEf";
    let deleted = Other { id: arn.to_owned(), deployment: None, is_deleted: true };
    let findings = names(
        &[
            (name("bucket", "alb-logs", "ce-prod-111122223333-eu-west-1-alb-logs"), other("", None)),
            (name("log-group", "task", "/ce-aws/prod/task"), other("/ce-aws/prod/task", None)),
            (
                name("cluster", "main", "ce-prod"),
                other("arn:aws:ecs:eu-west-1:111122223333:cluster/ce-prod", Some("old")),
            ),
            (name("secret", "credentials", "ce-aws/prod/credentials"), Holder::Other(deleted)),
        ],
        "prod",
    );
    assert_eq!(codes(&findings), ["name/taken"; 4]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Refusal));
    assert_snapshot!("name_taken", text(&findings));
}

#[test]
fn names_that_could_not_be_checked_are_one_finding() {
    let unknown = |why: &str| Holder::Unknown(why.to_owned());
    let findings = names(
        &[
            (name("role", "task", "ce-prod-eu-west-1-task"), unknown("iam GetRole failed: AccessDenied: no")),
            (name("cluster", "main", "ce-prod"), unknown("ecs DescribeClusters failed: AccessDeniedException: no")),
        ],
        "prod",
    );
    assert_eq!(codes(&findings), ["name/not-checked"]);
    assert_snapshot!("name_not_checked", text(&findings));
}

#[test]
fn only_new_unique_names_are_checked() {
    let reference = json!({ "$ref": "vpc/main", "output": "id", "need": "exists" });
    let mut there = step("cluster/main", json!({ "name": "ce-prod" }));
    there.action = Action::Update;
    let given = given(&plan(vec![
        there,
        step("vpc/main", json!({ "cidr": "10.0.0.0/16" })),
        step("task-definition/main", json!({ "family": "ce-prod" })),
        step("role/task", json!({ "name": "ce-prod-eu-west-1-task" })),
        step("file-system/main", json!({ "creation_token": "ce-aws-prod-main" })),
        step("security-group/task", json!({ "name": "ce-prod-task", "vpc": reference })),
        step("security-group/file-system", json!({ "name": "ce-prod-file-system", "vpc": "vpc-07" })),
    ]));
    let given: Vec<_> = given.iter().map(|name| (name.name.as_str(), name.place.as_str())).collect();
    assert_eq!(given, [("ce-prod-eu-west-1-task", ""), ("ce-aws-prod-main", ""), ("ce-prod-file-system", "vpc-07")]);
}
