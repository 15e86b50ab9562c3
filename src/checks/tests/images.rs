//! Images without a digest.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::checks::images::images;
use crate::engine::plan::Finding;
use crate::images::{Deployed, Resolved, Trouble, pins};

use super::samples::{codes, text};

const VENDOR: &str = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope/core5:11062023";
const OWN: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mirror/core5:11062023";
const HUB: &str = "docker.io/acme/core5:1";

/// The findings when the registry gives this answer about the image of two containers, new or already deployed.
fn asked(image: &str, deployed: bool, answer: Resolved) -> Vec<Finding> {
    let wanted = BTreeMap::from(["core", "core-init-container"].map(|name| (name.to_owned(), image.to_owned())));
    let there = Deployed { image: image.to_owned(), digest: None };
    let live = wanted.keys().filter(|_| deployed).map(|name| (name.clone(), there.clone())).collect();
    images(&pins(&wanted, &live, deployed), &BTreeMap::from([(image.to_owned(), answer)]))
}

fn not_found() -> Resolved {
    Err(Trouble::NotFound("ImageNotFound: Requested image not found".to_owned()))
}

fn denied(by: &str) -> Resolved {
    Err(Trouble::Denied(by.to_owned()))
}

fn unreachable() -> Resolved {
    Err(Trouble::Unreachable("index.docker.io: Connection refused (os error 111)".to_owned()))
}

#[test]
fn images_with_a_digest_have_no_finding() {
    for deployed in [false, true] {
        assert!(asked(VENDOR, deployed, Ok("sha256:0".to_owned())).is_empty());
    }
}

#[test]
fn an_image_that_does_not_exist_is_refused_whether_deployed_or_not() {
    let mut findings = asked(VENDOR, false, not_found());
    findings.extend(asked(OWN, false, not_found()));
    findings.extend(asked(OWN, true, not_found()));
    assert_eq!(codes(&findings), ["image/not-found"; 3]);
    assert_snapshot!("image_not_found", text(&findings[..2]));
}

#[test]
fn a_registry_without_a_digest_is_only_a_warning() {
    let aws = "ecr BatchGetImage failed: AccessDeniedException: User: ops is not authorized";
    let mut findings = asked(VENDOR, false, denied(aws));
    findings.extend(asked(OWN, false, denied(aws)));
    findings.extend(asked(HUB, false, denied("index.docker.io answered: not authorized")));
    findings.extend(asked(HUB, false, unreachable()));
    assert_eq!(codes(&findings), ["image/denied", "image/denied", "image/denied", "image/unreachable"]);
    assert_snapshot!("image_by_its_tag", text(&findings));
}

#[test]
fn an_image_that_cannot_be_refreshed_stays() {
    let mut findings = asked(HUB, true, unreachable());
    findings.extend(asked(HUB, true, denied("index.docker.io answered: not authorized")));
    assert_eq!(codes(&findings), ["image/not-refreshed"; 2]);
    assert_snapshot!("image_not_refreshed", text(&findings[..1]));
}
