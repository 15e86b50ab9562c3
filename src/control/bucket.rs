//! Creates and configures the control bucket.
//!
//! Private, encrypted, TLS only, versioned. The versions that renewals leave behind are deleted after a day.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration,
    ExpirationStatus, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    VersioningConfiguration,
};
use serde_json::{Value, json};

use crate::aws::answer::Answer;
use crate::aws::error::incomplete;
use crate::engine::failure::{Cause, Failure};

use super::error::ControlError;
use super::objects::{Store, new, own_bucket};

/// The prefix of leases.
pub const LEASES: &str = "lease/";

impl Store {
    /// Creates the bucket if there is none. A new bucket is private and encrypted from the start (S3 user guide,
    /// "Default settings for new S3 buckets").
    ///
    /// # Errors
    ///
    /// The name is taken by another account, or the caller lacks a permission.
    pub async fn create(&self) -> Result<(), ControlError> {
        self.make().await.map_err(|failure| match failure.code.as_str() {
            "BucketAlreadyExists" => ControlError::BucketTaken { bucket: self.bucket.clone(), failure },
            _ => self.denied(failure),
        })
    }

    /// Makes all its settings. It is repeated until a run has completed it.
    ///
    /// # Errors
    ///
    /// The caller lacks a permission.
    pub async fn configure(&self) -> Result<(), ControlError> {
        self.set().await.map_err(|failure| new(failure).into())
    }

    /// A failure as an error of the bucket, if it was denied.
    pub(super) fn denied(&self, failure: Failure) -> ControlError {
        let is_denied = failure.cause == Cause::Denied
            && ["AccessDenied", "AllAccessDisabled", "AccountProblem"].contains(&failure.code.as_str());
        if is_denied { ControlError::Denied { bucket: self.bucket.clone(), failure } } else { failure.into() }
    }

    /// S3 answers the same for a missing permission and for a bucket of another account. The latter exists, but is not
    /// in the caller's list of buckets.
    pub(super) async fn whose(&self, denied: ControlError) -> ControlError {
        let ControlError::Denied { bucket, failure } = denied else { return denied };
        let denied = |failure| ControlError::Denied { bucket: bucket.clone(), failure };
        let pages = self.s3.list_buckets().prefix(&self.bucket).into_paginator().send();
        let Ok(pages) = pages.try_collect().await else { return denied(failure) };
        let mut names = pages.iter().flat_map(|page| page.buckets()).filter_map(|bucket| bucket.name());
        if names.any(|name| name == self.bucket) {
            return denied(failure);
        }
        match self.s3.head_bucket().bucket(&self.bucket).send().await.unless_gone() {
            Ok(None) => denied(failure),
            _ => ControlError::BucketTaken { bucket: self.bucket.clone(), failure },
        }
    }

    async fn make(&self) -> Result<(), Failure> {
        let call = self.s3.create_bucket().bucket(&self.bucket).object_ownership(ObjectOwnership::BucketOwnerEnforced);
        // us-east-1 must not be named as a location (S3 API reference, CreateBucket).
        let place = (self.region != "us-east-1").then(|| {
            let region = BucketLocationConstraint::from(self.region.as_str());
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        match call.set_create_bucket_configuration(place).send().await.answer() {
            Err(failure) if failure.code == "BucketAlreadyOwnedByYou" => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// In sequence: S3 refuses some of these calls at the same time (OperationAborted).
    async fn set(&self) -> Result<(), Failure> {
        let private = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true);
        let call = own_bucket!(self.put_public_access_block());
        call.public_access_block_configuration(private.build()).send().await.done()?;

        let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced);
        let owner = OwnershipControls::builder().rules(rule.build().map_err(incomplete)?);
        let owner = owner.build().map_err(incomplete)?;
        own_bucket!(self.put_bucket_ownership_controls()).ownership_controls(owner).send().await.done()?;

        let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256);
        let default = default.build().map_err(incomplete)?;
        let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
        let encrypted = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(incomplete)?;
        let call = own_bucket!(self.put_bucket_encryption());
        call.server_side_encryption_configuration(encrypted).send().await.done()?;

        own_bucket!(self.put_bucket_policy()).policy(self.policy().to_string()).send().await.done()?;

        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        own_bucket!(self.put_bucket_versioning()).versioning_configuration(versions).send().await.done()?;

        let former = LifecycleRule::builder()
            .id("former-leases")
            .filter(LifecycleRuleFilter::builder().prefix(LEASES).build())
            .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(1).build())
            .status(ExpirationStatus::Enabled)
            .build()
            .map_err(incomplete)?;
        let rules = BucketLifecycleConfiguration::builder().rules(former).build().map_err(incomplete)?;
        own_bucket!(self.put_bucket_lifecycle_configuration()).lifecycle_configuration(rules).send().await.done()
    }

    fn policy(&self) -> Value {
        let arn = format!("arn:{}:s3:::{}", self.partition, self.bucket);
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "OnlyThroughTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, format!("{arn}/*")],
                "Condition": { "Bool": { "aws:SecureTransport": "false" } },
            }],
        })
    }
}
