//! Existing IAM roles and policies.

use serde_json::Value;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::document::{self, texts};
use crate::kinds::names::{SESSION_TARGET, session_targets};
use crate::partition::principals;

use super::cluster::Cluster;
use super::lookup::checked;
use super::simulation::{self, Simulated};
pub use super::simulation::{Lack, Need};
use super::{Lookup, Named};

/// A role that the plan file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    pub arn: String,
    pub name: String,
    /// Who may assume it, in normal form.
    pub trust: Value,
    /// What it must be able to do and cannot.
    pub lacks: Vec<Lack>,
    /// What it cannot do for sessions that its cluster encrypts: without it no command can be run in its containers.
    pub session_lacks: Vec<Lack>,
    /// What depends on conditions that a simulation cannot know. All that it needs, if `unknown`.
    pub depends: Vec<Lack>,
    /// Why its permissions are unknown; what AWS said.
    pub unknown: Option<String>,
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
            texts(&statement["Action"]).into_iter().any(assume)
                && texts(&statement["Principal"]["Service"]).contains(&service)
        };
        let of = |effect: &'static str| {
            statements.iter().filter(about).filter(move |statement| statement["Effect"].as_str() == Some(effect))
        };
        of("Allow").next().is_some() && !of("Deny").any(|statement| statement["Condition"].is_null())
    }

    /// The deployment that it belongs to, which its path names: `/ce-aws/<deployment>/<region>/` (see `kinds::names`).
    pub fn deployment(&self) -> Option<&str> {
        let (_, path) = self.arn.split_once(":role/ce-aws/")?;
        path.split('/').next()
    }
}

/// The role of this ARN, and which of the needs it does not meet.
pub async fn role(context: &Context, arn: &str, needs: &[Need]) -> Result<Named<Role>, Failure> {
    // IAM takes the name; an ARN has a path before it.
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let role = async {
        let answer = context.aws.iam.get_role().role_name(name).send().await;
        checked(arn, answer.answer().and_then(|answer| same(arn, answer.role)))
    };
    // The other call reports a missing role better.
    let (mut role, simulated) = tokio::try_join!(role, simulated(context, arn, needs, &[]))?;
    if let Lookup::Found(role) = &mut role.lookup {
        (role.lacks, role.depends, role.unknown) = (simulated.lacks, simulated.depends, simulated.unknown);
    }
    Ok(role)
}

/// What a simulation says; that there is none is an answer too.
async fn simulated(
    context: &Context,
    arn: &str,
    needs: &[Need],
    known: &[(String, String)],
) -> Result<Simulated, Failure> {
    match simulation::simulate(context, arn, needs, known).await {
        Err(failure) if !failure.concerns_every_call() => Ok(Simulated::unknown(needs, &failure)),
        simulated => simulated,
    }
}

/// Adds to a task role whether it may decrypt the sessions of its cluster, where they are encrypted. An alias does not
/// tell with which key.
pub async fn add_session_key(context: &Context, role: &mut Named<Role>, cluster: &Cluster) -> Result<(), Failure> {
    let key = cluster.session_key.as_deref().map(|key| context.names.key_arn(key));
    let (Some(key), Lookup::Found(role)) = (key.filter(|key| !key.ends_with('*')), &mut role.lookup) else {
        return Ok(());
    };
    let need = Need {
        actions: vec!["kms:Decrypt".to_owned()],
        resources: vec![key],
        purpose: format!("decrypt the sessions of the cluster {}", cluster.name),
    };
    let target = (SESSION_TARGET.to_owned(), session_targets(&cluster.name));
    let seen = simulated(context, &role.arn, &[need], &[target]).await?;
    role.session_lacks = seen.lacks;
    role.depends.extend(seen.depends);
    role.unknown = role.unknown.take().or(seen.unknown);
    Ok(())
}

/// GetRole takes a name; the ARN may be another account's.
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

/// Every role whose trust policy lets ECS tasks assume it.
pub async fn roles(context: &Context) -> Result<Vec<Role>, Failure> {
    let pages = context.aws.iam.list_roles().into_paginator().items().send();
    let all = pages.try_collect().await.answer()?;
    Ok(all.iter().map(read).filter(|role| role.trusts(TASKS)).collect())
}

/// The service that runs ECS tasks (Amazon ECS developer guide, "Amazon ECS task IAM role").
pub const TASKS: &str = principals::ECS_TASKS;

/// The service that backs up and restores (AWS Backup developer guide, "Customer managed policies").
pub const BACKUP: &str = principals::BACKUP;

/// The managed policy of this ARN.
pub async fn policy(context: &Context, arn: &str) -> Result<Named<Policy>, Failure> {
    let answer = context.aws.iam.get_policy().policy_arn(arn).send().await.answer();
    checked(arn, answer.map(|_| Policy { arn: arn.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_role_names_its_deployment() {
        let role = |path: &str| Role { arn: format!("arn:aws:iam::111122223333:role/{path}"), ..Role::default() };
        assert_eq!(role("ce-aws/prod/us-east-1/ce-prod-us-east-1-task").deployment(), Some("prod"));
        assert_eq!(role("ce-prod-us-east-1-task").deployment(), None);
    }
}
