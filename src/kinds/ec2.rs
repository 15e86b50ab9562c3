//! What the kinds of EC2 share: descriptions by filter, and tags in the call that creates.

use std::future::Future;

use aws_sdk_ec2::types::{Filter, NetworkInterface, ResourceType, TagSpecification, UnsuccessfulItem};

use crate::aws::answer::{Answer, operation};
use crate::aws::error::reported;
use crate::engine::failure::Failure;

use super::context::{Context, Tags};
use super::names;
use super::tags;

/// For the create call of a resource type.
pub fn at_creation(resource: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).set_tags(Some(tags::write(tags))).build()
}

/// Only what belongs to the deployment.
pub fn ours(context: &Context) -> Filter {
    filter(&format!("tag:{}", names::DEPLOYMENT), [&context.names.deployment])
}

/// Only where a property has one of these values.
pub fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

/// What a call describes. Without a value in the filter, such as the id of a VPC that is not known yet, nothing matches
/// and nothing is asked.
pub async fn matching<T, F>(which: Filter, describe: impl FnOnce(Filter) -> F) -> Result<Vec<T>, Failure>
where
    F: Future<Output: Answer<Vec<T>>>,
{
    if which.values().iter().all(String::is_empty) {
        return Ok(Vec::new());
    }
    describe(which).await.answer()
}

/// The network interfaces that pass a filter.
pub async fn interfaces(context: &Context, which: Filter) -> Result<Vec<NetworkInterface>, Failure> {
    let call = context.aws.ec2.describe_network_interfaces();
    matching(which, |which| call.filters(which).into_paginator().items().send().try_collect()).await
}

/// Whether a call that succeeds as a whole has succeeded in its parts.
pub fn all_done<T>(answer: &T, unsuccessful: impl FnOnce(&T) -> &[UnsuccessfulItem]) -> Result<(), Failure> {
    let Some(error) = unsuccessful(answer).iter().find_map(UnsuccessfulItem::error) else { return Ok(()) };
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    Err(reported(&operation::<T>(), code, message))
}
