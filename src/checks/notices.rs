//! Checks of the topic that is told of alarms, and of its key. Messages that may not be sent are lost without an error
//! of any call, so that nobody would notice before it matters.

use crate::engine::plan::Finding;
use crate::existing::Named;
use crate::existing::notices::{Topic, TopicKey};

use super::finding::{TOPIC, TOPIC_KEY, refusal, warning};

/// Checks a topic of the user's.
pub fn topic(named: &Named<Topic>) -> Vec<Finding> {
    TOPIC.check(named, |topic| {
        let closed = closed("topic/closed", &format!("policy of the topic {}", topic.arn), &topic.closed_to, PUBLISH);
        closed.into_iter().collect()
    })
}

const PUBLISH: &str = "sns:Publish";
const USE: &str = "kms:Decrypt and kms:GenerateDataKey*";

/// Checks the key that encrypts messages. Source: AWS re:Post, "Why didn't I receive an SNS notification for my
/// CloudWatch alarm trigger?".
pub fn key(named: &Named<TopicKey>) -> Vec<Finding> {
    TOPIC_KEY.check(named, |key| {
        let TopicKey { arn, state, is_aws_managed, closed_to } = key;
        if *is_aws_managed {
            return vec![refusal(
                "topic-key/aws-managed",
                format!(
                    "the KMS key {arn} is an AWS managed key, through which no alarm and no rule can send messages"
                ),
                "name a customer managed key, or none",
            )];
        }
        let disabled = (state != "Enabled").then(|| {
            refusal(
                "topic-key/disabled",
                format!("the KMS key {arn} is {state}, not Enabled, so nobody can be told of alarms"),
                "enable it, or name another key or none",
            )
        });
        disabled
            .into_iter()
            .chain(closed("topic-key/closed", &format!("policy of the KMS key {arn}"), closed_to, USE))
            .collect()
    })
}

fn closed(code: &str, what: &str, closed_to: &[String], actions: &str) -> Option<Finding> {
    let services = closed_to.join(" and ");
    (!closed_to.is_empty()).then(|| {
        warning(
            code,
            format!("the {what} does not let {services} {actions}: their messages would be lost"),
            format!("allow {services} {actions} in that policy, with aws:SourceAccount as a condition"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::existing::Lookup;

    fn codes(findings: Vec<Finding>) -> Vec<String> {
        findings.into_iter().map(|finding| finding.code).collect()
    }

    fn named<T>(found: T) -> Named<T> {
        Named { name: "x".to_owned(), lookup: Lookup::Found(found) }
    }

    #[test]
    fn a_topic_and_its_key_must_let_alarms_and_rules_send() {
        let closed_to = vec!["events.amazonaws.com".to_owned()];
        assert_eq!(codes(topic(&named(Topic::default()))), [""; 0]);
        assert_eq!(codes(topic(&named(Topic { closed_to: closed_to.clone(), ..Topic::default() }))), ["topic/closed"]);
        assert_eq!(codes(topic(&Named { name: "x".to_owned(), lookup: Lookup::Missing })), ["topic/not-found"]);
        let enabled = TopicKey { state: "Enabled".to_owned(), ..TopicKey::default() };
        assert_eq!(codes(key(&named(enabled.clone()))), [""; 0]);
        assert_eq!(codes(key(&named(TopicKey { closed_to, ..enabled.clone() }))), ["topic-key/closed"]);
        assert_eq!(codes(key(&named(TopicKey { is_aws_managed: true, ..enabled }))), ["topic-key/aws-managed"]);
        assert_eq!(codes(key(&named(TopicKey::default()))), ["topic-key/disabled"]);
    }
}
