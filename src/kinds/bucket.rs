//! S3 buckets for logs.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, ObjectOwnership,
};
use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::{bucket_settings, document, tags};

/// A bucket and its settings. Versioning is not managed. Outputs: `id` (the name), `name`, `arn`.
///
/// Its name must be `context.names.bucket(purpose)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    pub name: String,
    /// `AES256`: load balancers write their logs into no bucket with another key (Elastic Load Balancing user guide).
    pub encryption: String,
    /// All four blocks, or not all of them.
    pub block_public_access: bool,
    /// `BucketOwnerEnforced`: access lists have no effect.
    pub ownership: String,
    /// In normal form ([`super::document::normal`]); null leaves whatever there is.
    pub policy: Value,
    pub lifecycle: Vec<LifecycleRule>,
    /// From which size on the lifecycle moves objects: see [`FROM_128_KIB`].
    pub moves_from: String,
    /// Where accesses to this bucket are logged; `None` leaves whatever there is.
    pub access_log: Option<AccessLog>,
    /// Whether events go to EventBridge.
    pub eventbridge: bool,
}

/// AWS's default since 2024: smaller objects stay in their storage class until they expire, because a move costs more than it saves
/// (S3 user guide, "Transitioning objects using Amazon S3 Lifecycle"). Said in so many words, so that it is not left to what was the
/// default when a bucket was made.
pub const FROM_128_KIB: &str = "all_storage_classes_128K";

/// What becomes of objects as they age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Objects whose key starts with this; empty means all.
    pub prefix: String,
    pub enabled: bool,
    /// Days until objects move to the storage class GLACIER.
    pub archive_after_days: Option<i32>,
    /// Days until objects are deleted; more than `archive_after_days`.
    pub expire_after_days: Option<i32>,
    /// Days until an upload that was begun and never completed is deleted.
    pub abort_uploads_after_days: Option<i32>,
}

/// Delivery of server access logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The bucket's `id`, its name.
    pub bucket: Ref<Bucket>,
    pub prefix: String,
}

impl Spec for Bucket {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        immutable: &["name"],
        gone_after: &["load-balancer"],
        // Its policy.
        spreads: true,
        ..Kind::new("bucket", Part::Logs)
    };
}

