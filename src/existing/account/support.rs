//! Whether a role of the account may open cases with AWS Support.

use aws_sdk_iam::types::EntityType;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use crate::existing::Named;
use crate::existing::lookup::checked;

/// Whether a role has AWS's managed policy for it, named by the policy's ARN.
pub async fn role(context: &Context) -> Result<Named<bool>, Failure> {
    let policy = format!("arn:{}:iam::aws:policy/AWSSupportAccess", context.names.partition);
    let call = context.aws.iam.list_entities_for_policy().policy_arn(&policy).entity_filter(EntityType::Role);
    let answer = call.into_paginator().send().try_collect().await.answer();
    checked(&policy, answer.map(|pages| pages.iter().any(|page| !page.policy_roles().is_empty())))
}
