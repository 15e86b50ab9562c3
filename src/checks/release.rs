//! Whether the vendor supports a release, on Fargate and at all.

use time::Date;

use crate::engine::plan::Finding;
use crate::release::{Catalogue, Label, Package, Release, Support, Version};

use super::finding::{refusal, warning};

/// A release that is deployed, or a step of an upgrade path, and is not consented to. `allowed`: the worst label that
/// is consented to.
pub fn release(release: &Release, allowed: Option<Label>) -> Option<Finding> {
    let Release { version, label, .. } = release;
    if *label <= allowed.unwrap_or(Label::VendorTested) {
        return None;
    }
    let code = match label {
        Label::VendorTested => return None,
        Label::Unsupported => "release/unsupported",
        Label::Experimental => "release/experimental",
    };
    let message = format!("release {version} is {label}: {}", label.meaning());
    let hint = format!(
        "consent with --allow {label}, or once for all commands with `allow = \"{label}\"` in the plan file; \
         `ce-aws releases` shows all releases"
    );
    Some(refusal(code, message, hint))
}

/// Where a release is deployed, or will be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The running release.
    pub runs: Option<Version>,
    /// The size of its task, if known.
    pub package: Option<Package>,
    /// What the plan file consents to.
    pub allow: Option<Label>,
}

/// A release whose support has ended or ends soon. Only a warning, because what runs must stay deployable.
pub fn support(release: &Release, place: Place, all: &Catalogue, today: Date) -> Option<Finding> {
    let version = release.version;
    let (code, message) = match release.support(today) {
        Support::Open | Support::Until(_) => return None,
        Support::Ended(end) => (
            "release/end-of-life",
            format!("support for release {version} ended {end}: it no longer receives security fixes"),
        ),
        Support::Ending(end, 0) => {
            ("release/end-of-life-soon", format!("support for release {version} ends today, {end}"))
        }
        Support::Ending(end, days) => {
            let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
            ("release/end-of-life-soon", format!("support for release {version} ends {end}, in {days}"))
        }
    };
    Some(warning(code, message, upgrade_hint(release, place, all, today)))
}

/// How to get to a release with longer support.
fn upgrade_hint(release: &Release, place: Place, all: &Catalogue, today: Date) -> String {
    let longer = |next: &&Release| {
        next.version > release.version && next.end_of_support().is_none_or(|end| Some(end) > release.end_of_support())
    };
    let Some(next) = all.supported(today).filter(longer) else {
        return "this version of ce-aws knows no release with longer support; a newer ce-aws may, and --catalog adds a \
                release file"
            .to_owned();
    };
    let to = next.version;
    // A release file is known to one command only.
    let catalog = if Catalogue::builtin().get(to).is_none() { " --catalog F" } else { "" };
    let Some(from) = place.runs else {
        let consent = consent(Some(next.label), place.allow).map(|label| format!(" and `allow = \"{label}\"`"));
        let package = small(next.minimum_package, place).map(|package| format!(" and `package = \"{package}\"`"));
        let more = [consent, package].into_iter().flatten().collect::<String>();
        return format!("deploy {to}, the newest supported release: write `release = \"{to}\"`{more} in the plan file");
    };
    match all.chain(from, to) {
        Ok(steps) => {
            let option = consent(all.worst_label(&steps), place.allow).map(|label| format!(" --allow {label}"));
            let largest = steps.iter().filter_map(|step| all.get(*step)).map(|step| step.minimum_package).max();
            let package = largest.and_then(|largest| small(largest, place));
            let before = package.map(|package| format!("write `package = \"{package}\"` in the plan file, then "));
            format!(
                "{}upgrade to {to}, the newest supported release: `ce-aws upgrade FILE --to {to}{}{catalog}`",
                before.unwrap_or_default(),
                option.unwrap_or_default()
            )
        }
        Err(no_way) => format!("{to} is the newest supported release, but {no_way}; {}", no_way.hint()),
    }
}

/// The label that must still be consented to.
fn consent(needed: Option<Label>, given: Option<Label>) -> Option<Label> {
    needed.filter(|needed| *needed > given.unwrap_or(Label::VendorTested))
}

/// The package that it needs, if a smaller one is in use.
fn small(needed: Package, place: Place) -> Option<Package> {
    place.package.is_some_and(|package| package < needed).then_some(needed)
}
