//! Setting, removing and reading tags: each service has calls of its own.

use std::collections::BTreeMap;

use aws_sdk_acm::types::Tag as AcmTag;
use aws_sdk_ec2::types::Tag as Ec2Tag;
use aws_sdk_s3::types::Tagging as TagSet;
use futures::future::try_join_all;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::{Context, Tags};

use super::form::{read, write};

/// The service whose calls tag a kind of resource, and what those calls know it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// It carries no tags.
    None,
    /// By ARN.
    Acm,
    /// By id.
    Ec2,
    /// By ARN.
    Ecs,
    /// By id.
    Efs,
    /// By ARN.
    Elb,
    /// Roles, by name.
    Iam,
    /// Log groups, by name.
    Logs,
    /// Buckets, by name.
    S3,
    /// By ARN.
    Secrets,
    /// By ARN.
    Backup,
    /// By ARN.
    CloudWatch,
    /// By ARN.
    EventBridge,
    /// By ARN.
    Sns,
}

/// Sets tags, and removes those named. `id` is what the service's calls know the resource by, see [`Tagging`].
pub async fn set(tagging: Tagging, context: &Context, id: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
    /// One call that adds and one that removes, each only if there is something to do.
    macro_rules! calls {
        ($add:expr, $tags:expr; $remove:expr, $keys:ident($names:expr)) => {{
            if !set.is_empty() {
                $add.set_tags(Some($tags)).send().await.done()?;
            }
            if !remove.is_empty() {
                $remove.$keys(Some($names)).send().await.done()?;
            }
            Ok(())
        }};
    }
    let aws = &context.aws;
    let map = || set.clone().into_iter().collect();
    let keys = || remove.to_vec();
    match tagging {
        Tagging::None => Err(Failure::of(Cause::Internal, format!("{id} carries no tags"))),
        // ACM takes keys with or without values when it removes tags (ACM API reference, RemoveTagsFromCertificate).
        Tagging::Acm => {
            let named = || remove.iter().filter_map(|key| AcmTag::builder().key(key).build().ok()).collect();
            calls!(
                aws.acm.add_tags_to_certificate().certificate_arn(id), write(set);
                aws.acm.remove_tags_from_certificate().certificate_arn(id), set_tags(named())
            )
        }
        Tagging::Ec2 => {
            let named = || remove.iter().map(|key| Ec2Tag::builder().key(key).build()).collect();
            calls!(
                aws.ec2.create_tags().resources(id), write(set);
                aws.ec2.delete_tags().resources(id), set_tags(named())
            )
        }
        Tagging::Ecs => calls!(
            aws.ecs.tag_resource().resource_arn(id), write(set);
            aws.ecs.untag_resource().resource_arn(id), set_tag_keys(keys())
        ),
        Tagging::Efs => calls!(
            aws.efs.tag_resource().resource_id(id), write(set);
            aws.efs.untag_resource().resource_id(id), set_tag_keys(keys())
        ),
        Tagging::Elb => calls!(
            aws.elb.add_tags().resource_arns(id), write(set);
            aws.elb.remove_tags().resource_arns(id), set_tag_keys(keys())
        ),
        Tagging::Iam => calls!(
            aws.iam.tag_role().role_name(id), write(set);
            aws.iam.untag_role().role_name(id), set_tag_keys(keys())
        ),
        Tagging::Logs => {
            let arn = context.names.arn("logs", &format!("log-group:{id}"));
            calls!(
                aws.logs.tag_resource().resource_arn(&arn), map();
                aws.logs.untag_resource().resource_arn(&arn), set_tag_keys(keys())
            )
        }
        Tagging::S3 => set_of_bucket(context, id, set, remove).await,
        Tagging::Secrets => calls!(
            aws.secrets.tag_resource().secret_id(id), write(set);
            aws.secrets.untag_resource().secret_id(id), set_tag_keys(keys())
        ),
        Tagging::Backup => calls!(
            aws.backup.tag_resource().resource_arn(id), map();
            aws.backup.untag_resource().resource_arn(id), set_tag_key_list(keys())
        ),
        Tagging::CloudWatch => calls!(
            aws.cloudwatch.tag_resource().resource_arn(id), write(set);
            aws.cloudwatch.untag_resource().resource_arn(id), set_tag_keys(keys())
        ),
        Tagging::EventBridge => calls!(
            aws.events.tag_resource().resource_arn(id), write(set);
            aws.events.untag_resource().resource_arn(id), set_tag_keys(keys())
        ),
        Tagging::Sns => calls!(
            aws.sns.tag_resource().resource_arn(id), write(set);
            aws.sns.untag_resource().resource_arn(id), set_tag_keys(keys())
        ),
    }
}

/// S3 replaces all tags of a bucket at once: others' are read and written back, AWS's own (`aws:`) among them, without
/// which S3 refuses the set.
async fn set_of_bucket(context: &Context, bucket: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
    let mut tags = of_bucket(context, bucket).await?;
    tags.retain(|key, _| !remove.contains(key));
    tags.extend(set.clone());
    let tagging = TagSet::builder().set_tag_set(Some(write(&tags))).build().ok();
    context.aws.s3.put_bucket_tagging().bucket(bucket).set_tagging(tagging).send().await.done()
}

/// The tags of a bucket; none where AWS says that there is no set of tags.
pub async fn of_bucket(context: &Context, bucket: &str) -> Result<Tags, Failure> {
    let tags = context.aws.s3.get_bucket_tagging().bucket(bucket).send().await.unless_gone()?;
    Ok(read(&tags.map(|answer| answer.tag_set).unwrap_or_default()))
}

/// The tags of something of AWS Backup; none where it has just gone.
pub async fn of_backup(context: &Context, arn: &str) -> Result<Tags, Failure> {
    let pages = context.aws.backup.list_tags().resource_arn(arn).into_paginator().send();
    let pages = pages.try_collect().await.unless_gone()?.unwrap_or_default();
    Ok(pages.into_iter().filter_map(|page| page.tags).flatten().collect())
}

/// How many ARNs one call takes (Elastic Load Balancing API reference, DescribeTags).
const AT_ONCE: usize = 20;

/// The tags of something of Elastic Load Balancing.
pub async fn of_balancing(context: &Context, arn: &str) -> Result<Tags, Failure> {
    Ok(by_arn(context, &[arn.to_owned()]).await?.remove(arn).unwrap_or_default())
}

/// The same of several, by ARN.
pub async fn by_arn(context: &Context, arns: &[String]) -> Result<BTreeMap<String, Tags>, Failure> {
    let calls = arns.chunks(AT_ONCE).map(|arns| context.aws.elb.describe_tags().set_resource_arns(Some(arns.to_vec())));
    let answers = try_join_all(calls.map(|call| call.send())).await.answer()?;
    let all = answers.iter().flat_map(|answer| answer.tag_descriptions());
    Ok(all.map(|one| (one.resource_arn().unwrap_or_default().to_owned(), read(one.tags()))).collect())
}
