//! Tags: the only state there is. One converter and one setter a service.

use crate::aws::error::on;
use crate::engine::address::Address;
use crate::engine::failure::Failure;

use super::names;
use super::resource::{Cx, Tags};

/// The address in a resource's tags, if it has one that this program could have written.
pub fn address(tags: &Tags) -> Option<Address> {
    tags.get(names::ADDRESS)?.parse().ok()
}

/// The address in a resource's tags, if it is of this kind and of this deployment.
pub fn address_of(cx: &Cx, kind: &str, tags: &Tags) -> Option<Address> {
    let ours = tags.get(names::DEPLOYMENT) == Some(&cx.names.deployment);
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
    pub fn ours(cx: &Cx) -> Filter {
        filter(&format!("tag:{}", names::DEPLOYMENT), [cx.names.deployment.clone()])
    }

    pub fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
        Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
    }

    pub async fn set(cx: &Cx, id: &str, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        if !set.is_empty() {
            let call = cx.aws.ec2.create_tags().resources(id).set_tags(Some(write(set)));
            call.send().await.map_err(on("ec2 CreateTags"))?;
        }
        if !remove.is_empty() {
            let keys = remove.iter().map(|key| Tag::builder().key(key).build()).collect();
            let call = cx.aws.ec2.delete_tags().resources(id).set_tags(Some(keys));
            call.send().await.map_err(on("ec2 DeleteTags"))?;
        }
        Ok(())
    }
}
