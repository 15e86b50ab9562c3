use crate::price::io::{Bytes, FileSystemIo, Measured, Metric, Samples, window};

/// 2026-11-29T18:20:00Z.
const NOW: i64 = 1_795_976_400;
const HOUR: i64 = 3_600;
const GIB: f64 = 1_073_741_824.0;

/// The same bytes in each of the last hours.
fn steady(hours: i64, bytes: &[(Metric, f64)]) -> Samples {
    let (_, until) = window(NOW);
    let all = (1..=hours).map(|ago| until - ago * HOUR);
    bytes.iter().map(|(metric, bytes)| (*metric, all.clone().map(|hour| (hour, *bytes)).collect())).collect()
}

fn measured(samples: &Samples) -> Measured {
    Measured::of(samples, window(NOW).1).unwrap()
}

#[test]
fn whole_hours_since_the_beginning_of_the_day_a_week_ago() {
    let (begin, end) = window(NOW);
    assert_eq!((begin, end), (NOW - 20 * 60 - 18 * HOUR - 7 * 24 * HOUR, NOW - 20 * 60));
}

#[test]
fn metadata_counts_and_hours_without_io_count_too() {
    let sorts =
        [(Metric::DataRead, 1e9), (Metric::MetadataRead, 2e9), (Metric::DataWrite, 4e8), (Metric::MetadataWrite, 1e8)];
    let mut samples = steady(48, &sorts);
    let found = measured(&samples);
    assert_eq!(
        (found.hours, found.since.as_str(), found.until.as_str()),
        (48, "2026-11-27T18:00:00Z", "2026-11-29T18:00:00Z")
    );
    assert_eq!(found.a_day, Bytes { read: 72_000_000_000, written: 12_000_000_000 });
    let days: Vec<_> = found.days.iter().map(|day| (day.date.as_str(), day.hours, day.bytes.written)).collect();
    let wanted =
        [("2026-11-27", 6, 3_000_000_000), ("2026-11-28", 24, 12_000_000_000), ("2026-11-29", 18, 9_000_000_000)];
    assert_eq!(days, wanted);
    // Two hours without any, and the average is over the same time.
    let missing = [24, 25].map(|ago| window(NOW).1 - ago * HOUR);
    samples.values_mut().for_each(|hours| hours.retain(|hour, _| !missing.contains(hour)));
    assert_eq!(measured(&samples).a_day, Bytes { read: 69_000_000_000, written: 11_500_000_000 });
}

#[test]
fn the_total_has_the_minimum_that_small_operations_count_with() {
    let sorts = [(Metric::DataRead, 1e6), (Metric::DataWrite, 3e6), (Metric::MetadataRead, 2e6), (Metric::Total, 34e6)];
    let found = measured(&steady(24, &sorts));
    // 28 MB more than the sum, shared by reads and writes of data: eight times as much of each.
    assert_eq!(found.a_day, Bytes { read: 24 * 10_000_000, written: 24 * 24_000_000 });
}

#[test]
fn a_month_of_elastic_throughput_is_billed_in_gib() {
    let a_day = [(Metric::DataRead, 10.0 * GIB / 24.0), (Metric::DataWrite, 5.0 * GIB / 24.0)];
    let io = FileSystemIo::new("fs-1", "elastic", "us-east-1", Ok(steady(100, &a_day)), NOW);
    let month = io.month.unwrap();
    // (10 × 0.03 + 5 × 0.06) × 30.4 days.
    assert!((month.elastic - 0.6 * 730.0 / 24.0).abs() < 1e-6, "{month:?}");
    assert_eq!((month.currency.as_str(), month.bursting), ("USD", 0.0));
    // A third of the reads, and the writes, of 84.375 GiB.
    let used = io.baseline_used.unwrap();
    assert!((used - (10.0 / 3.0 + 5.0) / 84.375).abs() < 1e-6, "{used}");
    let elsewhere = FileSystemIo::new("fs-1", "elastic", "cn-north-1", Ok(steady(100, &a_day)), NOW);
    assert!(elsewhere.month.is_none() && elsewhere.measured.is_some());
}

#[test]
fn bursting_is_recommended_after_three_days_below_half_of_the_baseline() {
    let of = |hours, gib: f64| measured(&steady(hours, &[(Metric::DataWrite, gib * GIB / 24.0)])).suits_bursting();
    assert!(of(72, 42.0) && !of(71, 42.0) && !of(72, 43.0));
}

#[test]
fn falling_credits_end_some_day() {
    let credits = |at: &dyn Fn(i64) -> f64| {
        let mut samples = steady(73, &[(Metric::DataWrite, 1.0)]);
        let (_, until) = window(NOW);
        let all = (1..=73).map(|ago| (until - ago * HOUR, at(73 - ago)));
        samples.insert(Metric::Credits, all.collect());
        measured(&samples).credits.unwrap()
    };
    let falling = credits(&|hour| (1_000 - hour) as f64 * GIB);
    assert_eq!((falling.left, falling.lowest), ((928.0 * GIB) as u64, (928.0 * GIB) as u64));
    assert!((falling.days_left.unwrap() - 928.0 / 24.0).abs() < 1e-6, "{falling:?}");
    assert_eq!(credits(&|_| GIB).days_left, None);
    assert_eq!(credits(&|hour| (1_000_000 - hour) as f64).days_left, None, "in years");
}

#[test]
fn without_data_it_says_so_and_asks_again_in_the_next_hour() {
    let nothing = FileSystemIo::new("fs-1", "elastic", "us-east-1", Ok(Samples::new()), NOW);
    assert_eq!(nothing.unknown.as_deref(), Some("CloudWatch has no full hour of it yet"));
    assert!(nothing.measured.is_none() && nothing.month.is_none() && nothing.baseline_used.is_none());
    let denied = FileSystemIo::new("fs-1", "elastic", "us-east-1", Err("denied".into()), NOW);
    assert_eq!(denied.unknown.as_deref(), Some("denied"));
    assert!(denied.is_current(NOW + 39 * 60) && !denied.is_current(NOW + 40 * 60));
}
