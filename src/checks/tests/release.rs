//! Labels of releases, and the end of their support.

use time::Date;

use crate::checks::release::{Place, release, support};
use crate::engine::plan::Severity;
use crate::release::{Catalogue, Label, Package, Release};

/// A catalogue of releases, each given by version, predecessor, label, smallest package and end of support.
fn catalogue(releases: &[[&str; 5]]) -> Catalogue {
    let file = include_str!("../../release/catalogue/5.0.0.toml");
    let (file, _) = file.split_once("[[data_steps]]").unwrap();
    let written = releases.iter().map(|[version, before, label, package, end]| {
        let end = if end.is_empty() { String::new() } else { format!("end_of_life = {end}") };
        let text = file
            .replacen("version = \"5.0.0\"", &format!("version = \"{version}\""), 1)
            .replacen("predecessors = [\"4.2.0\"]", &format!("predecessors = [{before:?}]"), 1)
            .replacen("label = \"vendor-tested\"", &format!("label = {label:?}"), 1)
            .replacen("\"extra-small\"", &format!("{package:?}"), 1)
            .replacen("end_of_life = 2026-01-31", &end, 1);
        (format!("{version}.toml"), text)
    });
    let files: Vec<_> = written.collect();
    Catalogue::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

/// On 2026-11-29, two releases without support, and two whose end of support is unknown.
fn all() -> Catalogue {
    catalogue(&[
        ["1.0.0", "0.9.0", "vendor-tested", "extra-small", "2026-01-31"],
        ["1.1.0", "1.0.0", "unsupported", "medium", "2026-10-31"],
        ["2.0.0", "1.1.0", "unsupported", "medium", ""],
        ["3.0.0", "2.0.0", "experimental", "large", ""],
    ])
}

fn day(text: &str) -> Date {
    let parts: Vec<i32> = text.split('-').map(|part| part.parse().unwrap()).collect();
    let month = u8::try_from(parts[1]).unwrap().try_into().unwrap();
    Date::from_calendar_date(parts[0], month, u8::try_from(parts[2]).unwrap()).unwrap()
}

fn said(all: &Catalogue, version: &str, place: Place, today: &str) -> String {
    let release = all.get(version.parse().unwrap()).unwrap();
    match support(release, place, all, day(today)) {
        None => "nothing".to_owned(),
        Some(finding) => {
            assert_eq!(finding.severity, Severity::Warning);
            format!("{}: {}\nhint: {}", finding.code, finding.message, finding.hint.unwrap())
        }
    }
}

#[test]
fn consent_reaches_as_far_as_it_says() {
    let labelled = |label| Release { label, ..all().get("1.0.0".parse().unwrap()).unwrap().clone() };
    let codes = [None, Some(Label::VendorTested), Some(Label::Unsupported), Some(Label::Experimental)]
        .map(|allowed| Label::ALL.map(|label| release(&labelled(label), allowed).map(|finding| finding.code.clone())));
    let [unsupported, experimental] = ["release/unsupported", "release/experimental"].map(|code| Some(code.to_owned()));
    let strict = [None, unsupported, experimental.clone()];
    assert_eq!(codes, [strict.clone(), strict, [None, None, experimental], [None, None, None]]);
}

#[test]
fn end_of_support_is_reported_90_days_ahead_and_after_it() {
    let at = |today| said(&all(), "1.1.0", Place::default(), today).split('\n').next().unwrap().to_owned();
    assert_eq!(
        ["2026-08-01", "2026-08-02", "2026-10-30", "2026-10-31", "2026-11-01"].map(at),
        [
            "nothing",
            "release/end-of-life-soon: support for release 1.1.0 ends 2026-10-31, in 90 days",
            "release/end-of-life-soon: support for release 1.1.0 ends 2026-10-31, in 1 day",
            "release/end-of-life-soon: support for release 1.1.0 ends today, 2026-10-31",
            "release/end-of-life: support for release 1.1.0 ended 2026-10-31: it no longer receives security fixes",
        ]
    );
    assert_eq!(said(&all(), "2.0.0", Place::default(), "9999-12-31"), "nothing", "its end of support is unknown");
}

#[test]
fn the_hint_is_the_upgrade_to_the_newest_supported_release() {
    let runs = |version: &str| version.parse().ok();
    let small = Some(Package::ExtraSmall);
    let cases = [
        ("1.0.0", Place::default()),
        ("1.0.0", Place { package: small, ..Place::default() }),
        ("1.0.0", Place { package: small, allow: Some(Label::Unsupported), ..Place::default() }),
        ("1.0.0", Place { runs: runs("1.0.0"), package: Some(Package::Large), ..Place::default() }),
        ("1.0.0", Place { runs: runs("1.0.0"), package: small, allow: Some(Label::Experimental) }),
        ("1.1.0", Place { runs: runs("1.1.0"), ..Place::default() }),
        ("1.1.0", Place { runs: runs("0.9.0"), ..Place::default() }),
    ];
    let mut shown: Vec<String> =
        cases.iter().map(|(version, place)| said(&all(), version, *place, "2026-11-29")).collect();
    let none = catalogue(&[["1.0.0", "0.9.0", "vendor-tested", "extra-small", "2026-01-31"]]);
    shown.push(said(&none, "1.0.0", Place { runs: runs("1.0.0"), ..Place::default() }, "2026-11-29"));
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn a_release_with_shorter_support_is_not_recommended() {
    let all = catalogue(&[
        ["1.0.0", "0.9.0", "vendor-tested", "extra-small", "2026-12-31"],
        ["1.1.0", "1.0.0", "unsupported", "extra-small", "2026-12-01"],
    ]);
    assert!(said(&all, "1.0.0", Place::default(), "2026-11-29").contains("knows no release"));
}

#[test]
fn the_refusal_says_how_to_consent() {
    let finding = release(all().get("1.1.0".parse().unwrap()).unwrap(), None).unwrap();
    insta::assert_snapshot!(format!("{}: {}\nhint: {}", finding.code, finding.message, finding.hint.unwrap()));
}
