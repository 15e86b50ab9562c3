//! Whether the vendor stands behind a release on Fargate.

use crate::engine::plan::Finding;
use crate::release::{Label, Release};

use super::finding::refusal;

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
