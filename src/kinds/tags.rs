//! Tags: the only state there is. One converter and one setter a service.

use crate::aws::error::on;
use crate::engine::address::Address;
use crate::engine::failure::Failure;

use super::names;
use super::resource::{Context, Tags};

/// The address in a resource's tags, if it has one that this program could have written.
pub fn address(tags: &Tags) -> Option<Address> {
    tags.get(names::ADDRESS)?.parse().ok()
}

/// The address in a resource's tags, if it is of this kind and of this deployment.
pub fn address_of(context: &Context, kind: &str, tags: &Tags) -> Option<Address> {
    let ours = tags.get(names::DEPLOYMENT) == Some(&context.names.deployment);
    address(tags).filter(|address| ours && address.kind() == kind)
}

/// Tags as this program keeps them, from the tags of an SDK: anything with a key and a value.
pub fn collect<'a, T: 'a>(
    tags: impl IntoIterator<Item = &'a T>,
    pair: impl Fn(&'a T) -> (Option<&'a str>, Option<&'a str>),
) -> Tags {
    let pairs = tags.into_iter().map(pair);
    pairs.filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or_default().to_owned()))).collect()
}

/// EC2's form.
pub mod ec2 {
    use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};

    use super::*;

    pub fn read(tags: &[Tag]) -> Tags {
        collect(tags, |tag| (tag.key(), tag.value()))
    }

    pub fn write(tags: &Tags) -> Vec<Tag> {
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    /// For the create call of a resource type.
    pub fn at_creation(resource: ResourceType, tags: &Tags) -> TagSpecification {
        TagSpecification::builder().resource_type(resource).set_tags(Some(write(tags))).build()
    }

    /// Only what belongs to the deployment.
    pub fn ours(context: &Context) -> Filter {
        filter(&format!("tag:{}", names::DEPLOYMENT), [context.names.deployment.clone()])
    }

    pub fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
        Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
    }

    pub async fn set(context: &Context, id: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.ec2.create_tags().resources(id).set_tags(Some(write(set)));
            call.send().await.map_err(on("ec2 CreateTags"))?;
        }
        if !remove.is_empty() {
            let keys = remove.iter().map(|key| Tag::builder().key(key).build()).collect();
            let call = context.aws.ec2.delete_tags().resources(id).set_tags(Some(keys));
            call.send().await.map_err(on("ec2 DeleteTags"))?;
        }
        Ok(())
    }
}

/// IAM's form.
pub mod iam {
    use aws_sdk_iam::types::Tag;

    use super::*;

    pub fn read(tags: &[Tag]) -> Tags {
        collect(tags, |tag| (Some(tag.key()), Some(tag.value())))
    }

    pub fn write(tags: &Tags) -> Vec<Tag> {
        // Key and value are all that a tag requires.
        tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
    }

    pub async fn set(context: &Context, role: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.iam.tag_role().role_name(role).set_tags(Some(write(set)));
            call.send().await.map_err(on("iam TagRole"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.iam.untag_role().role_name(role).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("iam UntagRole"))?;
        }
        Ok(())
    }
}

/// CloudWatch Logs has a map.
pub mod logs {
    use super::*;

    /// `arn` without the trailing `:*`.
    pub async fn set(context: &Context, arn: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let tags = set.clone().into_iter().collect();
            let call = context.aws.logs.tag_resource().resource_arn(arn).set_tags(Some(tags));
            call.send().await.map_err(on("logs TagResource"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.logs.untag_resource().resource_arn(arn).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("logs UntagResource"))?;
        }
        Ok(())
    }
}

/// S3's form.
pub mod s3 {
    use aws_sdk_s3::types::{Tag, Tagging};

    use crate::aws::error::unless_gone;

    use super::*;

    pub fn write(tags: &Tags) -> Vec<Tag> {
        // Key and value are all that a tag requires.
        tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
    }

    /// The tags of a bucket; none where AWS says that there is no set of tags.
    pub async fn read(context: &Context, bucket: &str) -> Result<Tags, Failure> {
        let answer = context.aws.s3.get_bucket_tagging().bucket(bucket).send().await;
        let tags = unless_gone(answer.map_err(on("s3 GetBucketTagging")))?;
        let tags = tags.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(collect(&tags, |tag| (Some(tag.key()), Some(tag.value()))))
    }

    /// S3 replaces all tags at once, so others' are read and written back, AWS's own (`aws:`) among them: S3 refuses
    /// a set without those.
    pub async fn set(context: &Context, bucket: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        let mut tags = read(context, bucket).await?;
        tags.retain(|key, _| !remove.contains(key));
        tags.extend(set.clone());
        let tagging = Tagging::builder().set_tag_set(Some(write(&tags))).build().ok();
        let call = context.aws.s3.put_bucket_tagging().bucket(bucket).set_tagging(tagging);
        call.send().await.map_err(on("s3 PutBucketTagging"))?;
        Ok(())
    }
}

/// Secrets Manager's form.
pub mod secrets {
    use aws_sdk_secretsmanager::types::Tag;

