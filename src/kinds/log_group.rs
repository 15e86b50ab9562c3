//! CloudWatch log groups.

use async_trait::async_trait;
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::tags;

/// A log group. Outputs: `id` (the name), `name`, `arn` (without the trailing `:*`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroup {
    /// Under `context.names.log_prefix()`.
    pub name: String,
    /// Days until an entry is deleted, one of the numbers that CloudWatch Logs accepts. Live `None`: never.
    pub retention_days: Option<i32>,
}

impl Spec for LogGroup {
    const KIND: Kind = Kind {
        immutable: &["name"],
        // Whoever still writes would lose its last words.
        gone_after: &["service", "flow-log"],
        ..Kind::new("log-group", Part::Logs)
    };
}

#[async_trait]
impl Resource for LogGroup {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let call = context.aws.logs.describe_log_groups().log_group_name_prefix(context.names.log_prefix());
        let pages = call.into_paginator().items().send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("logs DescribeLogGroups"))?;
        let found = try_join_all(groups.iter().map(|group| async move {
            let (name, arn) = (group.log_group_name().unwrap_or_default(), bare(group.arn().unwrap_or_default()));
            let answer = context.aws.logs.list_tags_for_resource().resource_arn(arn).send().await;
            let Some(answer) = unless_gone(answer.map_err(on("logs ListTagsForResource")))? else { return Ok(None) };
            let tags: Tags = answer.tags.unwrap_or_default().into_iter().collect();
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { return Ok(None) };
            let spec = Self { name: name.to_owned(), retention_days: group.retention_in_days() };
            let found = Found::new(address, name).output("name", name).output("arn", arn);
            Ok::<_, Failure>(Some(found.spec(spec).tags(tags)))
        }));
        Ok(found.await?.into_iter().flatten().collect::<Vec<_>>().into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let tags = target.tags.clone().into_iter().collect();
        let call = context.aws.logs.create_log_group().log_group_name(&self.name).set_tags(Some(tags));
        call.send().await.map_err(on("logs CreateLogGroup"))?;
        self.set_retention(context).await
    }

    async fn update(&self, context: &Context, _at: &Target) -> Result<Made, Failure> {
        self.set_retention(context).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.logs.delete_log_group().log_group_name(&target.id);
        call.send().await.map_err(on("logs DeleteLogGroup"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::logs::set(context, &arn(context, &target.id), set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        // As `NAME:*`, and for tags as `NAME`: what begins with our prefix is both (Amazon CloudWatch Logs API reference, LogGroup).
        let named = format!("log-group:{}*", place.names.log_prefix());
        place
            .grants("logs", &[&named])
            .see(&["DescribeLogGroups"])
            .see_named(&["ListTagsForResource"])
            .named(Use::Make, &["CreateLogGroup", "PutRetentionPolicy", "TagResource", "UntagResource"])
            .named(Use::Remove, &["DeleteLogGroup"])
            .done()
    }
}

impl LogGroup {
    async fn set_retention(&self, context: &Context) -> Result<Made, Failure> {
        if let Some(days) = self.retention_days {
            let call = context.aws.logs.put_retention_policy().log_group_name(&self.name).retention_in_days(days);
            call.send().await.map_err(on("logs PutRetentionPolicy"))?;
        }
        Ok(made(&self.name, &[("name", &self.name), ("arn", &arn(context, &self.name))]))
    }
}

fn arn(context: &Context, name: &str) -> String {
    context.names.arn("logs", &format!("log-group:{name}"))
}

/// DescribeLogGroups adds `:*`, which the calls for tags do not take.
fn bare(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}
