//! Reads and writes objects of the control bucket. Every call names the account that must own it, so that a bucket of
//! another account with that name is never used.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;

use crate::aws::answer::{Answer, member};
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

/// The object at a key.
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

/// A call about the bucket, which must be the account's own.
macro_rules! own_bucket {
    ($store:ident.$call:ident()) => {
        $store.s3.$call().bucket(&$store.bucket).expected_bucket_owner(&$store.account)
    };
}

pub(super) use own_bucket;

/// A bucket that was just created may be unknown for a moment (`docs/aws-behaviour.md`, "S3 and the lease").
pub(super) fn new(failure: Failure) -> Failure {
    if failure.code != "NoSuchBucket" {
        return failure;
    }
    Failure { cause: Cause::NotYetVisible, ..failure }
}

/// How long reading or writing one object may take in all.
const PATIENCE: Duration = Duration::from_secs(60);

impl Store {
    pub fn new(s3: &Client, account: &str, region: &str, partition: &str) -> Self {
        let [account, region, partition] = [account, region, partition].map(str::to_owned);
        Self { s3: s3.clone(), bucket: format!("ce-aws-{account}-{region}"), account, region, partition }
    }

    /// The object at a key, of at most `largest` bytes.
    pub async fn get(&self, key: &str, largest: usize) -> Result<Got, Failure> {
        let date = Date::default();
        let call = own_bucket!(self.get_object()).key(key).customize().interceptor(date.clone());
        let Some(answer) = call.send().await.unless_gone()? else { return Ok(Got::Nothing) };
        let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
        if length.is_none_or(|length| length > largest) {
            return Ok(Got::TooLarge);
        }
        let etag = member(&answer, "ETag", |answer| answer.e_tag())?.to_owned();
        let age = answer.last_modified().map_or(Duration::ZERO, |written| date.since(written));
        let broken =
            |why: String| Failure { operation: "s3 GetObject".to_owned(), ..Failure::of(Cause::Unavailable, why) };
        let body = tokio::time::timeout(PATIENCE, answer.body.collect()).await;
        let body = body.map_err(|_| broken("the object did not arrive in time".to_owned()))?;
        let body = body.map_err(|error| broken(error.to_string()))?;
        Ok(Got::There { etag, bytes: body.to_vec(), age })
    }

    /// Writes if a condition holds, and returns the ETag; `None` if it does not hold.
    pub async fn put_if(&self, key: &str, body: Vec<u8>, condition: &Condition) -> Result<Option<String>, Failure> {
        let call = own_bucket!(self.put_object()).key(key).body(ByteStream::from(body));
        let call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Is(etag) => call.if_match(etag),
        };
        // Another write is in progress, or there is nothing to match (S3 API reference, PutObject).
        let fails = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];
        match call.send().await.answer() {
            Ok(answer) => Ok(Some(member(&answer, "ETag", |answer| answer.e_tag())?.to_owned())),
            Err(failure) if fails.contains(&failure.code.as_str()) => Ok(None),
            Err(failure) => Err(new(failure)),
        }
    }

    /// Writes unconditionally.
    pub async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        own_bucket!(self.put_object()).key(key).body(ByteStream::from(body)).send().await.done()
    }

    /// The keys with a prefix, in order; none if there is no bucket.
    pub async fn keys(&self, prefix: &str) -> Result<Vec<String>, Failure> {
        Ok(self.ages(prefix).await?.into_iter().map(|(key, _)| key).collect())
    }

    /// The same, with how long ago each was written, by S3's own clock. Keys are requested URL-encoded, because a key
    /// may contain what XML may not (S3 API reference, ListObjectsV2).
    pub async fn ages(&self, prefix: &str) -> Result<Vec<(String, Duration)>, Failure> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        loop {
            let date = Date::default();
            let call = own_bucket!(self.list_objects_v2()).prefix(prefix).encoding_type(EncodingType::Url);
            let call = call.set_continuation_token(token.clone()).customize().interceptor(date.clone());
            let Some(page) = call.send().await.unless_gone()? else { return Ok(Vec::new()) };
            found.extend(page.contents().iter().filter_map(|object| {
                let age = object.last_modified().map_or(Duration::ZERO, |written| date.since(written));
                Some((decoded(object.key()?), age))
            }));
            // The same token again would never end.
            let next = page.next_continuation_token.filter(|next| token.as_ref() != Some(next));
            if next.is_none() {
                return Ok(found);
            }
            token = next;
        }
    }
}

/// Decodes a key; a space is encoded as `+`.
fn decoded(key: &str) -> String {
    percent_encoding::percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}
