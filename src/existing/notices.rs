//! The topic that is told of alarms, and the key that encrypts what is sent to one.

use serde_json::Value;

use crate::aws::answer::Answer;
use crate::config::PlanFile;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::convert::text;
use crate::kinds::document;
use crate::partition::principals;

use super::Named;
use super::lookup::{checked, there};

/// A topic of the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    pub arn: String,
    /// The services that its policy does not let publish.
    pub closed_to: Vec<String>,
    /// The key that encrypts messages, if any: its ARN or id, or an alias.
    pub key: Option<String>,
}

/// The key that encrypts messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicKey {
    pub arn: String,
    /// `Enabled`, or another state.
    pub state: String,
    /// Whether it is an AWS managed key (`aws/…`).
    pub is_aws_managed: bool,
    /// The services that its policy does not let use it.
    pub closed_to: Vec<String>,
}

/// Those that tell.
const SERVICES: [&str; 2] = [principals::CLOUDWATCH, principals::EVENTS];

/// The topic that the plan file names, and its key or the one that the plan file names for ours.
///
/// # Errors
///
/// A failure that concerns every call.
pub async fn told(
    context: &Context,
    plan: &PlanFile,
) -> Result<(Option<Named<Topic>>, Option<Named<TopicKey>>), Failure> {
    let topic = match plan.alarms.topic.as_deref() {
        Some(arn) => Some(topic(context, arn).await?),
        None => None,
    };
    let of_topic = topic.as_ref().and_then(|topic| topic.found()?.key.clone());
    let named = of_topic.or_else(|| plan.alarms.kms_key.as_deref().map(str::to_owned));
    let key = match named {
        Some(name) => Some(key(context, &name).await?),
        None => None,
    };
    Ok((topic, key))
}

async fn topic(context: &Context, arn: &str) -> Result<Named<Topic>, Failure> {
    let answer = context.aws.sns.get_topic_attributes().topic_arn(arn).send().await.answer();
    let attributes = answer.and_then(|answer| there(arn, answer.attributes));
    let read = |attributes: std::collections::HashMap<String, String>| {
        let value = |name: &str| attributes.get(name).map(String::as_str).unwrap_or_default();
        Topic {
            arn: arn.to_owned(),
            closed_to: closed_to(value("Policy"), &["sns:Publish"]),
            key: Some(value("KmsMasterKeyId")).filter(|key| !key.is_empty()).map(str::to_owned),
        }
    };
    checked(arn, attributes.map(read))
}

async fn key(context: &Context, name: &str) -> Result<Named<TopicKey>, Failure> {
    let kms = &context.aws.kms;
    let answer = async {
        let answer = kms.describe_key().key_id(name).send().await.answer()?;
        let key = there(name, answer.key_metadata)?;
        let policy = kms.get_key_policy().key_id(key.key_id()).send().await.answer()?;
        Ok(TopicKey {
            arn: text(key.arn()),
            state: text(key.key_state().map(|state| state.as_str())),
            is_aws_managed: key.key_manager() == Some(&aws_sdk_kms::types::KeyManagerType::Aws),
            closed_to: closed_to(policy.policy().unwrap_or_default(), &["kms:Decrypt", "kms:GenerateDataKey"]),
        })
    };
    checked(name, answer.await)
}

/// The services that a policy of a resource does not let do all of this. Conditions are not judged: that a service is
/// named is taken for enough.
fn closed_to(policy: &str, actions: &[&str]) -> Vec<String> {
    let policy = document::parse(policy);
    let statements: Vec<&Value> = policy["Statement"].as_array().into_iter().flatten().collect();
    let lets = |service: &str, action: &str| {
        statements.iter().any(|statement| {
            statement["Effect"] == "Allow"
                && document::texts(&statement["Principal"]).iter().any(|one| *one == "*" || *one == service)
                && document::texts(&statement["Action"]).iter().any(|pattern| is_meant(pattern, action))
        })
    };
    let closed = SERVICES.iter().filter(|service| !actions.iter().all(|action| lets(service, action)));
    closed.map(|service| (*service).to_owned()).collect()
}

/// Whether an action is one that a policy names, perhaps with a `*` at the end. Capitals do not matter.
fn is_meant(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    match pattern.strip_suffix('*') {
        Some(begin) => action.starts_with(begin),
        None => action == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(principal: &str, action: &str) -> String {
        format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {principal}, "Action": {action}, "Resource": "*"}}]}}"#
        )
    }

    #[test]
    fn a_policy_is_closed_to_whom_it_does_not_name_for_all_of_it() {
        let both = r#"{"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]}"#;
        let publish = &["sns:Publish"];
        assert_eq!(closed_to(&policy(both, r#""SNS:Publish""#), publish), [""; 0]);
        assert_eq!(closed_to(&policy(both, r#"["sns:Subscribe"]"#), publish).len(), 2);
        let one = r#"{"Service": "events.amazonaws.com"}"#;
        assert_eq!(closed_to(&policy(one, r#""sns:*""#), publish), ["cloudwatch.amazonaws.com"]);
        assert_eq!(closed_to("", publish).len(), 2);
        let uses = &["kms:Decrypt", "kms:GenerateDataKey"];
        assert_eq!(closed_to(&policy(both, r#"["kms:Decrypt", "kms:GenerateDataKey*"]"#), uses), [""; 0]);
        assert_eq!(closed_to(&policy(both, r#"["kms:Decrypt"]"#), uses).len(), 2);
    }
}
