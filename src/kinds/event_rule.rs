//! EventBridge rules on the default bus.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::types::{InputTransformer, RuleState, Target as SdkTarget};
use serde_json::Value;

use crate::aws::error::reported;

use super::prelude::*;
use super::topic::Topic;

/// A rule that passes events on to a topic, each as one line of text. Outputs: `id` (the ARN), `name`.
///
/// Its name must begin with `context.names.rule_prefix()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventRule {
    pub name: String,
    pub description: String,
    /// Which events.
    pub pattern: Value,
    pub enabled: bool,
    /// The only targets that it should have.
    pub topics: Vec<Ref<Topic>>,
    /// The line: a JSON string, with `<name>` for what is taken from the event.
    pub template: String,
    /// JSON paths by name.
    pub takes: BTreeMap<String, String>,
}

impl Spec for EventRule {
    const KIND: Kind = Kind { immutable: &["name"], ..Kind::new("event-rule", Part::Alarms) };
}

#[async_trait]
impl Resource for EventRule {
    const TAGGING: Tagging = Tagging::EventBridge;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let events = &context.aws.events;
        let mut rules = Vec::new();
        let mut next = None;
        loop {
            let call = events.list_rules().name_prefix(context.names.rule_prefix()).set_next_token(next);
            let answer = call.send().await.answer()?;
            rules.extend(answer.rules.unwrap_or_default());
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        let found = rules.into_iter().map(|rule| async move {
            let (arn, name) = (text(rule.arn()), text(rule.name()));
            let seen =
                tokio::try_join!(async { events.list_targets_by_rule().rule(&name).send().await.answer() }, async {
                    events.list_tags_for_resource().resource_arn(&arn).send().await.answer()
                },);
            let Some((targets, tags)) = seen.unless_gone()? else { return Ok(None) };
            let found = Found::new(arn.as_str()).output("name", name.as_str()).output("arn", arn.as_str());
            let topics = targets.targets().iter().map(|target| target.arn().into()).collect();
            let line = targets.targets().iter().find_map(|target| target.input_transformer());
            let takes = line.and_then(|line| line.input_paths_map()).into_iter().flatten();
            let spec = Self {
                name,
                description: text(rule.description()),
                pattern: serde_json::from_str(rule.event_pattern().unwrap_or_default()).unwrap_or_default(),
                enabled: rule.state() == Some(&RuleState::Enabled),
                topics,
                template: text(line.map(|line| line.input_template())),
                takes: takes.map(|(name, path)| (name.clone(), path.clone())).collect(),
            };
            Ok::<_, Failure>(Some(found.spec(spec).tags(tags::read(tags.tags()))))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.put(context, Some(&target.tags)).await?;
        self.put_targets(context).await?;
        let arn = context.names.arn("events", &format!("rule/{}", self.name));
        Ok(made(arn.as_str(), &[("name", &self.name), ("arn", &arn)]))
    }

    async fn update(&self, context: &Context, _target: &Target) -> Result<(), Failure> {
        self.put(context, None).await?;
        let wanted: Vec<String> = (0..self.topics.len()).map(id).collect();
        let others = target_ids(context, &self.name).await?.into_iter().filter(|id| !wanted.contains(id)).collect();
        remove_targets(context, &self.name, others).await?;
        self.put_targets(context).await
    }

    /// EventBridge deletes no rule that still has targets.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let name = target.id.rsplit('/').next().unwrap_or_default();
        let Some(ids) = target_ids(context, name).await.unless_gone()? else { return Ok(()) };
        remove_targets(context, name, ids).await?;
        context.aws.events.delete_rule().name(name).send().await.done_or_gone()
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "events", &[&format!("rule/{}*", place.names.rule_prefix())])
            .see(&["ListRules"])
            .named(Use::See, &["ListTargetsByRule", "ListTagsForResource"])
            .named(Use::Make, &["PutRule", "PutTargets", "RemoveTargets", "TagResource", "UntagResource"])
            .named(Use::Remove, &["RemoveTargets", "DeleteRule"])
    }
}

/// The ids of targets by their numbers.
fn id(number: usize) -> String {
    format!("topic-{number}")
}

impl EventRule {
    /// Tags count only where the rule is new (EventBridge API reference, PutRule).
    async fn put(&self, context: &Context, tags: Option<&Tags>) -> Result<(), Failure> {
        let state = if self.enabled { RuleState::Enabled } else { RuleState::Disabled };
        let call = context.aws.events.put_rule().name(&self.name).description(&self.description);
        let call = call.event_pattern(self.pattern.to_string()).state(state).set_tags(tags.map(tags::write));
        call.send().await.done()
    }

    async fn put_targets(&self, context: &Context) -> Result<(), Failure> {
        let takes = Some(self.takes.clone().into_iter().collect());
        let line = InputTransformer::builder().input_template(&self.template).set_input_paths_map(takes);
        let line = line.build().map_err(incomplete)?;
        let mut call = context.aws.events.put_targets().rule(&self.name);
        for (number, topic) in self.topics.iter().enumerate() {
            let target = SdkTarget::builder().id(id(number)).arn(topic.text()).input_transformer(line.clone());
            call = call.targets(target.build().map_err(incomplete)?);
        }
        let answer = call.send().await.answer()?;
        match answer.failed_entries().first() {
            None => Ok(()),
            Some(failed) => {
                let (code, message) = (failed.error_code().unwrap_or_default(), failed.error_message());
                Err(reported("eventbridge PutTargets", code, message.unwrap_or_default()))
            }
        }
    }
}

async fn target_ids(context: &Context, rule: &str) -> Result<Vec<String>, Failure> {
    let answer = context.aws.events.list_targets_by_rule().rule(rule).send().await.answer()?;
    Ok(answer.targets().iter().map(|target| target.id().to_owned()).collect())
}

async fn remove_targets(context: &Context, rule: &str, ids: Vec<String>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    context.aws.events.remove_targets().rule(rule).set_ids(Some(ids)).send().await.done_or_gone()
}
