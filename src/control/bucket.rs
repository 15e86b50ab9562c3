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
use super::objects::Store;

/// The prefix of leases.
pub const LEASES: &str = "lease/";

impl Store {
    /// Creates the bucket if there is none, and applies all its settings. It is repeated whenever there is no lease
    /// yet, and so completes what a crash has interrupted.
    ///
    /// # Errors
    ///
    /// The name is taken by another account, or the caller lacks a permission.
    pub async fn prepare(&self) -> Result<(), ControlError> {
        self.create().await.map_err(|failure| match failure.code.as_str() {
            "BucketAlreadyExists" => ControlError::BucketTaken { bucket: self.bucket.clone(), failure },
            _ => self.denied(failure),
        })?;
        // In sequence: S3 refuses some of them at the same time (OperationAborted).
        let settings = async {
            self.block_public_access().await?;
            self.own().await?;
            self.encrypt().await?;
            self.insist_on_tls().await?;
            self.keep_versions().await?;
            self.expire_leases().await
        };
        settings.await.map_err(|failure| self.denied(failure))
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
        let Ok(pages) = pages.collect::<Result<Vec<_>, _>>().await else { return denied(failure) };
        let mut names = pages.iter().flat_map(|page| page.buckets()).filter_map(|bucket| bucket.name());
        if names.any(|name| name == self.bucket) {
            return denied(failure);
        }
        match self.s3.head_bucket().bucket(&self.bucket).send().await.unless_gone() {
            Ok(None) => denied(failure),
            _ => ControlError::BucketTaken { bucket: self.bucket.clone(), failure },
        }
    }

    async fn create(&self) -> Result<(), Failure> {
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

    async fn block_public_access(&self) -> Result<(), Failure> {
        let all = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true);
        let call = self.s3.put_public_access_block().bucket(&self.bucket).expected_bucket_owner(&self.account);
        let call = call.public_access_block_configuration(all.build());
        call.send().await.done()
    }

    async fn own(&self) -> Result<(), Failure> {
        let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::BucketOwnerEnforced);
        let rule = rule.build().map_err(incomplete)?;
        let controls = OwnershipControls::builder().rules(rule).build().map_err(incomplete)?;
        let call = self.s3.put_bucket_ownership_controls().bucket(&self.bucket).expected_bucket_owner(&self.account);
        call.ownership_controls(controls).send().await.done()
    }

    async fn encrypt(&self) -> Result<(), Failure> {
        let default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256);
        let default = default.build().map_err(incomplete)?;
        let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
        let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(incomplete)?;
        let call = self.s3.put_bucket_encryption().bucket(&self.bucket).expected_bucket_owner(&self.account);
        let call = call.server_side_encryption_configuration(all);
        call.send().await.done()
    }

    async fn insist_on_tls(&self) -> Result<(), Failure> {
        let call = self.s3.put_bucket_policy().bucket(&self.bucket).expected_bucket_owner(&self.account);
        let call = call.policy(self.policy().to_string());
        call.send().await.done()
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

    async fn keep_versions(&self) -> Result<(), Failure> {
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.s3.put_bucket_versioning().bucket(&self.bucket).expected_bucket_owner(&self.account);
        call.versioning_configuration(versions).send().await.done()
    }

    async fn expire_leases(&self) -> Result<(), Failure> {
        let rule = LifecycleRule::builder()
            .id("former-leases")
            .filter(LifecycleRuleFilter::builder().prefix(LEASES).build())
            .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(1).build())
            .status(ExpirationStatus::Enabled)
            .build()
            .map_err(incomplete)?;
        let all = BucketLifecycleConfiguration::builder().rules(rule).build().map_err(incomplete)?;
        let call = self.s3.put_bucket_lifecycle_configuration().bucket(&self.bucket);
        let call = call.expected_bucket_owner(&self.account).lifecycle_configuration(all);
        call.send().await.done()
    }
}
