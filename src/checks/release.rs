//! Whether the vendor stands behind a release on Fargate.

use crate::engine::plan::Finding;
use crate::release::{Label, Release};

use super::finding::{refusal, warning};

/// What to say against a release that is deployed, or gone through. `allowed` is the worst label that the user
/// consents to.
pub fn release(release: &Release, allowed: Option<Label>) -> Option<Finding> {
    let Release { version, label, .. } = release;
    if *label <= allowed.unwrap_or(Label::VendorTested) {
        return None;
    }
    let (code, why) = match label {
        Label::VendorTested => return None,
        Label::Unsupported => {
            ("release/unsupported", "the vendor has never offered it on Fargate and gives no support")
        }
        Label::Experimental => ("release/experimental", "it is not known whether it can work on Fargate"),
    };
    let message = format!("release {version} is {label}: {why}");
    Some(refusal(code, message, format!("consent with --allow {label}; `ce-aws releases` shows all releases")))
}

/// What to say of a release that the vendor no longer supports. `now`: seconds since 1970. Never more than a warning: what
/// runs must stay deployable.
pub fn end_of_life(release: &Release, now: i64) -> Option<Finding> {
    let Release { version, end_of_life, .. } = release;
    let date = end_of_life.as_ref()?.date?;
    let over = day(i64::from(date.year), i64::from(date.month), i64::from(date.day)) < now.div_euclid(SECONDS_A_DAY);
    over.then(|| {
        warning(
            "release/end-of-life",
            format!("the vendor has not supported release {version} since {date}: what is found in it is not mended"),
            "`ce-aws releases` shows until when each is supported and which way leads there",
        )
    })
}

const SECONDS_A_DAY: i64 = 86_400;

/// Days since 1970 of a day of the Gregorian calendar: years begin in March, so that the leap day is the last one.
fn day(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970
}

/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Catalogue;

    #[test]
    fn consent_reaches_as_far_as_it_says() {
        let labelled = |label| {
            let known = Catalogue::builtin().recommended().unwrap();
            Release { label, ..known.clone() }
        };
        let codes =
            [None, Some(Label::VendorTested), Some(Label::Unsupported), Some(Label::Experimental)].map(|allowed| {
                Label::ALL.map(|label| release(&labelled(label), allowed).map(|finding| finding.code.clone()))
            });
        let [unsupported, experimental] =
            ["release/unsupported", "release/experimental"].map(|code| Some(code.to_owned()));
        let strict = [None, unsupported, experimental.clone()];
        assert_eq!(codes, [strict.clone(), strict, [None, None, experimental], [None, None, None]]);
    }

    #[test]
    fn a_release_is_warned_of_from_the_day_after_its_end() {
        let at = |version: &str, now| end_of_life(Catalogue::builtin().get(version.parse().unwrap()).unwrap(), now);
        // The end of 2026-01-31, in UTC.
        let midnight = 1_769_904_000;
        assert_eq!(at("5.0.0", midnight - 1), None);
        let finding = at("5.0.0", midnight).unwrap();
        assert_eq!(finding.severity, crate::engine::plan::Severity::Warning);
        assert_eq!(
            format!("{}: {}\nhint: {}", finding.code, finding.message, finding.hint.unwrap()),
            "release/end-of-life: the vendor has not supported release 5.0.0 since 2026-01-31: what is found in it is not \
             mended\nhint: `ce-aws releases` shows until when each is supported and which way leads there"
        );
        assert_eq!(at("6.1.0", i64::MAX), None, "its end is not known");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            [(1970, 1, 1), (1970, 12, 31), (2000, 2, 29), (2000, 3, 1)].map(|(y, m, d)| day(y, m, d)),
            [0, 364, 11_016, 11_017]
        );
    }

    #[test]
    fn the_refusal_says_how_to_consent() {
        let known = Catalogue::builtin().get("5.0.1".parse().unwrap()).unwrap();
        let finding = release(known, None).unwrap();
        assert_eq!(
            format!("{}: {}\nhint: {}", finding.code, finding.message, finding.hint.unwrap()),
            "release/unsupported: release 5.0.1 is unsupported: the vendor has never offered it on Fargate and gives no \
             support\nhint: consent with --allow unsupported; `ce-aws releases` shows all releases"
        );
    }
}
