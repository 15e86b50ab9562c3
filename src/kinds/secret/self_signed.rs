//! A certificate that vouches for itself, for the UI's own web server.
//!
//! As the vendor's `setup` makes it with openssl (Cloud Exchange 6.1.0): RSA with 4096 bits, for server authentication.
//! It is valid for two years: Apple's systems accept no server certificate that is valid for more than 825 days (Apple
//! Support, "Requirements for trusted certificates in iOS 13 and macOS 10.15"). Failures hold no value.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{ExtendedKeyUsagePurpose, SanType};
use secrecy::SecretString;
use time::{Date, Duration, OffsetDateTime, Time};

use crate::engine::failure::Failure;

use super::certificates::{failed, in_years, pair, params, pem};

const YEARS: i32 = 2;

/// A certificate and its key, as PEM.
pub struct SelfSigned {
    pub certificate: String,
    pub key: SecretString,
    /// The first day on which it is no longer valid, from its first second (UTC).
    pub valid_until: Date,
}

impl SelfSigned {
    /// A new one for these names and for 127.0.0.1, where tunnels end, valid since yesterday. Takes some seconds to
    /// compute.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes, or a name is none.
    pub fn generate(now: OffsetDateTime, names: &[String]) -> Result<Self, Failure> {
        let valid_until = in_years(now.date(), YEARS).ok_or_else(|| failed("there is no date in two years"))?;
        let validity = (now - Duration::days(1), valid_until.with_time(Time::MIDNIGHT).assume_utc());
        let key = pair()?;
        let mut wanted = params(names.first().map(String::as_str).unwrap_or("localhost"), validity);
        let of_name = |name: &String| name.as_str().try_into().map(SanType::DnsName).map_err(failed);
        wanted.subject_alt_names = names.iter().map(of_name).collect::<Result<_, _>>()?;
        wanted.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = wanted.self_signed(&*key).map_err(failed)?.pem();
        Ok(Self { certificate, key: pem(&key)?, valid_until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use time::macros::datetime;
    use x509_parser::pem::Pem;

    #[test]
    fn browsers_can_accept_it_for_its_names() {
        let names = ["ce.example.com".to_owned(), "localhost".to_owned()];
        let made = SelfSigned::generate(datetime!(2026-02-28 12:00 UTC), &names).unwrap();
        assert_eq!(made.valid_until.to_string(), "2028-02-28");
        assert!(made.key.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let block = Pem::iter_from_buffer(made.certificate.as_bytes()).next().unwrap().unwrap();
        let certificate = block.parse_x509().unwrap();
        assert_eq!(certificate.subject().to_string(), "CN=ce.example.com");
        let names = certificate.subject_alternative_name().unwrap().unwrap().value.general_names.len();
        assert_eq!((names, certificate.is_ca()), (3, false));
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth);
        let days = certificate.validity().not_after.timestamp() - certificate.validity().not_before.timestamp();
        assert!(days / 86_400 <= 825, "{days}");
    }
}
