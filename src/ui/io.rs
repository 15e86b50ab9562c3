//! What a file system reads and writes, in words.

use crate::price::io::{Bytes, FileSystemIo, Measured};

use super::cost::money;
use super::style::{TITLE, paint};
use super::text::{clean, count, minute};

const STEP: f64 = 1024.0;

/// An amount of bytes with two significant digits: `12 GiB`, `0.4 GiB`.
fn bytes(amount: u64) -> String {
    let units = ["MiB", "GiB", "TiB"];
    let mut amount = amount as f64 / STEP / STEP;
    let mut unit = 0;
    while amount >= STEP && unit + 1 < units.len() {
        amount /= STEP;
        unit += 1;
    }
    format!("{} {}", money(amount), units[unit])
}

/// The lines of `status`.
pub fn lines(io: &FileSystemIo) -> Vec<String> {
    let mut texts = Vec::new();
    match &io.measured {
        None => texts.push(format!("I/O not known: {}", clean(io.unknown.as_deref().unwrap_or("not asked")))),
        Some(measured) => {
            texts.push(amount(measured));
            texts.push(cost(io, measured));
            texts.extend(credits(measured));
        }
    }
    let titles = std::iter::once("file system").chain(std::iter::repeat(""));
    texts
        .iter()
        .zip(titles)
        .map(|(text, title)| format!("{} {text}", paint(TITLE, format_args!("{title:<11}"))))
        .collect()
}

/// What an estimate has to say about it, ended by a newline.
pub fn of_estimate(io: &FileSystemIo) -> String {
    match &io.measured {
        Some(measured) => format!("\nEFS reads and writes are those measured: {}\n", amount(measured)),
        None => {
            format!("\nEFS reads and writes are not counted: {}\n", clean(io.unknown.as_deref().unwrap_or_default()))
        }
    }
}

fn amount(measured: &Measured) -> String {
    let Bytes { read, written } = measured.a_day;
    let span = match measured.hours {
        hours if hours < 48 => count(hours, "hour"),
        hours => count(hours / 24, "day"),
    };
    let until = minute(&measured.until);
    format!("{} read and {} written a day (average of {span} until {until} UTC)", bytes(read), bytes(written))
}

fn cost(io: &FileSystemIo, measured: &Measured) -> String {
    let share = format!("{} % of its baseline of 1 MiB/s", money(measured.baseline_used() * 100.0));
    let elastic = io.month.as_ref().map(|month| format!("about {} {}", money(month.elastic), clean(&month.currency)));
    let elastic = elastic.unwrap_or_else(|| "a bill for each byte (no prices of this region are known)".to_owned());
    match io.throughput.as_str() {
        "bursting" => format!("I/O a month: nothing with bursting throughput ({share}); with elastic {elastic}"),
        mode => format!("I/O a month: {elastic} with {} throughput; with bursting nothing ({share})", clean(mode)),
    }
}

fn credits(measured: &Measured) -> Option<String> {
    let credits = measured.credits?;
    let trend = match credits.days_left {
        Some(days) => format!(", falling: none left in about {}", count(days.ceil() as usize, "day")),
        None if credits.lowest < credits.left => format!(", at least {} in this time", bytes(credits.lowest)),
        None => String::new(),
    };
    Some(format!("burst credits: {} left{trend}", bytes(credits.left)))
}

/// What to do about the throughput mode, if anything.
pub fn advice(io: &FileSystemIo) -> Option<String> {
    let measured = io.measured.as_ref()?;
    let write = |mode: &str| format!("write `throughput = \"{mode}\"` into [storage] and apply (docs/cost.md)");
    match (io.throughput.as_str(), measured.credits.and_then(|credits| credits.days_left)) {
        ("elastic", _) if measured.suits_bursting() => {
            Some(format!("bursting throughput is enough for this I/O and does not bill it: {}", write("bursting")))
        }
        ("bursting", Some(days)) => Some(format!(
            "the burst credits run out in about {}, and the file system then falls back to its baseline: {}",
            count(days.ceil() as usize, "day"),
            write("elastic")
        )),
        _ => None,
    }
}
