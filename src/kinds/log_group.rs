//! CloudWatch log groups.

use super::prelude::*;

/// A log group. Outputs: `id` (the name), `name`, `arn` (without the trailing `:*`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroup {
    /// Under `context.names.log_prefix()`.
    pub name: String,
    /// Days until an entry is deleted, one of the numbers that CloudWatch Logs accepts. Live `None`: never.
    pub retention_days: Option<i32>,
}

/// The name of the group whose existence says that the deployment may have alarms, topics, rules or a dashboard: it is
/// made before the first of them and deleted after the last, and found by the same call as the others. So a deployment
/// without alarms is read without a call more. Nothing is ever written to it.
pub const ALARMS: &str = "alarms";

impl Spec for LogGroup {
    const KIND: Kind = Kind {
        immutable: &["name"],
        // Deleted earlier, it would lose their last lines.
        gone_after: &["flow-log", "alarm", "dashboard", "event-rule", "subscription", "topic", "client-vpn-endpoint"],
        stopped_after: &["service"],
        ..Kind::new("log-group", Part::Logs)
    };
}

#[async_trait]
impl Resource for LogGroup {
    const TAGGING: Tagging = Tagging::Logs;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let logs = &context.aws.logs;
        let call = logs.describe_log_groups().log_group_name_prefix(context.names.log_prefix());
        let groups = call.into_paginator().items().send().try_collect().await.answer()?;
        let found = groups.into_iter().map(|group| async move {
            let name = group.log_group_name().unwrap_or_default();
            // DescribeLogGroups adds `:*`, which the calls for tags do not take.
            let arn = group.arn().unwrap_or_default().trim_end_matches(":*");
            let Some(answer) = logs.list_tags_for_resource().resource_arn(arn).send().await.unless_gone()? else {
                return Ok(None);
            };
            let spec = Self { name: name.to_owned(), retention_days: group.retention_in_days() };
            let found = Found::new(name).output("name", name).output("arn", arn).spec(spec);
            Ok::<_, Failure>(Some(found.tags(answer.tags.unwrap_or_default().into_iter().collect())))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let tags = target.tags.clone().into_iter().collect();
        let call = context.aws.logs.create_log_group().log_group_name(&self.name).set_tags(Some(tags));
        call.send().await.answer()?;
        self.set_retention(context).await?;
        let arn = context.names.arn("logs", &format!("log-group:{}", self.name));
        Ok(made(self.name.as_str(), &[("name", &self.name), ("arn", &arn)]))
    }

    async fn update(&self, context: &Context, _target: &Target) -> Result<(), Failure> {
        self.set_retention(context).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.logs.delete_log_group().log_group_name(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        // As `NAME:*`, and for tags as `NAME`: our prefix matches both (Amazon CloudWatch Logs API reference,
        // LogGroup).
        let named = format!("log-group:{}*", place.names.log_prefix());
        Grants::new(place, "logs", &[&named])
            .see(&["DescribeLogGroups"])
            .named(Use::See, &["ListTagsForResource"])
            .named(Use::Make, &["CreateLogGroup", "PutRetentionPolicy", "TagResource", "UntagResource"])
            .named(Use::Remove, &["DeleteLogGroup"])
    }
}

impl LogGroup {
    async fn set_retention(&self, context: &Context) -> Result<(), Failure> {
        let Some(days) = self.retention_days else { return Ok(()) };
        let call = context.aws.logs.put_retention_policy().log_group_name(&self.name).retention_in_days(days);
        call.send().await.done()
    }
}
