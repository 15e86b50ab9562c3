//! Revisions of a task definition: finding, counting and deregistering them.

use aws_sdk_ecs::types::{self as sdk, TaskDefinitionField, TaskDefinitionStatus};

use crate::kinds::prelude::*;

use super::properties::TaskDefinition;

/// How many revisions without our tags are skipped in the search for the newest one that has them.
const FOREIGN: usize = 20;

/// One revision, or the latest active one of a family, if it is of this deployment.
pub async fn read(context: &Context, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let found = describe(context, which).await?;
    Ok(found.and_then(|found| {
        let address = tags::address_of(context, TaskDefinition::KIND.name, &found.tags)?;
        Some(found.at(address))
    }))
}

/// The revision that the service runs, if it is of our family, whoever registered it. One registered by hand has no
/// record of what was wanted last: `recorded`, our own newest revision, has it.
pub async fn in_force(
    context: &Context,
    arn: &str,
    recorded: Option<(&Address, &Tags)>,
) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let revision =
        describe(context, arn).await?.filter(|found| found.outputs.get("family") == Some(&context.names.stack()));
    let Some(found) = revision else { return Ok(None) };
    if let Some(address) = tags::address_of(context, TaskDefinition::KIND.name, &found.tags) {
        return Ok(Some(found.at(address)));
    }
    Ok(Some(match recorded {
        Some((address, tags)) => found.at(address.clone()).tags(tags.clone()),
        None => found.at(Address::new(TaskDefinition::KIND.name, "main")),
    }))
}

pub(super) async fn describe(context: &Context, which: &str) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let call = context.aws.ecs.describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
    let Some(answer) = call.send().await.unless_gone()? else { return Ok(None) };
    answer.task_definition().inspect(|live| note(context, live));
    Ok(answer
        .task_definition()
        .map(|live| Found::of(made_of(live)).spec(TaskDefinition::read(live)).tags(tags::read(answer.tags()))))
}

/// Remembers which containers a revision has.
pub fn note(context: &Context, live: &sdk::TaskDefinition) {
    let containers = live.container_definitions().iter().filter_map(|container| {
        let decides = container.essential().unwrap_or(true) && container.health_check().is_some();
        Some((container.name()?.to_owned(), decides))
    });
    context.revisions.put(live.task_definition_arn().unwrap_or_default(), containers.collect());
}

/// The newest active revision of ours, older than those that somebody has registered by hand.
pub(super) async fn newest_of_ours(context: &Context) -> Result<Option<Found<TaskDefinition>>, Failure> {
    let mut active = active(context, &context.names.stack()).await?;
    active.sort_by_key(|arn| std::cmp::Reverse(number(arn)));
    for arn in active.iter().take(FOREIGN) {
        if let Some(found) = read(context, arn).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The active revisions of a family, by ARN.
pub async fn active(context: &Context, family: &str) -> Result<Vec<String>, Failure> {
    let call = context.aws.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
    call.into_paginator().items().send().try_collect().await.answer()
}

pub(super) async fn deregister(context: &Context, arn: &str) -> Result<(), Failure> {
    context.aws.ecs.deregister_task_definition().task_definition(arn).send().await.done()
}

/// The number at the end of a revision's ARN.
pub fn number(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

pub(super) fn made_of(live: &sdk::TaskDefinition) -> Made {
    let arn = live.task_definition_arn().unwrap_or_default();
    let revision = live.revision().to_string();
    made(arn, &[("arn", arn), ("family", live.family().unwrap_or_default()), ("revision", &revision)])
}
