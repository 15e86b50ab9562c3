//! IAM roles and policies of the user's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::identity::{BACKUP, Lack, Policy, Role, TASKS};

use super::finding::{Thing, refusal, warning};

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What the containers do.
    Task,
    /// What ECS does before the containers run.
    Execution,
    /// What AWS Backup does.
    Backup,
}

impl Which {
    fn service(self) -> &'static str {
        if self == Self::Backup { BACKUP } else { TASKS }
    }

    fn thing(self) -> Thing {
        let words = match self {
            Self::Task => "task role",
            Self::Execution => "execution role",
            Self::Backup => "backup role",
        };
        Thing {
            code: "role",
            words,
            shown_by: if self == Self::Backup { "aws iam list-roles" } else { "ce-aws discover roles" },
            actions: "iam:GetRole",
            denied: Severity::Warning,
        }
    }
}

/// A role that ECS is to run tasks with, or AWS Backup to act with.
pub fn role(named: &Named<Role>, which: Which) -> Vec<Finding> {
    let thing = which.thing();
    let role = match thing.found(named) {
        Ok(role) => role,
        Err(finding) => return vec![finding],
    };
    let words = format!("the {} {}", thing.words, role.arn);
    [trust(role, &words, which), permissions(role, &words), not_checked(role, &words, which)]
        .into_iter()
        .flatten()
        .collect()
}

fn trust(role: &Role, words: &str, which: Which) -> Option<Finding> {
    let service = which.service();
    let without = if which == Which::Backup { "AWS Backup could do nothing" } else { "ECS could start no task" };
    (!role.trusts(service)).then(|| {
        let statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
        refusal(
            "role/trust",
            format!("{words} does not trust {service}: {without} with it"),
            format!("add to its trust policy: {statement}"),
        )
    })
}

fn permissions(role: &Role, words: &str) -> Option<Finding> {
    (!role.lacks.is_empty()).then(|| {
        let mut message = format!("{words} may not: {}", listed(&role.lacks));
        let forgotten = forgotten(&role.lacks);
        if !forgotten.is_empty() {
            message
                .push_str(&format!(". The role policy in the vendor's README leaves out {}", forgotten.join(" and ")));
        }
        refusal("role/permissions", message, format!("add to its policy: {}", statements(&role.lacks)))
    })
}

fn not_checked(role: &Role, words: &str, which: Which) -> Option<Finding> {
    if let Some(why) = &role.unknown {
        return Some(warning(
            "role/not-checked",
            format!("what {words} may do cannot be checked: {why}"),
            format!(
                "allow iam:SimulatePrincipalPolicy on it to whoever runs ce-aws, or see yourself that it may: {}",
                listed(&role.depends)
            ),
        ));
    }
    (!role.depends.is_empty()).then(|| {
        warning(
            "role/not-checked",
            format!("whether {words} may do this depends on conditions in its policies: {}", listed(&role.depends)),
            if which == Which::Backup {
                "see that the conditions hold for AWS Backup"
            } else {
                "see that the conditions hold for tasks of ECS"
            },
        )
    })
}

/// `a and b on arn (what for); …`.
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

/// What the role policy in the vendor's README does not grant, as far as it is missing here. Source: vendor's README, CE
/// 5.0.0, policy of the existing ECS task role.
fn forgotten(lacks: &[Lack]) -> Vec<&'static str> {
    let lacks = |prefix: &str| lacks.iter().any(|lack| lack.action.starts_with(prefix));
    let known = ["secretsmanager:GetSecretValue", "ssmmessages:"];
    let shown = ["secretsmanager:GetSecretValue", "ssmmessages:*"];
    known.iter().zip(shown).filter(|(prefix, _)| lacks(prefix)).map(|(_, shown)| shown).collect()
}

/// One statement for each set of resources that lack the same.
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

const POLICY: Thing = Thing {
    code: "policy",
    words: "IAM policy",
    shown_by: "aws iam list-policies",
    actions: "iam:GetPolicy",
    denied: Severity::Warning,
};

/// A policy that is to be attached, or to be a permissions boundary.
pub fn policy(named: &Named<Policy>) -> Vec<Finding> {
    POLICY.found(named).err().into_iter().collect()
}
