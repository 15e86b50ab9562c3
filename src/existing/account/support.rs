//! Whether somebody in the account may open cases with AWS Support.

use aws_sdk_iam::types::EntityType;

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use crate::existing::Named;
use crate::existing::lookup::checked;

/// Whether a role has AWS's managed policy for it, by the policy's ARN.
///
/// # Errors
///
/// Whatever the call meets, but for our not being allowed to read it.
pub async fn role(context: &Context) -> Result<Named<bool>, Failure> {
    let policy = format!("arn:{}:iam::aws:policy/AWSSupportAccess", context.names.partition);
    let call = context.aws.iam.list_entities_for_policy().policy_arn(&policy).entity_filter(EntityType::Role);
    let pages = call.into_paginator().send();
    let answer = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("iam ListEntitiesForPolicy"));
    checked(&policy, answer.map(|pages| pages.iter().any(|page| !page.policy_roles().is_empty())))
}
