//! The settings of a bucket, for each of which S3 has a pair of calls. They are read side by side, and written one
//! after the other: of two overlapping changes of one bucket S3 refuses one (409 OperationAborted; see
//! `docs/aws-behaviour.md`).

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLoggingStatus, EventBridgeConfiguration,
    ExpirationStatus, LifecycleExpiration, LifecycleRule as S3Rule, LifecycleRuleFilter, LoggingEnabled,
    NotificationConfiguration, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Transition, TransitionStorageClass,
};
use serde_json::Value;

use crate::kinds::document;
use crate::kinds::prelude::*;

use super::properties::{AccessLog, Bucket, FROM_128_KIB, LifecycleRule};

/// The permissions for reading and writing them (S3 user guide, "Required permissions for Amazon S3 API operations").
pub const READ: [&str; 7] = [
    "GetEncryptionConfiguration",
    "GetBucketPublicAccessBlock",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetLifecycleConfiguration",
    "GetBucketLogging",
    "GetBucketNotification",
];
pub const WRITTEN: [&str; 7] = [
    "PutEncryptionConfiguration",
    "PutBucketPublicAccessBlock",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutLifecycleConfiguration",
    "PutBucketLogging",
    "PutBucketNotification",
];

/// All settings as they are. A setting that AWS says does not exist is empty.
pub async fn read(context: &Context, name: &str) -> Result<Bucket, Failure> {
    let (encryption, block_public_access, ownership, policy, lifecycle, access_log, notifications) = tokio::try_join!(
        encryption(context, name),
        block_public_access(context, name),
        ownership(context, name),
        policy(context, name),
        lifecycle(context, name),
        access_log(context, name),
        notifications(context, name),
    )?;
    let (lifecycle, moves_from) = lifecycle;
    Ok(Bucket {
        name: name.to_owned(),
        encryption,
        block_public_access,
        ownership,
        policy,
        lifecycle,
        moves_from,
        access_log,
        eventbridge: notifications.event_bridge_configuration.is_some(),
    })
}

/// Makes the settings of a new bucket, without those that S3 has made already. What S3 gives a new bucket is read and
/// not assumed, while the lifecycle is written.
pub async fn write_new(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let name = &bucket.name;
    let (encryption, block_public_access, notifications, ()) = tokio::try_join!(
        encryption(context, name),
        block_public_access(context, name),
        notifications(context, name),
        set_lifecycle(bucket, context),
    )?;
    let is_due = |setting: &str| match setting {
        "encryption" => encryption != bucket.encryption,
        "block_public_access" => block_public_access != bucket.block_public_access,
        "access_log" => true,
        _ => false,
    };
    write(bucket, context, is_due).await?;
    put_eventbridge(bucket, context, notifications).await?;
    set_policy(bucket, context).await
}

/// Sets those settings that are named as the fields of [`Bucket`] and for which `is_due` is true. The policy comes
/// last, because it allows others to deliver into the bucket.
pub async fn write(bucket: &Bucket, context: &Context, is_due: impl Fn(&str) -> bool) -> Result<(), Failure> {
    if is_due("ownership") {
        set_ownership(bucket, context).await?;
    }
    if is_due("block_public_access") {
        set_block_public_access(bucket, context).await?;
    }
    if is_due("encryption") {
        set_encryption(bucket, context).await?;
    }
    if is_due("lifecycle") || is_due("moves_from") {
        set_lifecycle(bucket, context).await?;
    }
    if is_due("access_log") {
        set_access_log(bucket, context).await?;
    }
    if is_due("eventbridge") {
        set_eventbridge(bucket, context).await?;
    }
    if is_due("policy") {
        set_policy(bucket, context).await?;
    }
    Ok(())
}

async fn encryption(context: &Context, name: &str) -> Result<String, Failure> {
    let answer = context.aws.s3.get_bucket_encryption().bucket(name).send().await.unless_gone()?;
    let rules = answer.and_then(|answer| answer.server_side_encryption_configuration).map(|all| all.rules);
    let defaults = rules.unwrap_or_default().into_iter().find_map(|rule| rule.apply_server_side_encryption_by_default);
    Ok(defaults.map(|default| default.sse_algorithm.as_str().to_owned()).unwrap_or_default())
}

