//! Keys and secrets of the user's.

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::contents::{Content, Fault, Faulty};
use crate::existing::storage::{Key, Secret};

use super::finding::{Thing, refusal, warning};

const KEY: Thing = Thing {
    code: "key",
    words: "KMS key",
    shown_by: "aws kms list-aliases",
    actions: "kms:DescribeKey",
    denied: Severity::Warning,
};

const SECRET: Thing = Thing {
    code: "secret",
    words: "secret",
    shown_by: "aws secretsmanager list-secrets",
    actions: "secretsmanager:DescribeSecret",
    denied: Severity::Warning,
};

/// The key of the new file system. Source of what EFS can use: Amazon EFS user guide, "Data encryption in Amazon EFS".
pub fn key(named: &Named<Key>) -> Vec<Finding> {
    let key = match KEY.found(named) {
        Ok(key) => key,
        Err(finding) => return vec![finding],
    };
    let Key { arn, state, spec, usage, .. } = key;
    let mut findings = Vec::new();
    if state != "Enabled" {
        let hint = match state.as_str() {
            "Disabled" => format!("aws kms enable-key --key-id {arn}"),
            "PendingDeletion" => {
                format!("name another key; or aws kms cancel-key-deletion --key-id {arn}, and enable it")
            }
            _ => "wait until it is Enabled, or name another key".to_owned(),
        };
        let message = format!("the KMS key {arn} is {state}, not Enabled: EFS can encrypt nothing with it");
        findings.push(refusal("key/disabled", message, hint));
    }
    if spec != "SYMMETRIC_DEFAULT" || usage != "ENCRYPT_DECRYPT" {
        let message =
            format!("the KMS key {arn} is {spec} for {usage}: EFS uses symmetric keys for ENCRYPT_DECRYPT only");
        findings.push(refusal(
            "key/wrong-kind",
            message,
            "name a symmetric encryption key, or none: EFS has one of AWS's",
        ));
    }
    if key.is_aws_managed && !named.name.ends_with("alias/aws/elasticfilesystem") {
        findings.push(warning(
            "key/aws-managed",
            format!("the KMS key {arn} is one of AWS's own, and each of those serves one service only"),
            "name a key of your own, or none: EFS has aws/elasticfilesystem",
        ));
    }
    if key.valid_to.is_some() {
        findings.push(warning(
            "key/expires",
            format!("the imported material of the KMS key {arn} expires: from then on nobody can read the file system"),
            "import it without an end, or name a key whose material AWS has made",
        ));
    }
    findings
}

/// A secret that the task, or ce-aws, is to read.
pub fn secret(named: &Named<Secret>) -> Vec<Finding> {
    let secret = match SECRET.found(named) {
        Ok(secret) => secret,
        Err(finding) => return vec![finding],
    };
    let Secret { arn, is_deleted, key, .. } = secret;
    if *is_deleted {
        return vec![refusal(
            "secret/deleted",
            format!("the secret {arn} is marked for deletion: nobody can read it"),
            format!("aws secretsmanager restore-secret --secret-id {arn}"),
        )];
    }
    let key = key.iter().map(|key| {
        warning(
            "secret/other-key",
            format!("the secret {arn} is encrypted with the KMS key {key}: whoever reads it needs that key too"),
            "see that the key's policy, and the execution role, allow kms:Decrypt with it",
        )
    });
    key.collect()
}

/// Secrets whose content cannot be used. Without the credentials there is nothing to begin with; what ECS reads, it may be
/// able to read where we are not. `applies` says that they are about to be read.
pub fn content(faulty: &Faulty, applies: bool) -> Finding {
    let Faulty { arn, content, fault } = faulty;
    match fault {
        Fault::Unusable { why, hint } => {
            refusal("secret/content", format!("the secret {arn} cannot be used: {why}"), hint.clone())
        }
        Fault::Unread(why) => {
            let needed = applies && *content == Content::Credentials;
            let message = format!("the content of the secret {arn} cannot be checked: {why}");
            let hint = match content {
                Content::Credentials => {
                    "allow secretsmanager:GetSecretValue, and kms:Decrypt with its key, to whoever runs ce-aws: apply copies \
                     the credentials out of it"
                }
                Content::Proxy | Content::Certificates => {
                    "allow secretsmanager:GetSecretValue, and kms:Decrypt with its key, to whoever runs ce-aws; if the \
                     content is wrong, no task starts"
                }
            };
            Finding {
                severity: if needed { Severity::Refusal } else { Severity::Warning },
                ..warning("secret/not-checked", message, hint)
            }
        }
    }
}
