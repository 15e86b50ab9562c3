//! The certificates that a client VPN turns away: a certificate revocation list (RFC 5280), signed by its authority.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use time::{Duration, OffsetDateTime};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::engine::compare::hex;
use crate::engine::failure::{Cause, Failure};

use super::pki::{Authority, failed, midnight, read};

/// The serial number of a certificate: 1 to 20 bytes (RFC 5280, 4.1.2.2). As text in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serial(Vec<u8>);

impl Serial {
    const MOST: usize = 20;

    /// That of a client's certificate, as PEM; `None` if another authority has issued it.
    ///
    /// # Errors
    ///
    /// There is no certificate.
    pub fn issued_by(authority: &Authority, pem: &str) -> Result<Option<Self>, Failure> {
        read(pem, |certificate, _| {
            let is_ours = authority.is_issuer(certificate.issuer(), certificate.extensions())?;
            Ok(is_ours.then(|| Self::of(certificate.raw_serial())))
        })?
    }

    fn of(bytes: &[u8]) -> Self {
        // DER puts a zero in front of what would otherwise be negative.
        Self(bytes.iter().copied().skip_while(|byte| *byte == 0).collect())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl FromStr for Serial {
    type Err = String;

    /// As `vpn config` prints it, or as openssl does: in upper case, with colons between the bytes.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits: String = text.chars().filter(|c| *c != ':').collect();
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            Some(pair).filter(|pair| pair.len() == 2).and_then(|pair| {
                let text = std::str::from_utf8(pair).ok()?;
                u8::from_str_radix(text, 16).ok().filter(|_| !text.starts_with('+'))
            })
        };
        let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
        let serial = bytes.map(|bytes| Self::of(&bytes)).filter(|serial| (1..=Self::MOST).contains(&serial.0.len()));
        serial.ok_or_else(|| "write the hexadecimal digits that `ce-aws vpn config` has printed".to_owned())
    }
}

/// Serial numbers, and when each was revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked(BTreeMap<Serial, OffsetDateTime>);

impl Revoked {
    /// What a list says; nothing, where there is no list or an empty one.
    ///
    /// # Errors
    ///
    /// [`Cause::Refused`]: it cannot be read, or is another authority's, whose entries nobody here can sign.
    pub fn read(pem: &str, authority: &Authority) -> Result<Self, Failure> {
        let unreadable = || Failure::of(Cause::Refused, "the VPN's list of revoked certificates cannot be read");
        if pem.trim().is_empty() {
            return Ok(Self::default());
        }
        let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|_| unreadable())?;
        if block.contents.is_empty() {
            return Ok(Self::default());
        }
        let (_, list) = CertificateRevocationList::from_der(&block.contents).map_err(|_| unreadable())?;
        if !authority.is_issuer(list.issuer(), list.extensions())? {
            let what = "another authority than the VPN's has signed its list of revoked certificates";
            return Err(Failure::of(Cause::Refused, what));
        }
        let entry = |one: &x509_parser::revocation_list::RevokedCertificate<'_>| {
            let when = OffsetDateTime::from_unix_timestamp(one.revocation_date.timestamp());
            Ok((Serial::of(one.raw_serial()), when.map_err(|_| unreadable())?))
        };
        list.iter_revoked_certificates().map(entry).collect::<Result<_, _>>().map(Self)
    }

    pub fn contains(&self, serial: &Serial) -> bool {
        self.0.contains_key(serial)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Revokes another one.
    pub fn add(&mut self, serial: Serial, now: OffsetDateTime) {
        // A list has whole seconds.
        self.0.entry(serial).or_insert(now.replace_nanosecond(0).unwrap_or(now));
    }

    /// The list as PEM. It is valid as long as the authority: once a list has ended, nobody can connect
    /// (DataBiosphere/azul#4865).
    ///
    /// # Errors
    ///
    /// The authority's key cannot be read.
    pub fn sign(&self, authority: &Authority, now: OffsetDateTime) -> Result<String, Failure> {
        let entry = |(serial, when): (&Serial, &OffsetDateTime)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&serial.0),
            revocation_time: *when,
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            // Clocks differ.
            this_update: now - Duration::days(1),
            next_update: midnight(authority.facts.valid_until),
            crl_number: SerialNumber::from(now.unix_timestamp().unsigned_abs()),
            issuing_distribution_point: None,
            revoked_certs: self.0.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        authority.with_issuer(|issuer| list.signed_by(issuer).and_then(|list| list.pem()).map_err(failed))
    }
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::super::pki::Usage;
    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    #[test]
    fn a_serial_number_is_read_as_it_is_printed_here_and_by_openssl() {
        let read = |text: &str| text.parse::<Serial>().map(|serial| serial.to_string());
        assert_eq!(read("4a00ff").as_deref(), Ok("4a00ff"));
        assert_eq!(read("00:4A:00:FF").as_deref(), Ok("4a00ff"));
        for wrong in ["", "00", "4a0", "+a", "xy", "4a 00", &"11".repeat(21), "é4"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_grows_and_stays_readable_until_the_authority_ends() {
        let authority = Authority::generate("Cloud Exchange prod client VPN", NOW).unwrap();
        let issued = authority.issue(Usage::Client, "alice", NOW, 365).unwrap();
        let (alice, bob): (Serial, Serial) = (issued.serial.parse().unwrap(), "0a".parse().unwrap());
        let mut all = Revoked::default();
        all.add(alice.clone(), NOW);
        let first = all.sign(&authority, NOW).unwrap();
        let mut read = Revoked::read(&first, &authority).unwrap();
        assert_eq!(read, all);
        let later = NOW + Duration::days(40);
        read.add(bob.clone(), later);
        read.add(alice.clone(), later);
        let second = read.sign(&authority, later).unwrap();
        let read = Revoked::read(&second, &authority).unwrap();
        assert_eq!((read.count(), read.0[&alice], read.0[&bob]), (2, NOW, later));
        let (_, block) = parse_x509_pem(second.as_bytes()).unwrap();
        let (_, list) = CertificateRevocationList::from_der(&block.contents).unwrap();
        let end = list.next_update().unwrap().timestamp();
        assert_eq!(end, midnight(authority.facts.valid_until).unix_timestamp());
        assert_eq!(block.label, "X509 CRL");

        assert_eq!(Serial::issued_by(&authority, &issued.certificate), Ok(Some(alice)));
        // Also of an authority of the same name.
        for name in ["somebody else's", "Cloud Exchange prod client VPN"] {
            let other = Authority::generate(name, NOW).unwrap();
            let failure = Revoked::read(&first, &other).unwrap_err();
            assert!(failure.to_string().contains("another authority"), "{failure}");
            assert_eq!(Serial::issued_by(&other, &issued.certificate), Ok(None));
        }
        assert_eq!(Revoked::read("nothing", &authority).unwrap_err().cause, Cause::Refused);
        for empty in ["", "\n", "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"] {
            assert_eq!(Revoked::read(empty, &authority), Ok(Revoked::default()));
        }
    }
}
