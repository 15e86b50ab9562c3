//! AWS Backup: tags are a map, read by a call of their own.

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::{Context, Tags};

/// Empty where the resource has just gone.
///
/// # Errors
///
/// Whatever the call meets.
pub async fn read(context: &Context, arn: &str) -> Result<Tags, Failure> {
    let pages = context.aws.backup.list_tags().resource_arn(arn).into_paginator().send();
    let pages = pages.try_collect().await.unless_gone()?.unwrap_or_default();
    Ok(pages.into_iter().filter_map(|page| page.tags).flatten().collect())
}
