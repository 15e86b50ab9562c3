//! Roles and policies.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::checks::identity::{Which, policy, role};
use crate::engine::plan::Severity;
use crate::existing::identity::{BACKUP, Lack, Role, TASKS};

use super::samples::{codes, denied, missing, named, text};

const ARN: &str = "arn:aws:iam::111122223333:role/apps/cloud-exchange";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ce-aws/prod/credentials-*";

fn trusting(principal: Value) -> Value {
    json!({ "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }] })
}

fn good() -> Role {
    Role {
        arn: ARN.to_owned(),
        name: "cloud-exchange".to_owned(),
        trust: trusting(json!({ "Service": TASKS })),
        ..Role::default()
    }
}

fn lack(action: &str, resource: &str, purpose: &str) -> Lack {
    Lack { action: action.to_owned(), resource: resource.to_owned(), purpose: purpose.to_owned() }
}

#[test]
fn a_role_with_trust_and_permissions_is_fine() {
    assert!(role(&named(ARN, good()), Which::Task).is_empty());
    let among = Role { trust: trusting(json!({ "Service": ["ec2.amazonaws.com", TASKS] })), ..good() };
    assert!(role(&named(ARN, among), Which::Execution).is_empty());
}

#[test]
fn a_task_role_that_cannot_decrypt_sessions_is_a_warning() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let purpose = "decrypt the sessions of the cluster shared";
    let without = Role { session_lacks: vec![lack("kms:Decrypt", key, purpose)], ..good() };
    let findings = role(&named(ARN, without), Which::Task);
    assert_eq!((codes(&findings).join(" "), findings[0].severity), ("role/session-key".to_owned(), Severity::Warning));
    assert_snapshot!("role_session_key", text(&findings));
}

#[test]
fn a_backup_role_must_trust_aws_backup() {
    let refused = role(&named(ARN, good()), Which::Backup);
    assert_eq!(codes(&refused), ["role/trust"]);
    assert!(refused[0].message.contains("AWS Backup could not assume it"), "{}", refused[0].message);
    let trusted = Role { trust: trusting(json!({ "Service": BACKUP })), ..good() };
    assert!(role(&named(ARN, trusted), Which::Backup).is_empty());
}

#[test]
fn a_role_that_ecs_may_not_assume_is_refused() {
    let mut denied = trusting(json!({ "Service": TASKS }));
    let deny = json!({ "Effect": "Deny", "Principal": { "Service": TASKS }, "Action": "sts:*" });
    denied["Statement"].as_array_mut().unwrap().push(deny);
    let mut tagging = trusting(json!({ "Service": TASKS }));
    tagging["Statement"][0]["Action"] = json!("sts:TagSession");
    let others = [
        trusting(json!({ "Service": "lambda.amazonaws.com" })),
        trusting(json!({ "AWS": "arn:aws:iam::111122223333:root" })),
        denied,
        tagging,
        Value::Null,
    ];
    let of = |trust: Value| role(&named(ARN, Role { trust, ..good() }), Which::Task);
    let findings: Vec<_> = others.into_iter().flat_map(of).collect();
    assert_eq!(codes(&findings), ["role/trust"; 5]);
    assert_snapshot!("role_trust", text(&findings[..1]));
}

#[test]
fn missing_permissions_are_refused_and_listed() {
    let execution = Role {
        lacks: vec![
            lack("secretsmanager:GetSecretValue", SECRET, "read the credentials"),
            lack(
                "logs:CreateLogStream",
                "arn:aws:logs:eu-west-1:111122223333:log-group:/ce-aws/prod/task:*",
                "write logs",
            ),
            lack(
                "logs:PutLogEvents",
                "arn:aws:logs:eu-west-1:111122223333:log-group:/ce-aws/prod/task:*",
                "write logs",
            ),
        ],
        ..good()
    };
    let task = Role {
        lacks: vec![
            lack("ssmmessages:CreateControlChannel", "*", "serve ECS Exec"),
            lack("ssmmessages:OpenControlChannel", "*", "serve ECS Exec"),
        ],
        ..good()
    };
    let mut findings = role(&named(ARN, execution), Which::Execution);
    findings.extend(role(&named(ARN, task), Which::Task));
    assert_eq!(codes(&findings), ["role/permissions"; 2]);
    assert_snapshot!("role_permissions", text(&findings));
    let logs = Role { lacks: vec![lack("logs:PutLogEvents", "*", "write logs")], ..good() };
    assert!(!role(&named(ARN, logs), Which::Task)[0].message.contains("README"));
}

#[test]
fn permissions_that_cannot_be_simulated_are_a_warning() {
    let why = "iam SimulatePrincipalPolicy failed: AccessDenied: User: ops is not authorized".to_owned();
    let depends =
        Role { depends: vec![lack("secretsmanager:GetSecretValue", SECRET, "read the credentials")], ..good() };
    let unknown = Role { unknown: Some(why), ..depends.clone() };
    let mut findings = role(&named(ARN, unknown), Which::Execution);
    findings.extend(role(&named(ARN, depends), Which::Execution));
    assert_eq!(codes(&findings), ["role/not-checked"; 2]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_snapshot!("role_not_checked", text(&findings));
}

#[test]
fn a_missing_role_or_policy_is_refused_and_an_unreadable_one_is_a_warning() {
    let mut findings = role(&missing(ARN), Which::Task);
    findings.extend(role(&denied(ARN, "iam GetRole failed: AccessDenied: User: ops is not authorized"), Which::Task));
    findings.extend(policy(&missing("arn:aws:iam::111122223333:policy/boundary")));
    assert_eq!(codes(&findings), ["role/not-found", "role/denied", "policy/not-found"]);
    assert_snapshot!("identity_unknown", text(&findings));
}
