//! Certificates: of the listener, and between the containers.

use x509_parser::time::ASN1Time;

use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::Named;
use crate::existing::ingress::Certificate;
use crate::release::Version;

use super::finding::{CERTIFICATE, refusal, warning};

/// Days before expiry from which on a warning is shown.
const SOON: i64 = 30;
/// Seconds.
const DAY: i64 = 24 * 60 * 60;

/// Keys that a client VPN supports (AWS Client VPN administrator guide, "Mutual authentication").
const VPN_KEYS: [&str; 2] = ["RSA_1024", "RSA_2048"];

/// What uses a certificate, and what happens once it has expired.
struct Use {
    by: &'static str,
    end: &'static str,
}

/// The listener's certificate; `now` in seconds since 1970.
pub fn of_listener(named: &Named<Certificate>, now: i64) -> Vec<Finding> {
    let used = Use { by: "listener", end: "browsers will then reject the page" };
    CERTIFICATE.check(named, |certificate| state(certificate, &used, now).into_iter().collect())
}

/// A certificate of the user's that the client VPN uses; `now` in seconds since 1970.
pub fn of_vpn(named: &Named<Certificate>, now: i64) -> Vec<Finding> {
    let used = Use { by: "client VPN", end: "nobody can then connect to the client VPN" };
    CERTIFICATE.check(named, |certificate| {
        let key = (!VPN_KEYS.contains(&certificate.key_algorithm.as_str())).then(|| {
            let Certificate { arn, domain, key_algorithm, .. } = certificate;
            refusal(
                "certificate/vpn-key",
                format!(
                    "the certificate {arn} for {domain} has a key of {key_algorithm}, which no client VPN supports"
                ),
                "name one with an RSA key of 2048 bits",
            )
        });
        state(certificate, &used, now).into_iter().chain(key).collect()
    })
}

fn state(certificate: &Certificate, used: &Use, now: i64) -> Option<Finding> {
    let Certificate { arn, domain, status, not_after, .. } = certificate;
    let words = format!("the certificate {arn} for {domain}");
    if status == "EXPIRED" || not_after.is_some_and(|end| end <= now) {
        let hint = "renew it, or name another one; re-import an imported certificate with its ARN";
        return Some(refusal("certificate/expired", format!("{words} has expired"), hint));
    }
    if status != "ISSUED" {
        let hint = match status.as_str() {
            "PENDING_VALIDATION" => {
                "add the DNS record that ACM shows, or confirm its e-mail, and wait until it is ISSUED"
            }
            _ => "find the reason in the ACM console, or name another one",
        };
        let message = format!("{words} is {status}, not ISSUED: no {} can use it", used.by);
        return Some(refusal("certificate/not-issued", message, hint));
    }
    let end = not_after.filter(|end| end - now < SOON * DAY)?;
    Some(warning(
        "certificate/expires-soon",
        format!("{words} expires on {}; {}", date(end), used.end),
        "ACM renews certificates that it issued and can still validate; re-import others with their ARN",
    ))
}

/// Certificates of our own that ACM should have renewed by now.
pub fn own(inventory: &Inventory, now: i64) -> Vec<Finding> {
    let issued = inventory.live.iter().filter(|live| live.address.kind() == "certificate").filter_map(|live| {
        let end: i64 = live.outputs.get("not_after")?.parse().ok()?;
        (end > now && end - now < SOON * DAY).then(|| (live.outputs.get("name").map_or("", String::as_str), end))
    });
    let findings = issued.map(|(name, end)| {
        warning(
            "certificate/expires-soon",
            format!("the certificate for {name} expires on {}, and ACM has not renewed it yet", date(end)),
            "ACM renews it while a listener uses it and its validation record is in public DNS: `ce-aws apply` \
             restores a record that is missing; check that the domain's registrar names the name servers of the hosted \
             zone",
        )
    });
    findings.collect()
}

/// The TLS certificate between the containers. `end`: the first day on which it is not valid.
pub fn internal(end: &str, is_expired: bool) -> Finding {
    renewed(
        "internal TLS certificate",
        ["certificate/internal-expired", "certificate/internal-expires-soon"],
        end,
        is_expired,
    )
}

/// A self-signed certificate of the UI's own web server. `end`: the first day on which it is not valid.
pub fn of_ui(end: &str, is_expired: bool) -> Finding {
    renewed("UI's self-signed certificate", ["certificate/ui-expired", "certificate/ui-expires-soon"], end, is_expired)
}

fn renewed(certificate: &str, [expired, soon]: [&str; 2], end: &str, is_expired: bool) -> Finding {
    let hint = "`ce-aws apply` issues a new one and replaces the task: Cloud Exchange is down for some minutes";
    if is_expired {
        return warning(expired, format!("the {certificate} expired on {end}"), hint);
    }
    warning(soon, format!("the {certificate} expires on {end}"), hint)
}

/// `--renew-certificates` was given for a release without an internal certificate.
pub fn none_to_renew(release: Version) -> Finding {
    warning(
        "certificate/none-to-renew",
        format!("release {release} has no internal TLS certificate to renew, and the UI no self-signed one"),
        "omit --renew-certificates",
    )
}

/// `2027-01-31`: a date rather than a number of days, so that a plan says the same tomorrow.
fn date(seconds: i64) -> String {
    ASN1Time::from_timestamp(seconds).map(|time| time.to_datetime().date().to_string()).unwrap_or_default()
}
