//! Checks of existing IAM roles and policies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::plan::Finding;
use crate::existing::Named;
use crate::existing::identity::{BACKUP, Lack, Policy, Role, TASKS};

use super::finding::{BACKUP_ROLE, EXECUTION_ROLE, POLICY, ResourceKind, TASK_ROLE, refusal, warning};

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// For the containers.
    Task,
    /// For ECS, before the containers start.
    Execution,
    /// For AWS Backup.
    Backup,
}

impl Which {
    fn kind(self) -> ResourceKind {
        match self {
            Self::Task => TASK_ROLE,
            Self::Execution => EXECUTION_ROLE,
            Self::Backup => BACKUP_ROLE,
        }
    }

    /// The service that assumes it, and in words.
    fn user(self) -> (&'static str, &'static str) {
        if self == Self::Backup { (BACKUP, "AWS Backup") } else { (TASKS, "ECS tasks") }
    }
}

/// Checks a role for ECS tasks or for AWS Backup.
pub fn role(named: &Named<Role>, which: Which) -> Vec<Finding> {
    let kind = which.kind();
    kind.check(named, |role| {
        let words = format!("the {} {}", kind.words, role.arn);
        let findings = [
            trust(role, &words, which),
            permissions(role, &words),
            session_key(role, &words),
            not_checked(role, &words, which),
        ];
        findings.into_iter().flatten().collect()
    })
}

fn trust(role: &Role, words: &str, which: Which) -> Option<Finding> {
    let (service, who) = which.user();
    let statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    (!role.trusts(service)).then_some(refusal(
        "role/trust",
        format!("{words} does not trust {service}, so {who} could not assume it"),
        format!("add this statement to its trust policy: {statement}"),
    ))
}

fn permissions(role: &Role, words: &str) -> Option<Finding> {
    (!role.lacks.is_empty()).then(|| {
        let mut message = format!("{words} lacks permissions: {}", listed(&role.lacks));
        let omitted = omitted(&role.lacks);
        if !omitted.is_empty() {
            message.push_str(&format!(". The role policy in the vendor's README omits {}", omitted.join(" and ")));
        }
        refusal("role/permissions", message, format!("add these statements to its policy: {}", statements(&role.lacks)))
    })
}

/// Only a warning: Cloud Exchange runs without it, and the simulator does not know the key's own policy.
fn session_key(role: &Role, words: &str) -> Option<Finding> {
    (!role.session_lacks.is_empty()).then(|| {
        warning(
            "role/session-key",
            format!("as far as IAM can simulate, {words} lacks a permission: {}", listed(&role.session_lacks)),
            format!(
                "without it no command can be run in the containers; if the key's own policy does not allow it, add \
                 this statement to the role's: {}",
                statements(&role.session_lacks)
            ),
        )
    })
}

fn not_checked(role: &Role, words: &str, which: Which) -> Option<Finding> {
    if let Some(why) = &role.unknown {
        return Some(warning(
            "role/not-checked",
            format!("the permissions of {words} could not be checked: {why}"),
            format!(
                "grant the caller iam:SimulatePrincipalPolicy on it, or check yourself that it has: {}",
                listed(&role.depends)
            ),
        ));
    }
    (!role.depends.is_empty()).then_some(warning(
        "role/not-checked",
        format!("some permissions of {words} depend on conditions in its policies: {}", listed(&role.depends)),
        format!("make sure that the conditions hold for {}", which.user().1),
    ))
}

/// `a, b on arn (to do something); …`.
fn listed(lacks: &[Lack]) -> String {
    let mut groups = BTreeMap::<(&str, &str), Vec<&str>>::new();
    for lack in lacks {
        groups.entry((&lack.resource, &lack.purpose)).or_default().push(&lack.action);
    }
    let one = |((resource, purpose), actions): ((&str, &str), Vec<&str>)| {
        format!("{} on {resource} (to {purpose})", actions.join(", "))
    };
    groups.into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Those of the missing permissions that the role policy in the vendor's README omits. Source: vendor's README, CE
/// 5.0.0, policy of the existing ECS task role.
fn omitted(lacks: &[Lack]) -> Vec<&'static str> {
    let lacks = |prefix: &str| lacks.iter().any(|lack| lack.action.starts_with(prefix));
    let known = ["secretsmanager:GetSecretValue", "ssmmessages:"];
    let shown = ["secretsmanager:GetSecretValue", "ssmmessages:*"];
    known.iter().zip(shown).filter(|(prefix, _)| lacks(prefix)).map(|(_, shown)| shown).collect()
}

/// One statement for each set of resources that lack the same actions.
fn statements(lacks: &[Lack]) -> Value {
    let mut by_resource = BTreeMap::<&str, Vec<&str>>::new();
    for lack in lacks {
        let actions = by_resource.entry(&lack.resource).or_default();
        if !actions.contains(&lack.action.as_str()) {
            actions.push(&lack.action);
        }
    }
    let mut by_actions = BTreeMap::<Vec<&str>, Vec<&str>>::new();
    for (resource, mut actions) in by_resource {
        actions.sort_unstable();
        by_actions.entry(actions).or_default().push(resource);
    }
    let statement = |(actions, resources)| json!({ "Effect": "Allow", "Action": actions, "Resource": resources });
    let mut all: Vec<_> = by_actions.into_iter().map(statement).collect();
    if all.len() == 1 { all.remove(0) } else { Value::Array(all) }
}

/// Checks a policy to attach, or the permissions boundary.
pub fn policy(named: &Named<Policy>) -> Vec<Finding> {
    POLICY.found(named).err().into_iter().collect()
}
