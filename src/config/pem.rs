//! A file of CA certificates, in PEM.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::{pem::Pem as Block, prelude::X509Certificate, time::ASN1Time};

use super::text::{Invalid, quoted};

/// CA certificates, checked. They are public: subjects and fingerprint may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pem {
    /// The certificates alone, each between its marks, with a newline at the end of every line.
    pub text: String,
    /// Of each certificate, as `C=US, O=Example, CN=Example Root CA`.
    pub subjects: Vec<String>,
    /// SHA-256 over the certificates in DER, one after the other, in hexadecimal digits.
    pub fingerprint: String,
    /// When the first of them expires, in seconds since 1970.
    pub not_after: i64,
}

/// Secrets Manager holds 65,536 bytes. Source: AWS Secrets Manager user guide, "AWS Secrets Manager quotas".
pub(super) const MAX_BYTES: usize = 60 * 1024;

/// How long before a certificate expires there is a warning.
pub(super) const NOTICE_SECONDS: i64 = 30 * 24 * 60 * 60;

impl Pem {
    /// Whether a text can be used as CA certificates at a time in seconds since 1970.
    pub fn is_usable(text: &str, now: i64) -> bool {
        Self::read(text.as_bytes(), now).is_ok()
    }

    /// Reads the content of a file at a time in seconds since 1970, with warnings about what is usable but doubtful.
    /// Nothing of a private key is ever quoted.
    pub(super) fn read(content: &[u8], now: i64) -> Result<(Self, Vec<Invalid>), Invalid> {
        if content.len() > MAX_BYTES {
            return Err(Invalid::new(
                "plan-file/ca-too-large",
                format!("the file is larger than {} KiB, and a secret of AWS holds little more", MAX_BYTES / 1024),
                "keep only the certificates that your proxy or your internal services need",
            ));
        }
        let blocks = blocks(content)?;
        let mut pem =
            Self { text: String::new(), subjects: Vec::new(), fingerprint: String::new(), not_after: i64::MAX };
        let mut doubts = Vec::new();
        for block in &blocks {
            let certificate = certificate(block)?;
            doubts.extend(check(&certificate, now)?);
            pem.text += &armoured(&block.contents);
            pem.subjects.push(subject(&certificate));
            pem.not_after = pem.not_after.min(certificate.validity().not_after.timestamp());
        }
        pem.fingerprint = fingerprint(&blocks);
        Ok((pem, doubts))
    }
}

/// The blocks of the file, at least one.
fn blocks(content: &[u8]) -> Result<Vec<Block>, Invalid> {
    let invalid = |code, message: &str, hint: &str| Err(Invalid::new(code, message, hint));
    if String::from_utf8_lossy(content).contains("PRIVATE KEY-----") {
        return invalid(
            "plan-file/ca-private-key",
            "there is a private key in the file",
            "name a file with the certificates alone: nobody but their owner needs the key, and it must not leave the \
             place where it is kept",
        );
    }
    let blocks: Result<Vec<Block>, _> = Block::iter_from_buffer(content).collect();
    match blocks {
        Ok(blocks) if blocks.is_empty() => invalid(
            "plan-file/ca-not-pem",
            "there is no certificate in the file",
            "a PEM file has lines such as -----BEGIN CERTIFICATE-----; \
             `openssl x509 -inform der -in ca.der -out ca.pem` converts a DER file",
        ),
        Ok(blocks) => Ok(blocks),
        Err(_) => invalid(
            "plan-file/ca-not-pem",
            "the file is damaged: the text between BEGIN and END is not a certificate in PEM",
            "export the certificate again, in PEM (Base64)",
        ),
    }
}

fn certificate(block: &Block) -> Result<X509Certificate<'_>, Invalid> {
    if block.label != "CERTIFICATE" {
        return Err(Invalid::new(
            "plan-file/ca-not-a-certificate",
            format!("there is a {} in the file", quoted(&block.label)),
            "keep only the blocks between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----",
        ));
    }
    block.parse_x509().map_err(|_| {
        Invalid::new(
            "plan-file/ca-not-a-certificate",
            "what the file calls a certificate is not one",
            "export the certificate again, in PEM (Base64)",
        )
    })
}

/// Refuses a certificate that cannot be used, and warns about one that may not work.
fn check(certificate: &X509Certificate<'_>, now: i64) -> Result<Vec<Invalid>, Invalid> {
    let subject = quoted(&subject(certificate));
    let validity = certificate.validity();
    let (from, to) = (validity.not_before, validity.not_after);
    if to.timestamp() < now {
        return Err(Invalid::new(
            "plan-file/ca-expired",
            format!("the certificate of {subject} expired on {}", day(to)),
            "ask whoever runs the proxy or the certificate authority for the current one",
        ));
    }
    let mut doubts = Vec::new();
    let mut doubt = |code, message: String, hint: &str| doubts.push(Invalid::new(code, message, hint));
    if to.timestamp() - now < NOTICE_SECONDS {
        let hint = "ask for the next one, and put both into the file: Cloud Exchange then trusts either";
        doubt("plan-file/ca-expires-soon", format!("the certificate of {subject} expires on {}", day(to)), hint);
    }
    if from.timestamp() > now {
        let hint = "until then Cloud Exchange does not trust it";
        doubt(
            "plan-file/ca-not-yet-valid",
            format!("the certificate of {subject} is not valid before {}", day(from)),
            hint,
        );
    }
    if !certificate.is_ca() {
        let hint = "name the certificate of the authority that signed it: the proxy's own certificate is not enough";
        doubt("plan-file/ca-is-no-ca", format!("the certificate of {subject} is not that of a CA"), hint);
    }
    Ok(doubts)
}

/// SHA-256 over certificates in DER, one after the other, in hexadecimal digits.
pub(super) fn fingerprint<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> String {
    let mut digest = Sha256::new();
    blocks.into_iter().for_each(|block| digest.update(&block.contents));
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// On one line.
pub(super) fn subject(certificate: &X509Certificate<'_>) -> String {
    certificate.subject().to_string().chars().filter(|c| !c.is_control()).collect()
}

/// As in `2027-01-31`.
pub(super) fn day(time: ASN1Time) -> String {
    time.to_datetime().date().to_string()
}

/// Base64 in lines of 64 characters, between the marks. Source: RFC 7468, section 2.
pub(super) fn armoured(der: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (index, character) in BASE64_STANDARD.encode(der).chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text + "\n-----END CERTIFICATE-----\n"
}