async fn set_encryption(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let algorithm = ServerSideEncryption::from(bucket.encryption.as_str());
    let default = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm).build().map_err(incomplete)?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(incomplete)?;
    let call = context.aws.s3.put_bucket_encryption().bucket(&bucket.name).server_side_encryption_configuration(all);
    call.send().await.done()
}

async fn block_public_access(context: &Context, name: &str) -> Result<bool, Failure> {
    let answer = context.aws.s3.get_public_access_block().bucket(name).send().await.unless_gone()?;
    let block = answer.and_then(|answer| answer.public_access_block_configuration);
    Ok(block.is_some_and(|block| {
        [block.block_public_acls, block.ignore_public_acls, block.block_public_policy, block.restrict_public_buckets]
            .iter()
            .all(|one| *one == Some(true))
    }))
}

async fn set_block_public_access(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let block = bucket.block_public_access;
    let all = PublicAccessBlockConfiguration::builder()
        .block_public_acls(block)
        .ignore_public_acls(block)
        .block_public_policy(block)
        .restrict_public_buckets(block);
    let call = context.aws.s3.put_public_access_block().bucket(&bucket.name);
    let call = call.public_access_block_configuration(all.build());
    call.send().await.done()
}

async fn ownership(context: &Context, name: &str) -> Result<String, Failure> {
    let answer = context.aws.s3.get_bucket_ownership_controls().bucket(name).send().await.unless_gone()?;
    let rules = answer.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
    let first = rules.unwrap_or_default().into_iter().next();
    Ok(first.map(|rule| rule.object_ownership.as_str().to_owned()).unwrap_or_default())
}

async fn set_ownership(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let ownership = ObjectOwnership::from(bucket.ownership.as_str());
    let rule = OwnershipControlsRule::builder().object_ownership(ownership).build().map_err(incomplete)?;
    let controls = OwnershipControls::builder().rules(rule).build().map_err(incomplete)?;
    let call = context.aws.s3.put_bucket_ownership_controls().bucket(&bucket.name).ownership_controls(controls);
    call.send().await.done()
}

async fn policy(context: &Context, name: &str) -> Result<Value, Failure> {
    let answer = context.aws.s3.get_bucket_policy().bucket(name).send().await.unless_gone()?;
    Ok(answer.and_then(|answer| answer.policy).map_or(Value::Null, |text| document::parse(&text)))
}

async fn set_policy(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    if !bucket.policy.is_null() {
        let call = context.aws.s3.put_bucket_policy().bucket(&bucket.name).policy(bucket.policy.to_string());
        call.send().await.answer()?;
    }
    Ok(())
}

/// The rules, and from which size on objects move. Where an answer leaves the size out, AWS's default applies (S3 API
/// reference, GetBucketLifecycleConfiguration).
async fn lifecycle(context: &Context, name: &str) -> Result<(Vec<LifecycleRule>, String), Failure> {
    let answer = context.aws.s3.get_bucket_lifecycle_configuration().bucket(name).send().await.unless_gone()?;
    let Some(answer) = answer else {
        return Ok((Vec::new(), String::new()));
    };
    let moves_from = answer.transition_default_minimum_object_size().map_or(FROM_128_KIB, |size| size.as_str());
    Ok((answer.rules().iter().map(from_s3).collect(), moves_from.to_owned()))
}

fn from_s3(rule: &S3Rule) -> LifecycleRule {
    let filter = rule.filter();
    let narrower = filter.is_some_and(|filter| {
        filter.tag.is_some()
            || filter.and.is_some()
            || filter.object_size_greater_than.is_some()
            || filter.object_size_less_than.is_some()
    });
    // A filter that we never write only has to differ from those that we do.
    let prefix = if narrower { Some("(by tag or size)") } else { filter.and_then(|filter| filter.prefix()) };
    LifecycleRule {
        prefix: text(prefix),
        enabled: rule.status == ExpirationStatus::Enabled,
        archive_after_days: rule
            .transitions()
            .iter()
            .find(|transition| transition.storage_class() == Some(&TransitionStorageClass::Glacier))
            .and_then(Transition::days),
        expire_after_days: rule.expiration().and_then(LifecycleExpiration::days),
        abort_uploads_after_days: rule
            .abort_incomplete_multipart_upload()
            .and_then(AbortIncompleteMultipartUpload::days_after_initiation),
    }
}

