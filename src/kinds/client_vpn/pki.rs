//! The certificates of a client VPN: an authority of the deployment's own, the endpoint's certificate, and one for each
//! client.
//!
//! Keys are RSA of 2048 bits: a Client VPN endpoint supports 1024 and 2048 only, and a client certificate must have a
//! common name (AWS Client VPN administrator guide, "Mutual authentication"). Keys are [`SecretString`]s, and failures
//! hold none.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RsaKeySize, SanType, SerialNumber,
};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use time::{Date, Duration, OffsetDateTime, Time};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::pem::parse_x509_pem;
use x509_parser::x509::X509Name;

use crate::engine::compare::hex;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::secret::certificates::{in_years, params, pem};
use crate::kinds::secret::credentials::document;

/// The keys of the document.
const CERTIFICATE: &str = "ca_certificate";
const KEY: &str = "ca_key";

/// Years for which an authority is valid: no client works beyond it.
const YEARS: i32 = 20;

/// What signs the certificates of one VPN.
#[derive(Debug)]
pub struct Authority {
    name: String,
    /// As PEM.
    pub certificate: String,
    key: SecretString,
    /// Of the certificate.
    pub facts: Facts,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// SHA-256 of its DER, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The day of its last second.
    pub valid_until: Date,
}

/// A signed certificate with its key.
#[derive(Debug)]
pub struct Issued {
    /// As PEM.
    pub certificate: String,
    /// As PKCS #8 in PEM.
    pub key: SecretString,
    /// In lower-case hexadecimal.
    pub serial: String,
    pub valid_until: Date,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    Server,
    Client,
}

impl Authority {
    /// A new one, valid since yesterday: clocks differ.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes, or it is past the year 9979.
    pub fn generate(name: &str, now: OffsetDateTime) -> Result<Self, Failure> {
        let end = in_years(now.date(), YEARS).ok_or_else(|| failed("there is no date in so many years"))?;
        let key = pair()?;
        let certificate = authority(name, (now - Duration::days(1), midnight(end))).self_signed(&*key);
        let certificate = certificate.map_err(failed)?.pem();
        Ok(Self { name: name.to_owned(), facts: facts(&certificate)?, certificate, key: pem(&key)? })
    }

    /// The one in a document of [`Self::document`].
    ///
    /// # Errors
    ///
    /// [`Cause::Refused`]: somebody has changed the document.
    pub fn read(name: &str, document: &SecretString) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Document {
            ca_certificate: String,
            ca_key: String,
        }
        let unreadable = || Failure::of(Cause::Refused, "the secret does not hold the VPN's authority");
        let Document { ca_certificate, ca_key } =
            serde_json::from_str(document.expose_secret()).map_err(|_| unreadable())?;
        let facts = facts(&ca_certificate).map_err(|_| unreadable())?;
        Ok(Self { name: name.to_owned(), certificate: ca_certificate, key: ca_key.into(), facts })
    }

    /// A JSON object of certificate and key, each as PEM.
    pub fn document(&self) -> SecretString {
        document(&[(CERTIFICATE, self.certificate.clone().into()), (KEY, self.key.clone())])
    }

    /// A certificate for `days` days, or until the authority's own end. Takes a moment to compute.
    ///
    /// # Errors
    ///
    /// The key cannot be read, or the system gives no random bytes.
    pub fn issue(&self, usage: Usage, name: &str, now: OffsetDateTime, days: i64) -> Result<Issued, Failure> {
        let wanted = now.date().saturating_add(Duration::days(days));
        let end = wanted.min(self.facts.valid_until);
        let mut params = params(name, (now - Duration::days(1), midnight(end)));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages = match usage {
            Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        if usage == Usage::Server {
            params.subject_alt_names = vec![SanType::DnsName(name.try_into().map_err(failed)?)];
        }
        params.use_authority_key_identifier_extension = true;
        let serial = serial();
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let key = pair()?;
        let certificate = self.with_issuer(|issuer| Ok(params.signed_by(&*key, issuer).map_err(failed)?.pem()))?;
        Ok(Issued { certificate, key: pem(&key)?, serial: hex(&serial), valid_until: end })
    }

    /// Signs something.
    pub(super) fn with_issuer<T>(
        &self,
        sign: impl FnOnce(&Issuer<'_, &KeyPair>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let signer = KeyPair::from_pem(self.key.expose_secret()).map(Zeroizing::new);
        // What rcgen says of a key that it cannot read may quote it.
        let signer = signer.map_err(|_| failed("the authority's key cannot be read"))?;
        // Its own validity is in nothing that it signs.
        let end = midnight(self.facts.valid_until);
        sign(&Issuer::new(authority(&self.name, (end, end)), &*signer))
    }

    /// Whether a certificate or list says that it is signed by this authority: by its name, and by the identifier of
    /// its key, if it has that. An authority that was deleted had the same name.
    pub(super) fn is_issuer(&self, name: &X509Name<'_>, extensions: &[X509Extension<'_>]) -> Result<bool, Failure> {
        let named = extensions.iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => key.key_identifier.as_ref().map(|key| key.0),
            _ => None,
        });
        read(&self.certificate, |certificate, _| {
            let own = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
                _ => None,
            });
            certificate.subject() == name && named.is_none_or(|key| own == Some(key))
        })
    }
}

