//! Checks of existing keys and secrets.

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::contents::{Content, Fault, Faulty};
use crate::existing::storage::{Key, Secret};

use super::finding::{KEY, SECRET, refusal, warning};

/// Checks the key of a new file system. Source: Amazon EFS user guide, "Data encryption in Amazon EFS".
pub fn key(named: &Named<Key>) -> Vec<Finding> {
    KEY.check(named, |key| usable_key(key, &named.name))
}

/// `name`: how the plan file names it.
fn usable_key(key: &Key, name: &str) -> Vec<Finding> {
    let Key { arn, state, spec, usage, .. } = key;
    let mut findings = Vec::new();
    if state != "Enabled" {
        let hint = match state.as_str() {
            "Disabled" => format!("enable it: aws kms enable-key --key-id {arn}"),
            "PendingDeletion" => {
                format!("name another key; or run aws kms cancel-key-deletion --key-id {arn} and enable it")
            }
            _ => "wait until it is Enabled, or name another key".to_owned(),
        };
        let message = format!("the KMS key {arn} is {state}, not Enabled, so EFS cannot use it");
        findings.push(refusal("key/disabled", message, hint));
    }
    if spec != "SYMMETRIC_DEFAULT" || usage != "ENCRYPT_DECRYPT" {
        let message =
            format!("the KMS key {arn} is {spec} for {usage}; EFS needs SYMMETRIC_DEFAULT for ENCRYPT_DECRYPT");
        findings.push(refusal(
            "key/wrong-kind",
            message,
            "name a symmetric encryption key, or none: EFS then uses aws/elasticfilesystem",
        ));
    }
    if key.is_aws_managed && !name.ends_with("alias/aws/elasticfilesystem") {
        findings.push(warning(
            "key/aws-managed",
            format!("the KMS key {arn} is an AWS managed key, which serves one service only"),
            "name a customer managed key, or none: EFS then uses aws/elasticfilesystem",
        ));
    }
    if key.valid_to.is_some() {
        findings.push(warning(
            "key/expires",
            format!("the imported material of the KMS key {arn} expires; after that the file system cannot be read"),
            "import it without an expiry, or name a key with material from AWS",
        ));
    }
    findings
}

/// Checks a secret that the task or ce-aws reads.
pub fn secret(named: &Named<Secret>) -> Vec<Finding> {
    SECRET.check(named, usable_secret)
}

fn usable_secret(secret: &Secret) -> Vec<Finding> {
    let Secret { arn, is_deleted, key, .. } = secret;
    if *is_deleted {
        return vec![refusal(
            "secret/deleted",
            format!("the secret {arn} is scheduled for deletion and cannot be read"),
            format!("restore it: aws secretsmanager restore-secret --secret-id {arn}"),
        )];
    }
    let key = key.iter().map(|key| {
        warning(
            "secret/other-key",
            format!(
                "the secret {arn} is encrypted with the KMS key {key}, which your execution role must be able to use"
            ),
            "grant your execution role kms:Decrypt on that key, in its policy and in the key's",
        )
    });
    key.collect()
}

/// A secret whose content is wrong or could not be read. Only credentials that `apply` is about to copy are needed; the
/// others are read by ECS, which may have permissions that the caller lacks. `applies`: `apply` is about to read them.
pub fn content(faulty: &Faulty, applies: bool) -> Finding {
    let Faulty { arn, content, fault } = faulty;
    match fault {
        Fault::Unusable { why, hint } => {
            refusal("secret/content", format!("the secret {arn} cannot be used: {why}"), hint.clone())
        }
        Fault::Unread(why) => {
            let needed = applies && *content == Content::Credentials;
            let message = format!("the content of the secret {arn} could not be checked: {why}");
            let reason = match content {
                Content::Credentials => "apply copies the credentials from it",
                Content::Proxy | Content::Certificates => "if the content is wrong, no task starts",
            };
            let hint =
                format!("grant the caller secretsmanager:GetSecretValue on it, and kms:Decrypt with its key: {reason}");
            Finding {
                severity: if needed { Severity::Refusal } else { Severity::Warning },
                ..warning("secret/not-checked", message, hint)
            }
        }
    }
}
