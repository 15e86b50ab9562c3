//! Telling people: a message to a topic, and an alarm that is set off for a test.

use aws_sdk_cloudwatch::types::StateValue;

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::context::Context;
use crate::kinds::place::Place;

/// An alarm of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmState<'a> {
    /// As CloudWatch shows it.
    pub name: &'a str,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: &'a str,
    pub why: &'a str,
}

/// The alarms of a deployment.
pub fn alarms(inventory: &Inventory) -> impl Iterator<Item = AlarmState<'_>> {
    of_kind(inventory, "alarm").map(|live| AlarmState {
        name: output(live, "name"),
        state: output(live, "state"),
        why: output(live, "why"),
    })
}

/// Who has not confirmed yet, and so gets nothing.
pub fn unconfirmed(inventory: &Inventory) -> impl Iterator<Item = &str> {
    of_kind(inventory, "subscription").filter(|live| live.lapses()).map(|live| output(live, "endpoint"))
}

fn of_kind<'a>(inventory: &'a Inventory, kind: &'static str) -> impl Iterator<Item = &'a Live> {
    inventory.live.iter().filter(move |live| live.address.kind() == kind)
}

fn output<'a>(live: &'a Live, name: &str) -> &'a str {
    live.outputs.get(name).map(String::as_str).unwrap_or_default()
}

/// Puts an alarm into the state ALARM, as its cause would: those who are told get a real message. CloudWatch judges it
/// again soon, and says so too.
///
/// # Errors
///
/// AWS refuses, or cannot be reached.
pub async fn set_off(context: &Context, alarm: &str) -> Result<(), Failure> {
    let call = context.aws.cloudwatch.set_alarm_state().alarm_name(alarm).state_value(StateValue::Alarm);
    call.state_reason("a test with `ce-aws alarms test`: nothing is wrong").send().await.done()
}

/// Sends a message to a topic.
///
/// # Errors
///
/// AWS refuses, or cannot be reached.
pub async fn publish(context: &Context, topic: &str, subject: &str, message: &str) -> Result<(), Failure> {
    context.aws.sns.publish().topic_arn(topic).subject(subject).message(message).send().await.done()
}

/// Publishing to a topic of the user's; our own are with their kind. Through a key one needs the key as well.
pub fn grants(place: &Place) -> Vec<Grant> {
    let mut all = Vec::new();
    for usage in [Use::Make, Use::Remove] {
        all.extend(place.topic.iter().map(|topic| Grant::new(usage, "sns", &["Publish"]).on([topic])));
        let uses = ["Decrypt", "GenerateDataKey"];
        all.extend(place.topic_key.iter().map(|key| place.key_through(usage, key, "sns", &uses, "UseNoticeKey")));
    }
    all
}
