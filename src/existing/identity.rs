//! IAM roles and policies of the user's.

use serde_json::Value;

use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::document;
use crate::partition::principals;

use super::Named;
use super::lookup::checked;
use super::simulation::{self, Simulated};

/// A role that the plan file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    pub name: String,
    /// Who may assume it, in normal form.
    pub trust: Value,
    /// What it should be able to do and cannot.
    pub lacks: Vec<Lack>,
    /// What it should be able to do, and nobody can tell: it depends on conditions that only the moment itself knows. All
    /// that it needs, if `unknown`.
    pub depends: Vec<Lack>,
    /// Why nobody knows what it may do; what AWS said.
    pub unknown: Option<String>,
}

/// What a role must be able to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// `secretsmanager:GetSecretValue`.
    pub actions: Vec<String>,
    /// ARNs, or `*` alone.
    pub resources: Vec<String>,
    /// What it is for, as `read the credentials`.
    pub purpose: String,
}

/// Something that a role may not do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// `secretsmanager:GetSecretValue`.
    pub action: String,
    /// The ARN on which it is refused, or `*`.
    pub resource: String,
    /// What it is for, as `read the credentials`.
    pub purpose: String,
}

/// A managed policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub arn: String,
}

impl Role {
    /// Whether a service, such as `ecs-tasks.amazonaws.com`, may assume it, whatever the conditions.
    pub fn trusts(&self, service: &str) -> bool {
        let statements = self.trust["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
        let about = |statement: &&Value| {
            let assume = |action: &str| ["sts:assumerole", "sts:*", "*"].contains(&action.to_lowercase().as_str());
            texts(&statement["Action"]).any(assume)
                && texts(&statement["Principal"]["Service"]).any(|named| named == service)
        };
        let of = |effect: &'static str| {
            statements.iter().filter(about).filter(move |statement| statement["Effect"].as_str() == Some(effect))
        };
        of("Allow").next().is_some() && !of("Deny").any(|statement| statement["Condition"].is_null())
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().map(Vec::as_slice).unwrap_or_default();
    many.iter().chain([value]).filter_map(Value::as_str)
}

/// The role of this ARN, and which of the needs it does not meet.
pub async fn role(context: &Context, arn: &str, needs: &[Need]) -> Result<Named<Role>, Failure> {
    // An ARN has the path before the name, which is what IAM asks for.
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let role = async {
        let answer = context.aws.iam.get_role().role_name(name).send().await;
        checked(arn, answer.map_err(on("iam GetRole")).and_then(|answer| same(arn, answer.role)))
    };
    let simulated = async {
        match simulation::simulate(context, arn, needs, &[]).await {
            // That there is no such role is said better by the other call.
            Err(failure) if !failure.concerns_every_call() => Ok(Simulated::unknown(needs, &failure)),
            simulated => simulated,
        }
    };
    let (mut role, simulated) = tokio::try_join!(role, simulated)?;
    if let super::Lookup::Found(role) = &mut role.lookup {
        (role.lacks, role.depends, role.unknown) = (simulated.lacks, simulated.depends, simulated.unknown);
    }
    Ok(role)
}

/// GetRole asks by name; the ARN may be another account's.
fn same(arn: &str, live: Option<aws_sdk_iam::types::Role>) -> Result<Role, Failure> {
    let live = live.filter(|live| live.arn() == arn);
    let live = live.ok_or_else(|| Failure::of(Cause::Gone, format!("there is no role {arn}")))?;
    Ok(read(&live))
}

fn read(live: &aws_sdk_iam::types::Role) -> Role {
    Role {
        arn: live.arn().to_owned(),
        name: live.role_name().to_owned(),
        trust: live.assume_role_policy_document().map(document::parse_encoded).unwrap_or_default(),
        ..Role::default()
    }
}

/// Every role that tasks of ECS can run with, as far as their trust says.
pub async fn roles(context: &Context) -> Result<Vec<Role>, Failure> {
    let pages = context.aws.iam.list_roles().into_paginator().items().send();
    let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("iam ListRoles"))?;
    Ok(all.iter().map(read).filter(|role| role.trusts(TASKS)).collect())
}

/// What runs tasks of ECS (Amazon ECS developer guide, "Amazon ECS task IAM role").
pub const TASKS: &str = principals::ECS_TASKS;

/// What backs up and restores (AWS Backup developer guide, "Customer managed policies").
pub const BACKUP: &str = principals::BACKUP;

/// The managed policy of this ARN.
pub async fn policy(context: &Context, arn: &str) -> Result<Named<Policy>, Failure> {
    let answer = context.aws.iam.get_policy().policy_arn(arn).send().await.map_err(on("iam GetPolicy"));
    checked(arn, answer.map(|_| Policy { arn: arn.to_owned() }))
}
