//! Subscriptions to the deployment's own topic.

use crate::engine::compare;
use crate::engine::inventory::LAPSES;

use super::prelude::*;
use super::topic::Topic;

/// Somebody who is told by e-mail or over HTTPS. Other subscriptions to the topic (queues, functions, chats) are other
/// people's, and left alone.
///
/// Outputs: `id` (the ARN, or `PendingConfirmation`), `endpoint`, and [`LAPSES`] until the subscriber has confirmed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    pub topic: Ref<Topic>,
    /// `email` or `https`.
    pub protocol: String,
    pub endpoint: String,
}

const PROTOCOLS: [&str; 2] = ["email", "https"];

/// What SNS says instead of an ARN until the subscriber has confirmed (SNS API reference, Subscribe).
const PENDING: &str = "PendingConfirmation";

impl Spec for Subscription {
    const KIND: Kind = Kind {
        immutable: &["topic", "protocol", "endpoint"],
        replaceable: Some("the subscriber has to confirm again"),
        tagged: false,
        ..Kind::new("subscription", Part::Alarms)
    };
}

#[async_trait]
impl Resource for Subscription {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let topic = context.names.topic_arn();
        let call = context.aws.sns.list_subscriptions_by_topic().topic_arn(&topic).into_paginator().items().send();
        let all = call.try_collect().await.unless_gone()?.unwrap_or_default();
        let ours = all.iter().filter(|one| one.protocol().is_some_and(|protocol| PROTOCOLS.contains(&protocol)));
        let found = ours.map(|one| {
            let (id, endpoint) = (one.subscription_arn().unwrap_or_default(), text(one.endpoint()));
            let spec = Self { topic: topic.as_str().into(), protocol: text(one.protocol()), endpoint };
            let found = Found::new(id).at(Address::new(Self::KIND.name, &spec.name()));
            let found = found.output_if(LAPSES, (id == PENDING).then_some("yes"));
            found.output("endpoint", spec.endpoint.as_str()).spec(spec)
        });
        Ok(found.collect())
    }

    /// The same subscription again where there is one already.
    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        let call = context.aws.sns.subscribe().topic_arn(self.topic.text()).protocol(&self.protocol);
        let answer = call.endpoint(&self.endpoint).return_subscription_arn(true).send().await.answer()?;
        let arn = member(&answer, "SubscriptionArn", |answer| answer.subscription_arn())?;
        Ok(made(arn, &[("endpoint", &self.endpoint)]))
    }

    /// What nobody has confirmed cannot be deleted; SNS drops it after a few days, or with the topic.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        if target.id == PENDING {
            return Ok(());
        }
        context.aws.sns.unsubscribe().subscription_arn(&target.id).send().await.done_or_gone()
    }

    fn grants(place: &Place) -> Grants<'_> {
        // Unsubscribe knows no resource (Service Authorization Reference, Amazon SNS).
        Grants::new(place, "sns", &[&place.names.stack()])
            .named(Use::See, &["ListSubscriptionsByTopic"])
            .named(Use::Make, &["Subscribe"])
            .also(Grant::new(Use::Make, "sns", &["Unsubscribe"]))
            .also(Grant::new(Use::Remove, "sns", &["Unsubscribe"]))
    }
}

impl Subscription {
    /// The second half of its address. An endpoint has characters that an address has not.
    pub fn name(&self) -> String {
        format!("{}-{}", self.protocol, &compare::digest(&self.endpoint.as_str().into())[..8])
    }
}
