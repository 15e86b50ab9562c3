//! How buckets are listed, created, changed and deleted.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, ObjectOwnership,
};

use crate::aws::error::reported;
use crate::kinds::prelude::*;

use super::properties::Bucket;
use super::settings;

#[async_trait]
impl Resource for Bucket {
    const TAGGING: Tagging = Tagging::S3;

    /// ListBuckets returns the caller's own buckets only, so somebody else's bucket of our name is never among them.
    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let prefix = context.names.bucket_prefix();
        let pages = context.aws.s3.list_buckets().prefix(&prefix).into_paginator().send();
        let pages: Vec<_> = pages.try_collect().await.answer()?;
        let names = pages.iter().flat_map(|page| page.buckets()).filter_map(|bucket| bucket.name());
        let ours = names.filter(|name| name.starts_with(&prefix));
        try_join_all(ours.map(|name| found(context, name, depth))).await
    }

    /// The tags are set by the same call, so a bucket of ours is never without them.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let mut place = CreateBucketConfiguration::builder().set_tags(Some(tags::write(&target.tags)));
        // For this region S3 takes no constraint (S3 API reference, CreateBucket).
        if context.names.region != "us-east-1" {
            place = place.location_constraint(BucketLocationConstraint::from(context.names.region.as_str()));
        }
        let s3 = &context.aws.s3;
        let call = s3
            .create_bucket()
            .bucket(&self.name)
            .object_ownership(ObjectOwnership::from(self.ownership.as_str()))
            .create_bucket_configuration(place.build());
        call.send().await.answer()?;
        settings::write_new(self, context).await?;
        Ok(made(self.name.as_str(), &[("name", &self.name), ("arn", &arn(context, &self.name))]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        settings::write(self, context, |setting| target.is_due(setting)).await
    }

    /// The policy is deleted first, and with it the permission to deliver more logs while the bucket is being emptied.
    /// If something still arrives, S3 refuses (BucketNotEmpty), and the engine repeats the deletion.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let s3 = &context.aws.s3;
        let (bucket, owner) = (&target.id, &context.names.account);
        s3.delete_bucket_policy().bucket(bucket).expected_bucket_owner(owner).send().await.answer()?;
        abort_uploads(context, bucket).await?;
        while delete_page(context, bucket).await? {}
        s3.delete_bucket().bucket(bucket).expected_bucket_owner(owner).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let bucket = format!("arn:{}:s3:::{}*", place.names.partition, place.names.bucket_prefix());
        Grants::on(place, "s3", bucket)
            .see(&["ListAllMyBuckets"])
            .named(Use::See, &["GetBucketTagging"])
            .named(Use::See, &settings::READ)
            .named(Use::Make, &["CreateBucket", "TagResource", "PutBucketTagging"])
            .named(Use::Make, &settings::WRITTEN)
            .named(Use::Erase, &["DeleteBucketPolicy", "ListBucketMultipartUploads", "AbortMultipartUpload"])
            .named(Use::Erase, &["ListBucketVersions", "DeleteObjectVersion", "DeleteBucket"])
    }
}

fn arn(context: &Context, name: &str) -> String {
    format!("arn:{}:s3:::{name}", context.names.partition)
}

async fn found(context: &Context, name: &str, depth: Depth) -> Result<Found<Bucket>, Failure> {
    let settings = async {
        match depth {
            Depth::Phase => Ok(None),
            Depth::Full => settings::read(context, name).await.map(Some),
        }
    };
    let (tags, spec) = tokio::try_join!(tags::of_bucket(context, name), settings)?;
    let arn = arn(context, name);
    Ok(Found::new(name).output("name", name).output("arn", arn.as_str()).tags(tags).spec(spec))
}

/// Deletes the first objects, at most 1000, with all their versions; false when there were none.
async fn delete_page(context: &Context, bucket: &str) -> Result<bool, Failure> {
    let (s3, owner) = (&context.aws.s3, &context.names.account);
    let page = s3.list_object_versions().bucket(bucket).expected_bucket_owner(owner).send().await.answer()?;
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
    let answer = call.send().await.answer()?;
    let Some(error) = answer.errors().first() else { return Ok(true) };
    let (key, code) = (error.key().unwrap_or_default(), error.code().unwrap_or_default());
    Err(reported("s3 DeleteObjects", code, &format!("{key}: {}", error.message().unwrap_or_default())))
}

/// Aborts uploads that were never completed: they use storage that no list of objects shows.
async fn abort_uploads(context: &Context, bucket: &str) -> Result<(), Failure> {
    let (s3, owner) = (&context.aws.s3, &context.names.account);
    let (mut key, mut upload) = (None, None);
    loop {
        let call = s3.list_multipart_uploads().bucket(bucket).expected_bucket_owner(owner);
        let page = call.set_key_marker(key).set_upload_id_marker(upload).send().await.answer()?;
        for begun in page.uploads() {
            let call = s3.abort_multipart_upload().bucket(bucket).expected_bucket_owner(owner);
            let call = call.set_key(begun.key().map(str::to_owned)).set_upload_id(begun.upload_id().map(str::to_owned));
            call.send().await.done_or_gone()?;
        }
        if !page.is_truncated().unwrap_or_default() {
            return Ok(());
        }
        (key, upload) = (page.next_key_marker, page.next_upload_id_marker);
    }
}
