//! Keys and secrets.

use insta::assert_snapshot;

use crate::checks::storage::{key, secret};
use crate::engine::plan::Finding;
use crate::existing::storage::{Key, Secret};

use super::samples::{codes, denied, missing, named, text};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ce-AbCdEf";

fn key_with(state: &str, spec: &str, usage: &str) -> Vec<Finding> {
    let live = Key {
        arn: KEY.to_owned(),
        state: state.to_owned(),
        spec: spec.to_owned(),
        usage: usage.to_owned(),
        ..Key::default()
    };
    key(&named("alias/files", live))
}

fn secret_with(is_deleted: bool, key: Option<&str>) -> Vec<Finding> {
    let live = Secret { arn: SECRET.to_owned(), name: "ce".to_owned(), is_deleted, key: key.map(str::to_owned) };
    secret(&named(SECRET, live))
}

#[test]
fn usable_keys_and_secrets_have_no_finding() {
    assert!(key_with("Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT").is_empty());
    assert!(secret_with(false, None).is_empty());
}

#[test]
fn a_key_that_efs_cannot_use_is_refused() {
    let mut findings = key_with("Disabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT");
    findings.extend(key_with("PendingDeletion", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"));
    findings.extend(key_with("Enabled", "RSA_2048", "ENCRYPT_DECRYPT"));
    findings.extend(key_with("Enabled", "HMAC_256", "GENERATE_VERIFY_MAC"));
    assert_eq!(codes(&findings), ["key/disabled", "key/disabled", "key/wrong-kind", "key/wrong-kind"]);
    assert_snapshot!("key_unusable", text(&findings[..3]));
}

#[test]
fn a_deleted_secret_is_refused() {
    let findings = secret_with(true, Some(KEY));
    assert_eq!(codes(&findings), ["secret/deleted"]);
    assert_snapshot!("secret_deleted", text(&findings));
}

#[test]
fn a_customer_managed_key_of_a_secret_is_a_warning() {
    let findings = secret_with(false, Some(KEY));
    assert_eq!(codes(&findings), ["secret/other-key"]);
    assert_snapshot!("secret_other_key", text(&findings));
}

#[test]
fn missing_resources_are_refused_and_unreadable_ones_are_not() {
    let answer = |call: &str| format!("{call} failed: AccessDeniedException: User: ops is not authorized");
    let mut findings = key(&missing("alias/files"));
    findings.extend(key(&denied("alias/files", &answer("kms DescribeKey"))));
    findings.extend(secret(&missing(SECRET)));
    findings.extend(secret(&denied(SECRET, &answer("secretsmanager DescribeSecret"))));
    assert_eq!(codes(&findings), ["key/not-found", "key/denied", "secret/not-found", "secret/denied"]);
    assert_snapshot!("storage_unknown", text(&findings));
}

#[test]
fn a_key_that_expires_or_is_aws_managed_is_a_warning() {
    let usable = Key {
        arn: KEY.to_owned(),
        state: "Enabled".to_owned(),
        spec: "SYMMETRIC_DEFAULT".to_owned(),
        usage: "ENCRYPT_DECRYPT".to_owned(),
        ..Key::default()
    };
    let theirs = Key { is_aws_managed: true, ..usable.clone() };
    let mut findings = key(&named("alias/aws/s3", theirs.clone()));
    findings.extend(key(&named("alias/files", Key { valid_to: Some(1), ..usable })));
    assert_eq!(codes(&findings), ["key/aws-managed", "key/expires"]);
    assert_eq!(key(&named("alias/aws/elasticfilesystem", theirs)), []);
    assert_snapshot!("key_doubtful", text(&findings));
}