fn to_s3((number, rule): (usize, &LifecycleRule)) -> Result<S3Rule, Failure> {
    let archive = |days| Transition::builder().days(days).storage_class(TransitionStorageClass::Glacier).build();
    let expire = |days| LifecycleExpiration::builder().days(days).build();
    let abort = |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build();
    S3Rule::builder()
        .id(format!("ce-aws-{}", number + 1))
        .status(if rule.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled })
        .filter(LifecycleRuleFilter::builder().prefix(&rule.prefix).build())
        .set_transitions(rule.archive_after_days.map(|days| vec![archive(days)]))
        .set_expiration(rule.expire_after_days.map(expire))
        .set_abort_incomplete_multipart_upload(rule.abort_uploads_after_days.map(abort))
        .build()
        .map_err(incomplete)
}

async fn set_lifecycle(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let name = &bucket.name;
    if bucket.lifecycle.is_empty() {
        return context.aws.s3.delete_bucket_lifecycle().bucket(name).send().await.done();
    }
    let rules = bucket.lifecycle.iter().enumerate().map(to_s3).collect::<Result<Vec<_>, _>>()?;
    let all = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(incomplete)?;
    let call = context.aws.s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(all);
    let call = call.transition_default_minimum_object_size(bucket.moves_from.as_str().into());
    call.send().await.done()
}

async fn access_log(context: &Context, name: &str) -> Result<Option<AccessLog>, Failure> {
    let answer = context.aws.s3.get_bucket_logging().bucket(name).send().await.unless_gone()?;
    let enabled = answer.and_then(|answer| answer.logging_enabled);
    Ok(enabled.map(|log| AccessLog { bucket: log.target_bucket.into(), prefix: log.target_prefix }))
}

async fn set_access_log(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let Some(log) = &bucket.access_log else { return Ok(()) };
    let target = LoggingEnabled::builder().target_bucket(log.bucket.text()).target_prefix(&log.prefix);
    let status = BucketLoggingStatus::builder().logging_enabled(target.build().map_err(incomplete)?).build();
    let call = context.aws.s3.put_bucket_logging().bucket(&bucket.name).bucket_logging_status(status);
    call.send().await.done()
}

/// Where events go. The EventBridge part is ours, the rest somebody else's.
async fn notifications(context: &Context, name: &str) -> Result<NotificationConfiguration, Failure> {
    let answer = context.aws.s3.get_bucket_notification_configuration().bucket(name).send().await.unless_gone()?;
    let all = NotificationConfiguration::builder();
    let Some(answer) = answer else { return Ok(all.build()) };
    let all = all
        .set_topic_configurations(answer.topic_configurations)
        .set_queue_configurations(answer.queue_configurations)
        .set_lambda_function_configurations(answer.lambda_function_configurations)
        .set_event_bridge_configuration(answer.event_bridge_configuration);
    Ok(all.build())
}

/// S3 replaces all notifications at once, so others' are read and written back.
async fn set_eventbridge(bucket: &Bucket, context: &Context) -> Result<(), Failure> {
    let all = notifications(context, &bucket.name).await?;
    put_eventbridge(bucket, context, all).await
}

/// `all` are the notifications that there are.
async fn put_eventbridge(
    bucket: &Bucket,
    context: &Context,
    mut all: NotificationConfiguration,
) -> Result<(), Failure> {
    let wanted = bucket.eventbridge.then(|| EventBridgeConfiguration::builder().build());
    if all.event_bridge_configuration == wanted {
        return Ok(());
    }
    all.event_bridge_configuration = wanted;
    let call = context.aws.s3.put_bucket_notification_configuration().bucket(&bucket.name);
    call.notification_configuration(all).send().await.done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> LifecycleRule {
        LifecycleRule {
            prefix: String::new(),
            enabled: true,
            archive_after_days: Some(1),
            expire_after_days: Some(365),
            abort_uploads_after_days: Some(7),
        }
    }

    #[test]
    fn a_lifecycle_rule_comes_back_as_it_was_written() {
        let rules = [rule(), LifecycleRule { archive_after_days: None, prefix: "old/".to_owned(), ..rule() }];
        for (number, rule) in rules.iter().enumerate() {
            assert_eq!(&from_s3(&to_s3((number, rule)).unwrap()), rule);
        }
    }

    #[test]
    fn a_rule_with_another_filter_differs() {
        let mut foreign = to_s3((0, &rule())).unwrap();
        foreign.filter = Some(LifecycleRuleFilter::builder().object_size_greater_than(131_072).build());
        assert_ne!(from_s3(&foreign), rule());
    }
}
