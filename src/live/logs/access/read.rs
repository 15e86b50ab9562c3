//! Reading access logs from their bucket.

use std::io::{BufRead as _, BufReader, Read as _};

use flate2::read::MultiGzDecoder;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::place;

use super::entry::Entry;
use super::files::{LATE, Place, Seen, days};

/// How many files are read at once.
const AT_ONCE: usize = 4;
/// The most that one file may unpack to, in bytes: what is longer is no access log of five minutes.
const LARGEST: u64 = 2 << 30;

/// Which entries are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The earliest, in milliseconds since 1970.
    pub since: i64,
    /// What an entry has to contain, as it was delivered.
    pub text: String,
}

/// Reads the files that are new, and gives the entries of each interval to `show`, by time, until that says no more.
///
/// # Errors
///
/// A file could not be read; the cause is `Gone` where there is no such bucket. `seen` can be used again.
pub async fn read<E: From<Failure>>(
    context: &Context,
    place: &Place,
    wanted: &Wanted,
    seen: &mut Seen,
    now: i64,
    mut show: impl FnMut(Vec<Entry>) -> Result<bool, E>,
) -> Result<bool, E> {
    let mut keys = Vec::new();
    // A workstation's clock may be behind.
    for day in days(seen.start(), now.saturating_add(LATE)) {
        let call = context.aws.s3.list_objects_v2().bucket(&place.bucket).prefix(place.prefix(day));
        let call = call.start_after(place.before(day, seen.start())).expected_bucket_owner(&context.names.account);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.answer()?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        }
    }
    for (_, keys) in seen.new_of(keys) {
        let files = stream::iter(keys.clone()).map(|key| file(context, place, wanted, key));
        let found: Vec<Vec<Entry>> = files.buffered(AT_ONCE).try_collect().await?;
        let mut entries: Vec<Entry> = found.into_iter().flatten().collect();
        entries.sort_by_key(|entry| entry.milliseconds);
        if !show(entries)? {
            return Ok(false);
        }
        seen.add(keys, now);
    }
    seen.advance(now);
    Ok(true)
}

/// The wanted entries of one file. Lines in another form are left out.
async fn file(context: &Context, place: &Place, wanted: &Wanted, key: String) -> Result<Vec<Entry>, Failure> {
    let broken = |why: String| Failure { operation: "s3 GetObject".to_owned(), ..Failure::of(Cause::Unavailable, why) };
    let call = context.aws.s3.get_object().bucket(&place.bucket).key(&key);
    let answer = call.expected_bucket_owner(&context.names.account).send().await.answer()?;
    let packed = answer.body.collect().await.map_err(|error| broken(format!("{key}: {error}")))?.into_bytes();
    let mut entries = Vec::new();
    for line in BufReader::new(MultiGzDecoder::new(packed.as_ref()).take(LARGEST)).split(b'\n') {
        let line = line.map_err(|error| broken(format!("{key} cannot be unpacked: {error}")))?;
        let line = String::from_utf8_lossy(&line);
        let is_wanted = |entry: &Entry| entry.milliseconds >= wanted.since && line.contains(&wanted.text);
        entries.extend(Entry::parse(&line).filter(is_wanted));
    }
    Ok(entries)
}

/// Listing is granted on a bucket, reading on its objects (Service Authorization Reference, Amazon S3).
pub fn grants(place: &place::Place) -> [Grant; 2] {
    let bucket = format!("arn:{}:s3:::{}", place.names.partition, place.names.bucket("alb-logs"));
    [
        Grant::new(Use::See, "s3", &["ListBucket"]).on([bucket.clone()]),
        Grant::new(Use::See, "s3", &["GetObject"]).on([format!("{bucket}/*")]),
    ]
}
