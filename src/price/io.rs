//! What a file system was measured to read and write, and what that says about its throughput mode.
//!
//! In elastic mode EFS bills what CloudWatch has as `TotalIOBytes`: every operation with at least 4 KiB, data with at
//! least 32 KiB, reads and writes at prices of their own, metadata among them (Amazon EFS user guide, "CloudWatch
//! metrics for Amazon EFS", "Using AWS billing and usage reports for Amazon EFS"). In bursting mode I/O is free and
//! uses credits, reads a third of what writes use ("Throughput modes").

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::clock::timestamp;

use super::choice;
use super::size::BURSTING_BASELINE;
use super::table::Rates;
use super::usage::HOURS;

/// The days before today that are looked at, in UTC as AWS bills.
pub const DAYS: i64 = 7;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Billed as a gigabyte. A public report that compared CloudWatch with a bill found 2³⁰ bytes to within 0.12 %.
const GIB: f64 = 1_073_741_824.0;
/// How much of the baseline events and databases together may use for bursting to be recommended.
const ROOM: f64 = 0.5;
/// How many hours have to be measured before anything is recommended.
const ENOUGH: usize = 72;
/// From when on the end of the credits is foreseen, and how far.
const FORESEEN: (i64, f64) = (DAY, 90.0);

/// What CloudWatch is asked for, by the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    DataRead,
    DataWrite,
    MetadataRead,
    MetadataWrite,
    Total,
    /// Not published in elastic mode.
    Credits,
}

impl Metric {
    pub const IO: [Self; 5] = [Self::DataRead, Self::DataWrite, Self::MetadataRead, Self::MetadataWrite, Self::Total];

    /// As CloudWatch calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataRead => "DataReadIOBytes",
            Self::DataWrite => "DataWriteIOBytes",
            Self::MetadataRead => "MetadataReadIOBytes",
            Self::MetadataWrite => "MetadataWriteIOBytes",
            Self::Total => "TotalIOBytes",
            Self::Credits => "BurstCreditBalance",
        }
    }

    /// The statistic that says what an hour amounts to.
    pub const fn statistic(self) -> &'static str {
        match self {
            Self::Credits => "Minimum",
            _ => "Sum",
        }
    }
}

/// Bytes by the beginning of the hour, in seconds since 1970. An hour without I/O has none.
pub type Samples = BTreeMap<Metric, BTreeMap<i64, f64>>;

/// When to look from, and until when: whole hours that are over.
pub const fn window(now: i64) -> (i64, i64) {
    (now - now % DAY - DAYS * DAY, now - now % HOUR)
}

/// Bytes as EFS bills them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    pub read: u64,
    pub written: u64,
}

/// One day in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `2026-11-28`.
    pub date: String,
    /// How many hours of it were measured.
    pub hours: usize,
    #[serde(flatten)]
    pub bytes: Bytes,
}

/// Burst credits, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Credits {
    pub left: u64,
    pub lowest: u64,
    /// If they go on falling as they did, the days until none is left.
    pub days_left: Option<f64>,
}

/// What was measured, from the first hour with I/O on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// `2026-11-22T00:00:00Z`.
    pub since: String,
    pub until: String,
    pub hours: usize,
    /// On average; hours without I/O count.
    pub a_day: Bytes,
    pub days: Vec<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
}

impl Measured {
    /// What the samples of a window that ends at `until` amount to; nothing if there are none of I/O.
    pub fn of(samples: &Samples, until: i64) -> Option<Self> {
        let of = |metric: Metric| samples.get(&metric).into_iter().flatten().filter(move |(hour, _)| **hour < until);
        let seen: BTreeSet<i64> = Metric::IO.into_iter().flat_map(of).map(|(hour, _)| *hour).collect();
        let since = *seen.first()?;
        let all: Vec<i64> = (since..until).step_by(HOUR as usize).collect();
        let mut by_day: BTreeMap<String, (usize, Bytes)> = BTreeMap::new();
        let mut sum = Bytes::default();
        for hour in &all {
            let bytes = billed(samples, *hour);
            let (hours, day) = by_day.entry(timestamp(*hour as f64).chars().take(10).collect()).or_default();
            *hours += 1;
            (day.read, day.written) = (day.read + bytes.read, day.written + bytes.written);
            (sum.read, sum.written) = (sum.read + bytes.read, sum.written + bytes.written);
        }
        let a_day = |bytes: u64| bytes.saturating_mul(24) / all.len() as u64;
        let days = by_day.into_iter().map(|(date, (hours, bytes))| Day { date, hours, bytes });
        Some(Self {
            since: timestamp(since as f64),
            until: timestamp(until as f64),
            hours: all.len(),
            a_day: Bytes { read: a_day(sum.read), written: a_day(sum.written) },
            days: days.collect(),
            credits: credits(of(Metric::Credits)),
        })
    }