#[async_trait]
impl Resource for Bucket {
    /// ListBuckets names the caller's own buckets only, so that a stranger's bucket of our name is never among them.
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure> {
        let prefix = context.names.bucket_prefix();
        let pages = context.aws.s3.list_buckets().prefix(&prefix).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("s3 ListBuckets"))?;
        let names = pages.iter().flat_map(|page| page.buckets()).filter_map(|bucket| bucket.name());
        let ours = names.filter(|name| name.starts_with(&prefix));
        let found = try_join_all(ours.map(|name| read(context, name, depth))).await?;
        Ok(found.into_iter().flatten().collect::<Vec<_>>().into())
    }

    /// The tags go with the same call, so that no bucket of ours is ever without them.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let mut place = CreateBucketConfiguration::builder().set_tags(Some(tags::s3::write(&target.tags)));
        // S3 knows this region by its absence (S3 API reference, CreateBucket).
        if context.names.region != "us-east-1" {
            place = place.location_constraint(BucketLocationConstraint::from(context.names.region.as_str()));
        }
        let call = context
            .aws
            .s3
            .create_bucket()
            .bucket(&self.name)
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .create_bucket_configuration(place.build());
        call.send().await.map_err(on("s3 CreateBucket"))?;
        bucket_settings::write(self, context, |setting| setting != "ownership").await?;
        Ok(self.made(context))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        bucket_settings::write(self, context, |setting| target.changes.is_empty() || target.changed(setting)).await?;
        Ok(self.made(context))
    }

    /// The policy goes first: with it goes the permission to deliver more logs while the bucket is being emptied. What
    /// still arrives makes S3 refuse (BucketNotEmpty), and the engine comes back.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let s3 = &context.aws.s3;
        let (bucket, owner) = (&target.id, &context.names.account);
        let call = s3.delete_bucket_policy().bucket(bucket).expected_bucket_owner(owner);
        call.send().await.map_err(on("s3 DeleteBucketPolicy"))?;
        abort_uploads(context, bucket).await?;
        while delete_page(context, bucket).await? {}
        let call = s3.delete_bucket().bucket(bucket).expected_bucket_owner(owner);
        call.send().await.map_err(on("s3 DeleteBucket"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::s3::set(context, &target.id, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let bucket = format!("arn:{}:s3:::{}*", place.names.partition, place.names.bucket_prefix());
        place
            .grants_on("s3", vec![bucket])
            .see(&["ListAllMyBuckets"])
            .see_named(&["GetBucketTagging"])
            .see_named(&bucket_settings::READ)
            .named(Use::Make, &["CreateBucket", "TagResource", "PutBucketTagging"])
            .named(Use::Make, &bucket_settings::WRITTEN)
            .named(Use::Erase, &["DeleteBucketPolicy", "ListBucketMultipartUploads", "AbortMultipartUpload"])
            .named(Use::Erase, &["ListBucketVersions", "DeleteObjectVersion", "DeleteBucket"])
            .done()
    }
}

impl Bucket {
    /// The same bucket as reading it from AWS gives it.
    pub fn normal(mut self) -> Self {
        self.policy = document::normal(&self.policy);
        self
    }

    fn made(&self, context: &Context) -> Made {
        made(&self.name, &[("name", &self.name), ("arn", &arn(context, &self.name))])
    }
}

fn arn(context: &Context, name: &str) -> String {
    format!("arn:{}:s3:::{name}", context.names.partition)
}

async fn read(context: &Context, name: &str, depth: Depth) -> Result<Option<Found<Bucket>>, Failure> {
    let settings = async {
        match depth {
            Depth::Phase => Ok(None),
            Depth::Full => bucket_settings::read(context, name).await.map(Some),
        }
    };
    let (tags, spec) = tokio::try_join!(tags::s3::read(context, name), settings)?;
    let address = tags::address_of(context, Bucket::KIND.name, &tags);
    Ok(address.map(|address| {
        let found = Found::new(address, name).output("name", name).output("arn", &arn(context, name)).tags(tags);
        Found { spec, ..found }
    }))
}

/// Deletes the first objects, at most 1000, with all their versions; false when there were none.
async fn delete_page(context: &Context, bucket: &str) -> Result<bool, Failure> {
    let s3 = &context.aws.s3;
    let owner = &context.names.account;
    let call = s3.list_object_versions().bucket(bucket).expected_bucket_owner(owner);
    let page = call.send().await.map_err(on("s3 ListObjectVersions"))?;
    let versions = page.versions().iter().map(|object| (object.key(), object.version_id()));
    let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    let objects: Vec<_> = versions
        .chain(markers)
        .filter_map(|(key, version)| {
            ObjectIdentifier::builder().key(key?).set_version_id(version.map(str::to_owned)).build().ok()
        })
        .collect();
    if objects.is_empty() {
        return Ok(false);
    }
    let batch = Delete::builder().set_objects(Some(objects)).quiet(true).build().ok();
    let call = s3.delete_objects().bucket(bucket).expected_bucket_owner(owner).set_delete(batch);
    let answer = call.send().await.map_err(on("s3 DeleteObjects"))?;
    let Some(error) = answer.errors().first() else { return Ok(true) };
    let (key, code) = (error.key().unwrap_or_default(), error.code().unwrap_or_default());
    let cause = match code {
        "AccessDenied" => Cause::Denied,
        "SlowDown" => Cause::Throttled,
        "InternalError" | "ServiceUnavailable" => Cause::Unavailable,
        _ => Cause::Refused,
    };
    let message = format!("{key}: {}", error.message().unwrap_or_default());
    Err(Failure { operation: "s3 DeleteObjects".to_owned(), code: code.to_owned(), ..Failure::of(cause, message) })
}

/// Uploads that were begun and never completed hold storage that no list of objects shows.
async fn abort_uploads(context: &Context, bucket: &str) -> Result<(), Failure> {
    let (mut key, mut upload) = (None, None);
    loop {
        let call = context.aws.s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(&context.names.account);
        let call = call.set_key_marker(key).set_upload_id_marker(upload);
        let page = call.send().await.map_err(on("s3 ListMultipartUploads"))?;
        for begun in page.uploads() {
            let call =
                context.aws.s3.abort_multipart_upload().bucket(bucket).expected_bucket_owner(&context.names.account);
            let call = call.set_key(begun.key().map(str::to_owned)).set_upload_id(begun.upload_id().map(str::to_owned));
            unless_gone(call.send().await.map_err(on("s3 AbortMultipartUpload")))?;
        }
        if !page.is_truncated().unwrap_or_default() {
            return Ok(());
        }
        (key, upload) = (page.next_key_marker, page.next_upload_id_marker);
    }
}
