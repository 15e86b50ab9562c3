//! The certificates for TLS between the containers of one task: an authority of their own, and one certificate for all
//! of them.
//!
//! The vendor's `setup` makes them with openssl for a year (Cloud Exchange 6.1.0, `setup`, `common_ca_self_signed_ssl`,
//! and `data/ssl_certs/mongodb_rabbitmq_certs`); names, sizes and extensions are those. Values are [`SecretString`]s,
//! as in [`super::credentials`]. (AWS-LC wipes what it frees.) Failures hold no value.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, SanType,
};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use time::{Date, Duration, OffsetDateTime, Time};

use crate::engine::failure::{Cause, Failure};

use super::credentials::document;

/// The keys of the document.
pub const CA: &str = "internal_ca";
pub const CERTIFICATE: &str = "internal_certificate";
pub const KEY: &str = "internal_key";

/// Names under which the containers, and 6.x's management server, are reached.
const NAMES: [&str; 5] = ["localhost", "rabbitmq-stats", "mongodb-primary", "host.docker.internal", "core"];

/// Years for which they are valid.
const YEARS: i32 = 10;

/// What one secret holds.
#[derive(Debug)]
pub struct Certificates {
    /// A JSON object of [`CA`], [`CERTIFICATE`] and [`KEY`], each as PEM.
    pub document: SecretString,
    /// The first day on which they are no longer valid, from its first second (UTC).
    pub valid_until: Date,
}

impl Certificates {
    /// New ones, valid since yesterday: the clocks of workstation and task may differ. Takes some seconds to compute.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes, or it is past the year 9989.
    pub fn generate(now: OffsetDateTime) -> Result<Self, Failure> {
        let valid_until = in_years(now.date(), YEARS).ok_or_else(|| failed("there is no date in ten years"))?;
        let validity = (now - Duration::days(1), valid_until.with_time(Time::MIDNIGHT).assume_utc());
        let (ca_key, key) = (pair()?, pair()?);
        let mut ca = params("CloudExchangeCA", validity);
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let of_ca = ca.self_signed(&*ca_key).map_err(failed)?.pem();
        let mut certificate = params("localhost", validity);
        certificate.subject_alt_names = names()?;
        certificate.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        certificate.use_authority_key_identifier_extension = true;
        // The authority's key is dropped here: no other certificate is ever signed with it.
        let certificate = certificate.signed_by(&*key, &Issuer::new(ca, &*ca_key)).map_err(failed)?.pem();
        let entries = [(CA, of_ca.into()), (CERTIFICATE, certificate.into()), (KEY, pem(&key)?)];
        Ok(Self { document: document(&entries), valid_until })
    }
}

/// Makes what takes moments to compute, such as a key, while other calls go on.
pub(in crate::kinds) async fn generated<T: Send + 'static>(
    make: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(make).await.map_err(failed)?
}

pub(super) fn pair() -> Result<Zeroizing<KeyPair>, Failure> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096).map(Zeroizing::new).map_err(failed)
}

pub(in crate::kinds) fn params(
    name: &str,
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
) -> CertificateParams {
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (not_before, not_after);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn names() -> Result<Vec<SanType>, Failure> {
    let names = NAMES.into_iter().map(|name| name.try_into().map(SanType::DnsName).map_err(failed));
    names.chain([Ok(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)))]).collect()
}

/// The key as PKCS #8 in PEM. rcgen's own function leaves copies in memory.
pub(in crate::kinds) fn pem(key: &KeyPair) -> Result<SecretString, Failure> {
    let der = key.serialized_der();
    // Large enough not to move, which would leave a copy behind.
    let mut encoded = Zeroizing::new(vec![0; der.len() * 4 / 3 + 4]);
    let length = STANDARD.encode_slice(der, &mut encoded).map_err(failed)?;
    let mut text = Zeroizing::new(String::with_capacity(encoded.len() * 2 + 64));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in encoded[..length].chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    Ok(SecretString::from(text.as_str()))
}

/// The same day so many years later; for a leap day, the day before.
pub(in crate::kinds) fn in_years(date: Date, years: i32) -> Option<Date> {
    let year = date.year().checked_add(years)?;
    date.replace_year(year).or_else(|_| date.previous_day().unwrap_or(date).replace_year(year)).ok()
}

pub(super) fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::of(Cause::Internal, format!("certificates cannot be generated: {why}"))
}

#[cfg(test)]
mod tests;
