//! Elastic Load Balancing: tags are read by a call of their own, for several resources at once.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::{Context, Tags};

use super::form;

/// How many ARNs one call takes (Elastic Load Balancing API reference, DescribeTags).
const AT_ONCE: usize = 20;

/// The tags of one resource.
///
/// # Errors
///
/// Whatever the call meets.
pub async fn of(context: &Context, arn: &str) -> Result<Tags, Failure> {
    Ok(read(context, &[arn.to_owned()]).await?.remove(arn).unwrap_or_default())
}

/// Tags by ARN.
///
/// # Errors
///
/// Whatever the calls meet.
pub async fn read(context: &Context, arns: &[String]) -> Result<BTreeMap<String, Tags>, Failure> {
    let calls = arns.chunks(AT_ONCE).map(|arns| context.aws.elb.describe_tags().set_resource_arns(Some(arns.to_vec())));
    let answers = try_join_all(calls.map(|call| call.send())).await.answer()?;
    let all = answers.iter().flat_map(|answer| answer.tag_descriptions());
    Ok(all.map(|one| (one.resource_arn().unwrap_or_default().to_owned(), form::read(one.tags()))).collect())
}
