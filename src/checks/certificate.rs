//! The certificate of a listener of ours.

use x509_parser::time::ASN1Time;

use crate::engine::plan::{Finding, Severity};
use crate::existing::Named;
use crate::existing::ingress::Certificate;
use crate::release::Version;

use super::finding::{Thing, refusal, warning};

/// Days before its end at which a certificate is spoken of.
const SOON: i64 = 30;
/// Seconds.
const DAY: i64 = 24 * 60 * 60;

const CERTIFICATE: Thing = Thing {
    code: "certificate",
    words: "certificate",
    shown_by: "ce-aws discover certificates",
    actions: "acm:DescribeCertificate",
    denied: Severity::Warning,
};

/// The certificate of our listener; `now` in seconds since 1970.
pub fn certificate(named: &Named<Certificate>, now: i64) -> Vec<Finding> {
    match CERTIFICATE.found(named) {
        Ok(certificate) => state(certificate, now).into_iter().collect(),
        Err(finding) => vec![finding],
    }
}

fn state(certificate: &Certificate, now: i64) -> Option<Finding> {
    let Certificate { arn, domain, status, not_after } = certificate;
    let words = format!("the certificate {arn} for {domain}");
    if status == "EXPIRED" || not_after.is_some_and(|end| end <= now) {
        let hint = "renew it, or name another one; what was imported is renewed by importing it again under its ARN";
        return Some(refusal("certificate/expired", format!("{words} has expired"), hint));
    }
    if status != "ISSUED" {
        let hint = match status.as_str() {
            "PENDING_VALIDATION" => {
                "add the DNS record that ACM shows for it, or answer its e-mail, and wait for ISSUED"
            }
            _ => "look in the ACM console for why, or name another one",
        };
        let message = format!("{words} is {status}, not ISSUED: no listener can use it");
        return Some(refusal("certificate/not-issued", message, hint));
    }
    let end = not_after.filter(|end| end - now < SOON * DAY)?;
    Some(warning(
        "certificate/expires-soon",
        format!("{words} expires on {}; browsers will then refuse the page", date(end)),
        "ACM renews in time what it issued itself and can still validate; import others again under their ARN",
    ))
}

/// The TLS certificate between the containers. `end`: the first day on which it is no longer valid.
pub fn internal(end: &str, is_expired: bool) -> Finding {
    let hint = "`ce-aws apply` makes a new one and replaces the task: Cloud Exchange is down for some minutes";
    if is_expired {
        let message = format!("the internal TLS certificate expired on {end}");
        return warning("certificate/internal-expired", message, hint);
    }
    let message = format!("the internal TLS certificate expires on {end}");
    warning("certificate/internal-expires-soon", message, hint)
}

/// Somebody wants to renew what this release does not have.
pub fn none_to_renew(release: Version) -> Finding {
    warning(
        "certificate/none-to-renew",
        format!("release {release} has no internal TLS certificate: there is none to renew"),
        "leave --renew-certificates out",
    )
}

/// As in `2027-01-31`. A date rather than a number of days: a plan that is read again tomorrow should say the same.
fn date(seconds: i64) -> String {
    ASN1Time::from_timestamp(seconds).map(|time| time.to_datetime().date().to_string()).unwrap_or_default()
}
