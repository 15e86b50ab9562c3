//! The zone that validates a certificate.

use insta::assert_snapshot;

use crate::checks::dns::dns;
use crate::config::load;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::Existing;
use crate::existing::zones::ValidationZone;

use super::samples::{codes, named, text};

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n[dns]\nname = \"ce.example.com\"\ncertificate = true\n\
    validation_zone = \"example.com\"\n";

fn said(change: impl FnOnce(&mut ValidationZone)) -> Vec<Finding> {
    let plan = load("plan.toml", PLAN).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut zone = ValidationZone { id: "Z1".to_owned(), name: "example.com".to_owned(), ..ValidationZone::default() };
    change(&mut zone);
    let existing = Existing { validation: Some(named("example.com", zone)), ..Existing::default() };
    dns(&plan, &existing, &Inventory::default())
}

fn with_caa(values: &[&str]) -> Vec<Finding> {
    said(|zone| zone.caa = values.iter().map(|value| (*value).to_owned()).collect())
}

#[test]
fn a_certificate_is_validated_in_a_public_zone_that_has_the_name() {
    assert_eq!(said(|_| {}), []);
    let mut findings = said(|zone| zone.private = true);
    findings.extend(said(|zone| zone.name = "example.org".to_owned()));
    findings.extend(said(|zone| zone.twins = vec!["Z2".to_owned()]));
    assert_eq!(codes(&findings), ["certificate/private-zone", "zone/other-name", "zone/ambiguous"]);
    assert_snapshot!("validation_zone", text(&findings));
}

#[test]
fn caa_records_that_admit_others_only_are_refused() {
    let fine = [
        vec!["0 issue \"letsencrypt.org\"", "0 issue \"amazontrust.com\""],
        vec!["0 issue \"Amazon.com; account=1\""],
        vec!["0 iodef \"mailto:security@example.com\"", "0 issuewild \";\""],
    ];
    for values in fine {
        assert_eq!(with_caa(&values), [], "{values:?}");
    }
    assert_eq!(codes(&with_caa(&["0 issue \";\""])), ["certificate/caa"]);
    let findings = with_caa(&["0 issue \"letsencrypt.org\"", "0 issuewild \"amazon.com\""]);
    assert_snapshot!("caa", text(&findings));
}
