//! SNS topics.

use std::collections::HashMap;

use serde_json::Value;

use super::document;
use super::prelude::*;
use super::role::Role;

/// A topic. Outputs: `id` and `arn` (the ARN).
///
/// Its name must be `context.names.stack()`. The policy is in normal form ([`document::normal`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Topic {
    pub name: String,
    /// Who may publish.
    pub policy: Value,
    /// The KMS key that encrypts messages at rest; empty for none.
    pub kms_key: String,
    /// The role with which SNS logs whether HTTPS endpoints took their messages; empty where it does not.
    pub delivery_role: Ref<Role>,
}

const POLICY: &str = "Policy";
const KEY: &str = "KmsMasterKeyId";
/// SNS logs deliveries by protocol, and none by e-mail (SNS developer guide, "Message delivery status"). HTTPS counts
/// as HTTP.
const DELIVERY: [&str; 2] = ["HTTPSuccessFeedbackRoleArn", "HTTPFailureFeedbackRoleArn"];
/// The percentage of successful deliveries that is logged; failures always are.
const DELIVERY_RATE: (&str, &str) = ("HTTPSuccessFeedbackSampleRate", "100");

impl Spec for Topic {
    const KIND: Kind = Kind { immutable: &["name"], ..Kind::new("topic", Part::Alarms) };
}

#[async_trait]
impl Resource for Topic {
    const TAGGING: Tagging = Tagging::Sns;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let (sns, arn) = (&context.aws.sns, context.names.topic_arn());
        let (attributes, tags) =
            tokio::try_join!(async { sns.get_topic_attributes().topic_arn(&arn).send().await.unless_gone() }, async {
                sns.list_tags_for_resource().resource_arn(&arn).send().await.unless_gone()
            },)?;
        let Some(attributes) = attributes.and_then(|answer| answer.attributes) else { return Ok(Vec::new()) };
        let tags = tags.map(|answer| tags::read(answer.tags())).unwrap_or_default();
        Ok(vec![Found::new(arn.as_str()).output("arn", arn.as_str()).spec(read(context, &attributes)).tags(tags)])
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.sns.create_topic().name(&self.name).set_tags(Some(tags::write(&target.tags)));
        let call = call.attributes(POLICY, self.policy.to_string());
        let call = if self.kms_key.is_empty() { call } else { call.attributes(KEY, &self.kms_key) };
        let answer = call.send().await.answer()?;
        let arn = member(&answer, "TopicArn", |answer| answer.topic_arn())?;
        if !self.delivery_role.text().is_empty() {
            self.set_delivery(context, arn).await?;
        }
        Ok(made(arn, &[("arn", arn)]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        if target.is_due("policy") {
            set(context, &target.id, POLICY, &self.policy.to_string()).await?;
        }
        if target.is_due("kms_key") {
            set(context, &target.id, KEY, &self.kms_key).await?;
        }
        if target.is_due("delivery_role") {
            self.set_delivery(context, &target.id).await?;
        }
        Ok(())
    }

    /// Its subscriptions go with it (SNS API reference, DeleteTopic).
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.sns.delete_topic().topic_arn(&target.id).send().await.done_or_gone()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let role = place.passing(Use::Make, [place.own_roles()], principals::SNS, "PassRoleToNotices");
        Grants::new(place, "sns", &[&place.names.stack()])
            .named(Use::See, &["GetTopicAttributes", "ListTagsForResource"])
            .named(Use::Make, &["CreateTopic", "SetTopicAttributes", "Publish", "TagResource", "UntagResource"])
            .named(Use::Remove, &["DeleteTopic", "Publish"])
            .also(role)
    }
}

impl Topic {
    /// The topic as AWS returns it.
    pub fn normal(mut self) -> Self {
        self.policy = document::normal(&self.policy);
        self
    }

    async fn set_delivery(&self, context: &Context, arn: &str) -> Result<(), Failure> {
        for attribute in DELIVERY {
            set(context, arn, attribute, self.delivery_role.text()).await?;
        }
        let (rate, percent) = DELIVERY_RATE;
        if self.delivery_role.text().is_empty() { Ok(()) } else { set(context, arn, rate, percent).await }
    }
}

fn read(context: &Context, attributes: &HashMap<String, String>) -> Topic {
    let value = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    Topic {
        name: context.names.stack(),
        policy: document::parse(&value(POLICY)),
        kms_key: value(KEY),
        // A role that only one of the two has is drift as well.
        delivery_role: if value(DELIVERY[0]) == value(DELIVERY[1]) { value(DELIVERY[0]).into() } else { "".into() },
    }
}

async fn set(context: &Context, arn: &str, name: &str, value: &str) -> Result<(), Failure> {
    let call = context.aws.sns.set_topic_attributes().topic_arn(arn).attribute_name(name).attribute_value(value);
    call.send().await.done()
}