    use super::*;

    pub fn read(tags: &[Tag]) -> Tags {
        collect(tags, |tag| (tag.key(), tag.value()))
    }

    pub fn write(tags: &Tags) -> Vec<Tag> {
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    pub async fn set(context: &Context, arn: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.secrets.tag_resource().secret_id(arn).set_tags(Some(write(set)));
            call.send().await.map_err(on("secretsmanager TagResource"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.secrets.untag_resource().secret_id(arn).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("secretsmanager UntagResource"))?;
        }
        Ok(())
    }
}

/// EFS's form.
pub mod efs {
    use aws_sdk_efs::types::Tag;

    use super::*;

    pub fn read(tags: &[Tag]) -> Tags {
        collect(tags, |tag| (Some(tag.key()), Some(tag.value())))
    }

    pub fn write(tags: &Tags) -> Vec<Tag> {
        tags.iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
    }

    pub async fn set(context: &Context, id: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.efs.tag_resource().resource_id(id).set_tags(Some(write(set)));
            call.send().await.map_err(on("efs TagResource"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.efs.untag_resource().resource_id(id).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("efs UntagResource"))?;
        }
        Ok(())
    }
}

/// AWS Backup has a map.
pub mod backup {
    use std::collections::HashMap;

    use crate::aws::error::unless_gone;

    use super::*;

    /// Nothing where what is asked about has just gone.
    pub async fn read(context: &Context, arn: &str) -> Result<Tags, Failure> {
        let pages = context.aws.backup.list_tags().resource_arn(arn).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("backup ListTags"));
        let pages = unless_gone(pages)?.unwrap_or_default();
        Ok(pages.into_iter().filter_map(|page| page.tags).flatten().collect())
    }

    pub fn write(tags: &Tags) -> HashMap<String, String> {
        tags.clone().into_iter().collect()
    }

    pub async fn set(context: &Context, arn: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.backup.tag_resource().resource_arn(arn).set_tags(Some(write(set)));
            call.send().await.map_err(on("backup TagResource"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.backup.untag_resource().resource_arn(arn).set_tag_key_list(Some(remove.to_vec()));
            call.send().await.map_err(on("backup UntagResource"))?;
        }
        Ok(())
    }
}

/// Elastic Load Balancing's form.
pub mod elb {
    use std::collections::BTreeMap;

    use aws_sdk_elasticloadbalancingv2::types::Tag;

    use super::*;

    /// How many ARNs one call takes (Elastic Load Balancing API reference, DescribeTags).
    const AT_ONCE: usize = 20;

    pub fn write(tags: &Tags) -> Vec<Tag> {
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    /// Tags by ARN: the service tells them in a call of their own.
    pub async fn read(context: &Context, arns: &[String]) -> Result<BTreeMap<String, Tags>, Failure> {
        let calls =
            arns.chunks(AT_ONCE).map(|arns| context.aws.elb.describe_tags().set_resource_arns(Some(arns.to_vec())));
        let answers = futures::future::try_join_all(calls.map(|call| call.send())).await;
        let mut found = BTreeMap::new();
        for answer in answers.map_err(on("elb DescribeTags"))? {
            for description in answer.tag_descriptions() {
                let tags = collect(description.tags(), |tag| (tag.key(), tag.value()));
                found.insert(description.resource_arn().unwrap_or_default().to_owned(), tags);
            }
        }
        Ok(found)
    }

    /// Which of these are ours: address and tags by ARN.
    pub async fn ours(
        context: &Context,
        kind: &str,
        arns: &[String],
    ) -> Result<BTreeMap<String, (Address, Tags)>, Failure> {
        let mut ours = BTreeMap::new();
        for (arn, tags) in read(context, arns).await? {
            if let Some(address) = address_of(context, kind, &tags) {
                ours.insert(arn, (address, tags));
            }
        }
        Ok(ours)
    }

    pub async fn set(context: &Context, arn: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.elb.add_tags().resource_arns(arn).set_tags(Some(write(set)));
            call.send().await.map_err(on("elb AddTags"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.elb.remove_tags().resource_arns(arn).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("elb RemoveTags"))?;
        }
        Ok(())
    }
}

/// ECS's form.
pub mod ecs {
    use aws_sdk_ecs::types::Tag;

    use super::*;

    pub fn read(tags: &[Tag]) -> Tags {
        collect(tags, |tag| (tag.key(), tag.value()))
    }

    pub fn write(tags: &Tags) -> Vec<Tag> {
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
    }

    pub async fn set(context: &Context, arn: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = context.aws.ecs.tag_resource().resource_arn(arn).set_tags(Some(write(set)));
            call.send().await.map_err(on("ecs TagResource"))?;
        }
        if !remove.is_empty() {
            let call = context.aws.ecs.untag_resource().resource_arn(arn).set_tag_keys(Some(remove.to_vec()));
            call.send().await.map_err(on("ecs UntagResource"))?;
        }
        Ok(())
    }
}