    /// How much of bursting's baseline this is, where a file system holds up to 20 GiB. An upper bound: bursting meters
    /// small operations with 4 KiB where elastic bills 32.
    pub fn baseline_used(&self) -> f64 {
        (self.a_day.read as f64 / 3.0 + self.a_day.written as f64) / BURSTING_BASELINE
    }

    /// Whether bursting would bear it, as far as that can be said yet.
    pub fn suits_bursting(&self) -> bool {
        self.hours >= ENOUGH && self.baseline_used() <= ROOM
    }

    /// GB a month as they are billed: read, and written.
    pub fn gigabytes(&self) -> (f64, f64) {
        let month = |bytes: u64| bytes as f64 / GIB * HOURS / 24.0;
        (month(self.a_day.read), month(self.a_day.written))
    }
}

/// Of the four sorts of I/O, what is billed in an hour. What the total has more is the minimum that small data
/// operations count with.
fn billed(samples: &Samples, hour: i64) -> Bytes {
    let at = |metric: Metric| samples.get(&metric).and_then(|hours| hours.get(&hour)).copied().unwrap_or_default();
    let [data_read, data_write, metadata_read, metadata_write, total] = Metric::IO.map(at);
    let (data, metadata) = (data_read + data_write, metadata_read + metadata_write);
    let factor = if data > 0.0 { ((total - metadata) / data).max(1.0) } else { 1.0 };
    Bytes {
        read: (metadata_read + data_read * factor).round() as u64,
        written: (metadata_write + data_write * factor).round() as u64,
    }
}

fn credits<'a>(all: impl Iterator<Item = (&'a i64, &'a f64)>) -> Option<Credits> {
    let all: Vec<(i64, f64)> = all.map(|(hour, left)| (*hour, left.max(0.0))).collect();
    let ((begin, before), (end, left)) = (*all.first()?, *all.last()?);
    let lowest = all.iter().map(|(_, left)| *left).fold(left, f64::min);
    let (least, most) = FORESEEN;
    let falls = before > left && end - begin >= least;
    let days_left = falls.then(|| left / (before - left) * (end - begin) as f64 / DAY as f64);
    let days_left = days_left.filter(|days| *days < most);
    Some(Credits { left: left as u64, lowest: lowest as u64, days_left })
}

/// What I/O costs a month in either mode; storage is not in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Month {
    pub currency: String,
    pub elastic: f64,
    pub bursting: f64,
}

/// The I/O of a deployment's file system, or why it is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileSystemIo {
    /// Its id; empty where it could not be looked for.
    pub file_system: String,
    /// `elastic` or `bursting`.
    pub throughput: String,
    pub measured: Option<Measured>,
    /// Where nothing is measured: why.
    pub unknown: Option<String>,
    /// Where the prices of the region are known.
    pub month: Option<Month>,
    /// The part of bursting's baseline that is used: 1 is all of it.
    pub baseline_used: Option<f64>,
    /// When CloudWatch was asked, in seconds since 1970.
    #[serde(skip)]
    pub asked: i64,
}

impl FileSystemIo {
    pub fn new(file_system: &str, throughput: &str, region: &str, found: Result<Samples, String>, asked: i64) -> Self {
        let (_, until) = window(asked);
        let nothing = || "CloudWatch has no full hour of it yet".to_owned();
        let measured = found.and_then(|samples| Measured::of(&samples, until).ok_or_else(nothing));
        let month = measured.as_ref().ok().and_then(|measured| {
            let (read, written) = measured.gigabytes();
            let (read_price, write_price) = choice::elastic(region)?;
            let currency = Rates::of(region).ok()?.currency.clone();
            Some(Month { currency, elastic: read * read_price + written * write_price, bursting: 0.0 })
        });
        Self {
            file_system: file_system.to_owned(),
            throughput: throughput.to_owned(),
            baseline_used: measured.as_ref().ok().map(Measured::baseline_used),
            month,
            unknown: measured.as_ref().err().cloned(),
            measured: measured.ok(),
            asked,
        }
    }

    /// Whether CloudWatch could have more by now.
    pub const fn is_current(&self, now: i64) -> bool {
        window(self.asked).1 == window(now).1
    }
}
