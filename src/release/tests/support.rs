//! The end of support, and the recommended release.

use proptest::prelude::*;
use time::{Date, Duration, Month};

use crate::release::{Catalogue, SOON, Support};

const FILE: &str = include_str!("../catalogue/5.0.0.toml");

/// Releases by version, label, end of support if there is one, and whether they are only listed.
fn catalogue(releases: &[(&str, &str, &str, bool)]) -> Catalogue {
    let (_, rest) = FILE.split_once("minimum_package").unwrap();
    let (rest, _) = rest.split_once("[[data_steps]]").unwrap();
    let files = releases.iter().map(|(version, label, end, listed)| {
        let end = if end.is_empty() { String::new() } else { format!("end_of_life = {end}\n") };
        let listed = if *listed { "undeployable = \"no\"\n" } else { "" };
        let head = format!("version = {version:?}\nreleased = 2023-11-06\nlabel = {label:?}\n{end}{listed}");
        (*version, format!("{head}minimum_package{rest}"))
    });
    let files: Vec<_> = files.collect();
    Catalogue::parse(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap()
}

fn day(month: u8, day: u8) -> Date {
    Date::from_calendar_date(2026, Month::try_from(month).unwrap(), day).unwrap()
}

fn recommended(all: &Catalogue, today: Date) -> Option<String> {
    all.recommended(today).map(|release| release.version.to_string())
}

#[test]
fn the_newest_supported_release_is_recommended_and_else_the_newest_tested_one() {
    let all = catalogue(&[
        ("1.0.0", "vendor-tested", "2026-01-31", false),
        ("1.1.0", "vendor-tested", "2026-03-31", false),
        ("2.0.0", "unsupported", "2026-05-31", false),
        ("3.0.0", "experimental", "", false),
        ("4.0.0", "unsupported", "", true),
    ]);
    assert_eq!(recommended(&all, day(1, 1)).as_deref(), Some("2.0.0"));
    assert_eq!(recommended(&all, day(5, 31)).as_deref(), Some("2.0.0"), "its last day");
    assert_eq!(recommended(&all, day(6, 1)).as_deref(), Some("1.1.0"), "nothing is supported any more");
    assert_eq!(recommended(&Catalogue::default(), day(1, 1)), None);
    let open = catalogue(&[("1.0.0", "vendor-tested", "", false), ("2.0.0", "unsupported", "2026-01-31", false)]);
    assert_eq!(recommended(&open, day(2, 1)).as_deref(), Some("1.0.0"), "an end that is not known is not over");
}

#[test]
fn what_the_program_ships_with_has_a_recommendation_on_any_day() {
    for today in [Date::MIN, day(1, 31), day(11, 29), Date::MAX] {
        assert!(Catalogue::builtin().recommended(today).is_some(), "{today}");
    }
}

#[test]
fn in_words() {
    let all = catalogue(&[("1.0.0", "vendor-tested", "2026-06-30", false), ("2.0.0", "unsupported", "", false)]);
    let of = |version: &str, today| all.get(version.parse().unwrap()).unwrap().support(today).to_string();
    let at = [day(4, 1), day(4, 2), day(6, 29), day(6, 30), day(7, 1)].map(|today| of("1.0.0", today));
    assert_eq!(
        at,
        [
            "supported until 2026-06-30, 90 days left",
            "supported until 2026-06-30, 89 days left",
            "supported until 2026-06-30, 1 day left",
            "supported until 2026-06-30, the last day",
            "support ended 2026-06-30",
        ]
    );
    assert_eq!(of("1.0.0", day(3, 31)), "supported until 2026-06-30");
    assert_eq!(of("2.0.0", Date::MAX), "end of support not known");
}

proptest! {
    #[test]
    fn it_is_over_exactly_after_the_last_day_and_soon_before(days in -20_000i64..20_000) {
        let all = catalogue(&[("1.0.0", "vendor-tested", "2026-06-30", false)]);
        let (release, end) = (all.get("1.0.0".parse().unwrap()).unwrap(), day(6, 30));
        let support = release.support(end - Duration::days(days));
        prop_assert_eq!(support.is_over(), days < 0);
        prop_assert_eq!(matches!(support, Support::Ending(..)), (0..=SOON).contains(&days));
        prop_assert_eq!(support.end(), Some(end));
    }
}
