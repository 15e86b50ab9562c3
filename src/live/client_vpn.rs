//! What a client of the VPN needs: the configuration that AWS exports, and a certificate.

use aws_sdk_ec2::types::{ClientCertificateRevocationListStatusCode, ClientVpnEndpointStatusCode};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::aws::answer::Answer;
use crate::engine::clock::Clock;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::client_vpn;
use crate::kinds::client_vpn::pki::{Authority, Issued, Usage};
use crate::kinds::client_vpn::revoked::{Revoked, Serial};
use crate::kinds::context::Context;

/// Seconds between looks at a new list of revoked certificates, and for how long it is waited for: how long AWS takes
/// is not documented.
const PAUSE: f64 = 2.0;
const PATIENCE: f64 = 300.0;

/// The deployment's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    /// Whether clients can connect: a subnet is associated with it.
    pub is_available: bool,
}

/// The deployment's endpoint; `None` if it has none. One call.
pub async fn endpoint(context: &Context) -> Result<Option<Endpoint>, Failure> {
    let all = client_vpn::ours(context).await?;
    let alive = all.iter().find_map(|one| {
        let code = one.status()?.code()?;
        let is_going = matches!(code, ClientVpnEndpointStatusCode::Deleting | ClientVpnEndpointStatusCode::Deleted);
        let is_available = *code == ClientVpnEndpointStatusCode::Available;
        (!is_going).then_some(Endpoint { id: one.client_vpn_endpoint_id()?.to_owned(), is_available })
    });
    Ok(alive)
}

/// A new client's certificate; `None` if the VPN has no authority of ours, because its certificates are the user's.
pub async fn issue(context: &Context, client: &str, days: i64) -> Result<Option<Issued>, Failure> {
    let Some(authority) = authority(context).await? else { return Ok(None) };
    client_vpn::issue(authority, Usage::Client, client.to_owned(), days).await.map(Some)
}

/// The serial number of the certificate in a configuration of [`complete`]; `None` if this VPN did not issue it.
///
/// # Errors
///
/// It has none.
pub fn serial_in(configuration: &str, authority: &Authority) -> Result<Option<Serial>, Failure> {
    let found = configuration.split_once("<cert>").and_then(|(_, rest)| rest.split_once("</cert>"));
    let missing = || Failure::of(Cause::Refused, "the file has no certificate between <cert> and </cert>");
    let (certificate, _) = found.ok_or_else(missing)?;
    Serial::issued_by(authority, certificate.trim())
}

/// The VPN's authority, to sign with; `None` if its certificates are the user's.
pub async fn authority(context: &Context) -> Result<Option<Authority>, Failure> {
    client_vpn::authority(context).await.unless_gone()
}

/// The certificates that the endpoint turns away. Waits until it uses the list that it was given last, which is
/// `wanted`, if that is known: what is answered meanwhile is not documented.
///
/// # Errors
///
/// AWS refuses, or takes longer than [`PATIENCE`].
pub async fn revoked(
    context: &Context,
    clock: &Clock,
    endpoint: &str,
    authority: &Authority,
    wanted: Option<&Revoked>,
) -> Result<Revoked, Failure> {
    let end = clock.now() + PATIENCE;
    while clock.now() < end {
        let call = context.aws.ec2.export_client_vpn_client_certificate_revocation_list();
        let answer = call.client_vpn_endpoint_id(endpoint).send().await.unless_gone()?;
        let list = answer.as_ref().and_then(|answer| answer.certificate_revocation_list()).unwrap_or_default();
        let code = answer.as_ref().and_then(|answer| answer.status()?.code());
        let found = Revoked::read(list, authority)?;
        // Without entries there is nothing that could become active.
        let is_active = code.is_none_or(|code| *code == ClientCertificateRevocationListStatusCode::Active);
        if (is_active || found.count() == 0) && wanted.is_none_or(|wanted| *wanted == found) {
            return Ok(found);
        }
        tokio::time::sleep(clock.real(PAUSE)).await;
    }
    let minutes = PATIENCE / 60.0;
    let what = format!("{endpoint} does not use its new list of revoked certificates after {minutes} minutes");
    Err(Failure::of(Cause::Unsettled, what).hint("run the same command again: it waits, and changes nothing twice"))
}

/// Lets the endpoint turn away these certificates and no others. AWS cuts every connection then.
pub async fn turn_away(
    context: &Context,
    endpoint: &str,
    wanted: &Revoked,
    authority: &Authority,
) -> Result<(), Failure> {
    let list = wanted.sign(authority, OffsetDateTime::now_utc())?;
    let call = context.aws.ec2.import_client_vpn_client_certificate_revocation_list();
    call.client_vpn_endpoint_id(endpoint).certificate_revocation_list(list).send().await.done()
}

/// The configuration as AWS exports it, without certificate and key of a client.
pub async fn configuration(context: &Context, endpoint: &str) -> Result<String, Failure> {
    let call = context.aws.ec2.export_client_vpn_client_configuration().client_vpn_endpoint_id(endpoint);
    Ok(call.send().await.answer()?.client_configuration().unwrap_or_default().to_owned())
}

/// The configuration with a client's certificate and key, and with a label of its own in front of the endpoint's name.
///
/// The endpoint's name has no address; every name below it has. AWS writes `remote-random-hostname`, by which OpenVPN
/// puts a random label there. Clients that do not know the word need a label in the file (AWS Client VPN administrator
/// guide, "Unable to resolve Client VPN endpoint DNS name"); the others put theirs in front of it, which resolves too.
pub fn complete(exported: &str, label: &str, issued: &Issued) -> SecretString {
    let lines = exported.lines().map(|line| match line.strip_prefix("remote ") {
        Some(rest) if rest.trim_start().starts_with("cvpn-endpoint-") => {
            format!("remote {label}.{}", rest.trim_start())
        }
        _ => line.to_owned(),
    });
    let text: String = lines.map(|line| line + "\n").collect();
    let key = issued.key.expose_secret();
    // Large enough not to move, which would leave a copy behind.
    let mut whole = String::with_capacity(text.len() + issued.certificate.len() + key.len() + 256);
    for part in [text.trim_end(), "\n\n<cert>\n", issued.certificate.trim(), "\n</cert>\n<key>\n", key.trim()] {
        whole.push_str(part);
    }
    whole.push_str("\n</key>\n");
    SecretString::from(whole)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_configuration_gets_a_label_a_certificate_and_a_key() {
        let exported = "client\nremote cvpn-endpoint-1.prod.clientvpn.us-east-1.amazonaws.com 443\n\
            remote-random-hostname\n<ca>\nCA\n</ca>\n\nreneg-sec 0\n\n";
        let issued = Issued {
            certificate: "CERTIFICATE\n".to_owned(),
            key: "KEY\n".to_owned().into(),
            serial: "40".to_owned(),
            valid_until: date!(2027 - 11 - 30),
        };
        let whole = complete(exported, "a1b2", &issued);
        assert_eq!(
            whole.expose_secret(),
            "client\nremote a1b2.cvpn-endpoint-1.prod.clientvpn.us-east-1.amazonaws.com 443\n\
             remote-random-hostname\n<ca>\nCA\n</ca>\n\nreneg-sec 0\n\n\
             <cert>\nCERTIFICATE\n</cert>\n<key>\nKEY\n</key>\n"
        );
        assert!(!format!("{issued:?}{whole:?}").contains("KEY\n"));
    }
}
