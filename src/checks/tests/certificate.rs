//! Certificates.

use insta::assert_snapshot;

use crate::checks::certificate::{internal, none_to_renew, of_listener, of_vpn, own};
use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::plan::{Finding, Severity};
use crate::engine::reference::Outputs;
use crate::existing::ingress::Certificate;

use super::samples::{codes, denied, missing, named, text};

const ARN: &str = "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn live(status: &str, left: Option<i64>, key: &str) -> Certificate {
    Certificate {
        arn: ARN.to_owned(),
        domain: "ce.example.com".to_owned(),
        status: status.to_owned(),
        not_after: left.map(|left| NOW + left),
        key_algorithm: key.to_owned(),
    }
}

fn with(status: &str, left: Option<i64>) -> Vec<Finding> {
    of_listener(&named(ARN, live(status, left, "RSA_4096")), NOW)
}

#[test]
fn an_issued_certificate_with_a_month_left_is_fine() {
    assert!(with("ISSUED", Some(30 * DAY)).is_empty());
    assert!(with("ISSUED", None).is_empty());
}

#[test]
fn a_certificate_that_no_listener_can_use_is_refused() {
    let mut findings = with("PENDING_VALIDATION", None);
    findings.extend(with("REVOKED", Some(100 * DAY)));
    assert_eq!(codes(&findings), ["certificate/not-issued"; 2]);
    assert_snapshot!("certificate_not_issued", text(&findings));
}

#[test]
fn expiry_is_reported_in_advance() {
    let mut findings = with("ISSUED", Some(12 * DAY + 5));
    findings.extend(with("ISSUED", Some(0)));
    findings.extend(with("EXPIRED", None));
    let (soon, over) = ("certificate/expires-soon", "certificate/expired");
    assert_eq!(codes(&findings), [soon, over, over]);
    assert_snapshot!("certificate_end", text(&findings[..2]));
}

#[test]
fn a_client_vpn_needs_an_rsa_key_of_2048_bits_at_most() {
    let check = |status, left, key| of_vpn(&named(ARN, live(status, left, key)), NOW);
    assert_eq!(check("ISSUED", Some(90 * DAY), "RSA_2048"), []);
    let mut findings = check("ISSUED", Some(90 * DAY), "RSA_4096");
    findings.extend(check("ISSUED", Some(DAY), "EC_prime256v1"));
    findings.extend(check("FAILED", None, "RSA_2048"));
    let (key, soon, failed) = ("certificate/vpn-key", "certificate/expires-soon", "certificate/not-issued");
    assert_eq!(codes(&findings), [key, soon, key, failed]);
    assert_snapshot!("certificate_of_vpn", text(&findings));
}

#[test]
fn a_missing_certificate_is_refused_and_an_unreadable_one_is_a_warning() {
    let mut findings = of_listener(&missing(ARN), NOW);
    let answer = "acm DescribeCertificate failed: AccessDeniedException: User: ops is not authorized";
    findings.extend(of_listener(&denied(ARN, answer), NOW));
    assert_eq!(codes(&findings), ["certificate/not-found", "certificate/denied"]);
    assert_snapshot!("certificate_unknown", text(&findings));
}

#[test]
fn the_internal_certificate_is_reported_before_and_after_its_expiry() {
    let findings =
        [internal("2036-11-26", false), internal("2036-11-26", true), none_to_renew("5.0.0".parse().unwrap())];
    let wanted = ["certificate/internal-expires-soon", "certificate/internal-expired", "certificate/none-to-renew"];
    assert_eq!(codes(&findings), wanted);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_snapshot!("certificate_internal", text(&findings));
}

#[test]
fn a_certificate_of_our_own_is_reported_when_acm_has_not_renewed_it() {
    let of = |left: i64| {
        let outputs = [("name", "ce.example.com".to_owned()), ("not_after", (NOW + left).to_string())];
        let live = Live {
            address: Address::new("certificate", "ce-example-com"),
            id: ARN.to_owned(),
            outputs: Outputs::from(outputs.map(|(name, value)| (name.to_owned(), value))),
            phase: Phase::Ready,
            spec: serde_json::Value::Null,
            tags: Outputs::new(),
        };
        own(&Inventory::new(vec![live]), NOW)
    };
    assert_eq!((of(40 * DAY), of(-DAY)), (vec![], vec![]), "one that is over is replaced");
    let findings = of(20 * DAY);
    assert_eq!(codes(&findings), ["certificate/expires-soon"]);
    assert_snapshot!("certificate_not_renewed", text(&findings));
}