/// Fingerprint and end of the first certificate in a PEM.
///
/// # Errors
///
/// There is none.
pub fn facts(pem: &str) -> Result<Facts, Failure> {
    let (fingerprint, end) = read(pem, |certificate, der| {
        let end = OffsetDateTime::from_unix_timestamp(certificate.validity().not_after.timestamp());
        (hex(&Sha256::digest(der)), end)
    })?;
    Ok(Facts { fingerprint, valid_until: end.map_err(|_| unreadable())?.date() })
}

/// Looks at the first certificate in a PEM and its DER.
pub(super) fn read<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>, &[u8]) -> T) -> Result<T, Failure> {
    let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|_| unreadable())?;
    let certificate = block.parse_x509().map_err(|_| unreadable())?;
    Ok(look(&certificate, &block.contents))
}

fn unreadable() -> Failure {
    Failure::of(Cause::Refused, "there is a certificate that cannot be read")
}

fn authority(name: &str, validity: (OffsetDateTime, OffsetDateTime)) -> CertificateParams {
    let mut params = params(name, validity);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn pair() -> Result<Zeroizing<KeyPair>, Failure> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map(Zeroizing::new).map_err(failed)
}

/// Positive, and never zero: a serial number is a signed integer (RFC 5280, 4.1.2.2).
fn serial() -> [u8; 16] {
    let mut serial: [u8; 16] = rand::random();
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

pub(super) fn midnight(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

pub(super) fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::of(Cause::Internal, format!("the certificates of the client VPN cannot be generated: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn parsed<T>(pem: &str, look: impl FnOnce(&X509Certificate<'_>) -> T) -> T {
        let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
        look(&block.parse_x509().unwrap())
    }

    #[test]
    fn an_authority_signs_for_servers_and_clients_also_once_it_was_stored() {
        let made = Authority::generate("Cloud Exchange prod client VPN", NOW).unwrap();
        let stored = Authority::read("Cloud Exchange prod client VPN", &made.document()).unwrap();
        assert_eq!(stored.facts, made.facts);
        assert_eq!(made.facts.valid_until, date!(2046 - 11 - 30));
        let issue = |usage, days| stored.issue(usage, "alice", NOW, days).unwrap();
        let (server, client) = (issue(Usage::Server, 1825), issue(Usage::Client, 365));
        assert_eq!(client.valid_until, date!(2027 - 11 - 30));
        assert_ne!(server.serial, client.serial);
        assert_eq!(issue(Usage::Client, 36_500).valid_until, made.facts.valid_until, "not beyond the authority");
        parsed(&made.certificate, |ca| {
            assert!(ca.is_ca());
            for (one, is_server) in [(&server, true), (&client, false)] {
                parsed(&one.certificate, |leaf| {
                    assert_eq!(leaf.issuer(), ca.subject());
                    assert!(!leaf.is_ca());
                    assert_eq!(hex(leaf.raw_serial()), one.serial);
                    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
                    assert_eq!((usage.server_auth, usage.client_auth), (is_server, !is_server));
                    let key = leaf.public_key().parsed().unwrap();
                    assert_eq!(key.key_size(), 2048);
                });
                assert!(one.key.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----"));
            }
        });
    }

    #[test]
    fn a_document_that_somebody_has_changed_is_refused_without_its_content() {
        for wrong in ["", "{}", r#"{"ca_certificate":"x","ca_key":"geheim"}"#] {
            let failure = Authority::read("n", &wrong.to_owned().into()).unwrap_err();
            assert_eq!(failure.cause, Cause::Refused);
            assert!(!failure.to_string().contains("geheim"));
        }
        let made = Authority::generate("n", NOW).unwrap();
        let broken = Authority { key: "geheim".to_owned().into(), ..made };
        assert!(!broken.issue(Usage::Client, "a", NOW, 1).unwrap_err().to_string().contains("geheim"));
    }
}
