//! Reading and writing in the control bucket. Every call names the account that must own it, so that nothing is ever
//! written to, or read from, another account's bucket of that name.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::engine::failure::{Cause, Failure};

use super::date::Date;
use super::lease::Condition;

/// The control bucket of one account and region.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) s3: Client,
    /// `ce-aws-<account>-<region>`.
    pub bucket: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) partition: String,
}

/// What is at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    Nothing,
    There {
        etag: String,
        bytes: Vec<u8>,
        /// How long ago it was written, by S3's own clock.
        age: Duration,
    },
    /// More bytes than ce-aws ever writes.
    TooLarge,
}

/// How long reading or writing one object may take in all.
const PATIENCE: Duration = Duration::from_secs(60);

impl Store {
    pub fn new(s3: &Client, account: &str, region: &str, partition: &str) -> Self {
        let [account, region, partition] = [account, region, partition].map(str::to_owned);
        Self { s3: s3.clone(), bucket: format!("ce-aws-{account}-{region}"), account, region, partition }
    }

    /// What is at a key, `largest` bytes at most.
    pub async fn get(&self, key: &str, largest: usize) -> Result<Got, Failure> {
        let call = self.s3.get_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        let date = Date::default();
        let call = call.customize().interceptor(date.clone());
        let answer = match call.send().await.map_err(on("s3 GetObject")) {
            Ok(answer) => answer,
            Err(failure) if failure.cause == Cause::Gone => return Ok(Got::Nothing),
            Err(failure) => return Err(failure),
        };
        if answer.content_length().and_then(|length| usize::try_from(length).ok()).is_none_or(|length| length > largest)
        {
            return Ok(Got::TooLarge);
        }
        let etag = required("s3 GetObject", "ETag", answer.e_tag())?.to_owned();
        let age = answer.last_modified().map_or(Duration::ZERO, |written| date.since(written));
        let broken =
            |why: String| Failure { operation: "s3 GetObject".to_owned(), ..Failure::of(Cause::Unavailable, why) };
        let body = tokio::time::timeout(PATIENCE, answer.body.collect()).await;
        let body = body.map_err(|_| broken("the object did not arrive in time".to_owned()))?;
        let body = body.map_err(|error| broken(error.to_string()))?;
        Ok(Got::There { etag, bytes: body.to_vec(), age })
    }

    /// Writes under a condition; `None` when it does not hold.
    pub async fn put_if(&self, key: &str, body: Vec<u8>, condition: &Condition) -> Result<Option<String>, Failure> {
        let call = self.s3.put_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        let call = call.body(ByteStream::from(body));
        let call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Is(etag) => call.if_match(etag),
        };
        match call.send().await.map_err(on("s3 PutObject")) {
            Ok(answer) => match answer.e_tag() {
                Some(etag) => Ok(Some(etag.to_owned())),
                None => Err(Failure::of(Cause::Unavailable, "the answer to s3 PutObject has no ETag")),
            },
            // Another write was under way; or there is nothing to match (S3 API reference, PutObject).
            Err(failure)
                if ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"]
                    .contains(&failure.code.as_str()) =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Writes unconditionally.
    pub async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        let call = self.s3.put_object().bucket(&self.bucket).key(key).expected_bucket_owner(&self.account);
        call.body(ByteStream::from(body)).send().await.map_err(on("s3 PutObject"))?;
        Ok(())
    }

    /// The keys with a prefix, in order; none where there is no bucket. They are requested encoded, because a key may
    /// hold what XML may not (S3 API reference, ListObjectsV2).
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        let call = self.s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).expected_bucket_owner(&self.account);
        let call = call.encoding_type(EncodingType::Url);
        let pages = call.into_paginator().send().collect::<Result<Vec<_>, _>>().await.map_err(on("s3 ListObjectsV2"));
        let pages = match pages {
            Err(failure) if failure.cause == Cause::Gone => return Ok(Vec::new()),
            pages => pages?,
        };
        let objects = pages.iter().flat_map(|page| page.contents());
        Ok(objects.filter_map(|object| object.key().map(decoded)).collect())
    }
}

/// A key without its encoding; a space is sent as `+`.
fn decoded(key: &str) -> String {
    percent_encoding::percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}
