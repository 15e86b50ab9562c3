//! A certificate for a web server and its private key, in PEM. Nothing of the key is ever quoted.

use rcgen::KeyPair as Key;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem as Block;
use x509_parser::prelude::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::{
    pem::{MAX_BYTES, NOTICE_SECONDS, armoured, day, fingerprint, subject},
    text::{Invalid, quoted},
};

/// A certificate with what leads from it to a known authority, and the key that belongs to it. All but the key is
/// public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPair {
    /// The server's own certificate, then the chain, each between its marks.
    pub text: String,
    /// SHA-256 over the certificates in DER, one after the other, in hexadecimal digits. The first of them holds the
    /// public key.
    pub fingerprint: String,
    /// The day on which the first of them expires, as in `2027-01-31`.
    pub valid_until: String,
    #[serde(skip)]
    pub key: PrivateKey,
}

/// A private key in PEM, shown nowhere.
#[derive(Clone)]
pub struct PrivateKey(SecretString);

impl PrivateKey {
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for PrivateKey {}

/// Which file a problem is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Certificate,
    Chain,
    Key,
}

/// What is wrong, and where.
type Wrong = (Part, Invalid);

/// The contents of the files; without `chain`, all certificates are in `certificate`.
pub(super) struct Contents<'a> {
    pub certificate: &'a [u8],
    pub chain: Option<&'a [u8]>,
    pub key: &'a [u8],
}

impl KeyPair {
    /// Reads files at a time in seconds since 1970, with warnings about what is usable but doubtful. `name`: under
    /// which people reach the UI, if that is known.
    pub(super) fn read(files: &Contents<'_>, now: i64, name: Option<&str>) -> Result<(Self, Vec<Wrong>), Wrong> {
        let mut blocks = Vec::new();
        for (part, content) in [(Part::Certificate, Some(files.certificate)), (Part::Chain, files.chain)] {
            let found = content.map(certificates).transpose().map_err(|invalid| (part, invalid))?;
            blocks.extend(found.unwrap_or_default().into_iter().map(|block| (part, block)));
        }
        let mut all = Vec::new();
        for (part, block) in &blocks {
            all.push((*part, block.parse_x509().map_err(|_| (*part, damaged()))?));
        }
        let Some((_, leaf)) = all.first() else { return Err((Part::Certificate, damaged())) };
        strong(leaf).map_err(|invalid| (Part::Certificate, invalid))?;
        let key = private_key(files.key).map_err(|invalid| (Part::Key, invalid))?;
        let belongs = |one: &X509Certificate<'_>| *one.public_key().subject_public_key.data == *key.public;
        if !belongs(leaf) {
            let later = all.iter().find(|(_, one)| belongs(one));
            return Err(later.map_or((Part::Key, mismatch(leaf)), |(part, one)| (*part, not_first(one))));
        }
        for pair in all.windows(2) {
            if let [(_, one), (part, next)] = pair
                && one.issuer() != next.subject()
            {
                return Err((*part, out_of_order(one, next)));
            }
        }
        let mut doubts = Vec::new();
        for (part, one) in &all {
            doubts.extend(validity(one, now).map_err(|invalid| (*part, invalid))?.map(|doubt| (*part, doubt)));
        }
        doubts.extend(other_name(leaf, name).map(|doubt| (Part::Certificate, doubt)));
        let text: String = blocks.iter().map(|(_, block)| armoured(&block.contents)).collect();
        if text.len() + key.text.expose_secret().len() > MAX_BYTES {
            return Err((Part::Certificate, too_large()));
        }
        let end = all.iter().map(|(_, one)| one.validity().not_after).min_by_key(|end| end.timestamp());
        let pair = Self {
            text,
            fingerprint: fingerprint(blocks.iter().map(|(_, block)| block)),
            valid_until: end.map(day).unwrap_or_default(),
            key: PrivateKey(key.text),
        };
        Ok((pair, doubts))
    }
}

fn too_large() -> Invalid {
    Invalid::new(
        "plan-file/ui-certificate-too-large",
        format!("certificates and key are larger than {} KiB, and a secret of AWS holds little more", MAX_BYTES / 1024),
        "keep only the certificate, and those that lead from it to the root",
    )
}

fn damaged() -> Invalid {
    Invalid::new(
        "plan-file/ui-certificate-not-pem",
        "the text between BEGIN and END is not a certificate in PEM",
        "export the certificate again, in PEM (Base64)",
    )
}

/// The certificates of a file, at least one.
fn certificates(content: &[u8]) -> Result<Vec<Block>, Invalid> {
    if content.len() > MAX_BYTES {
        return Err(too_large());
    }
    if String::from_utf8_lossy(content).contains("PRIVATE KEY-----") {
        return Err(Invalid::new(
            "plan-file/ui-certificate-holds-key",
            "there is a private key among the certificates",
            "keep it in a file of its own, which `key` names",
        ));
    }
    let blocks: Vec<Block> = Block::iter_from_buffer(content).collect::<Result<_, _>>().map_err(|_| damaged())?;
    if let Some(other) = blocks.iter().find(|block| block.label != "CERTIFICATE") {
        let message = format!("there is a {} in the file", quoted(&other.label));
        return Err(Invalid::new(
            "plan-file/ui-certificate-not-pem",
            message,
            "keep only the blocks between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----",
        ));
    }
    if blocks.is_empty() {
        return Err(Invalid::new(
            "plan-file/ui-certificate-not-pem",
            "there is no certificate in the file",
            "a PEM file has lines such as -----BEGIN CERTIFICATE-----; `openssl x509 -inform der -in ui.der -out \
             ui.pem` converts a DER file, `openssl pkcs12 -in ui.pfx` takes one out of a PKCS #12 file",
        ));
    }
    Ok(blocks)
}

/// A private key, and the public one that belongs to it, as certificates hold it.
struct Found {
    text: SecretString,
    public: Vec<u8>,
}

fn private_key(content: &[u8]) -> Result<Found, Invalid> {
    let not_a_key = |message: &str| {
        let hint = "name the private key of the certificate, in PEM: its file has a line such as -----BEGIN PRIVATE \
                    KEY-----";
        Invalid::new("plan-file/ui-certificate-no-key", message, hint)
    };
    if content.len() > MAX_BYTES {
        return Err(too_large());
    }
    let text = std::str::from_utf8(content).map_err(|_| not_a_key("the file is not text"))?;
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Invalid::new(
            "plan-file/ui-certificate-encrypted",
            "the private key is protected by a password",
            "`openssl pkey -in ui.key -out plain.key` writes it without; keep that file as safe as the password",
        ));
    }
    let block = block(text).ok_or_else(|| not_a_key("there is no private key in the file"))?;
    let unreadable = || not_a_key("the private key cannot be read: it is damaged, or of a kind that is not supported");
    let mut parsed = Block::iter_from_buffer(block.as_bytes());
    let der = parsed.next().and_then(Result::ok).map(|block| Zeroizing::new(block.contents)).ok_or_else(unreadable)?;
    let key = Zeroizing::new(Key::try_from(der.as_slice()).map_err(|_| unreadable())?);
    let text = SecretString::from(format!("{}\n", block.replace('\r', "").trim_end()));
    Ok(Found { text, public: key.public_key_raw().to_vec() })
}

/// The first block that holds a private key: before it there may be parameters of its curve.
fn block(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(begin) = rest.find("-----BEGIN ") {
        rest = &rest[begin..];
        let label = rest["-----BEGIN ".len()..].split("-----").next().unwrap_or_default();
        let mark = format!("-----END {label}-----");
        let end = rest.find(&mark)? + mark.len();
        if label.ends_with("PRIVATE KEY") {
            return Some(&rest[..end]);
        }
        rest = &rest[end..];
    }
    None
}

/// Keys that browsers and load balancers take. A load balancer takes no Ed25519 (Elastic Load Balancing user guide,
/// "Create an HTTPS listener for your Application Load Balancer").
fn strong(leaf: &X509Certificate<'_>) -> Result<(), Invalid> {
    let what = match leaf.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() >= 2048 => return Ok(()),
        Ok(PublicKey::RSA(key)) => format!("an RSA key of {} bits", key.key_size()),
        Ok(PublicKey::EC(point)) if [256, 384].contains(&point.key_size()) => return Ok(()),
        Ok(PublicKey::EC(point)) => format!("a key on a curve of {} bits", point.key_size()),
        _ => "a key that is neither RSA nor on an elliptic curve".to_owned(),
    };
    Err(Invalid::new(
        "plan-file/ui-certificate-weak",
        format!("the certificate of {} has {what}", quoted(&subject(leaf))),
        "use RSA with at least 2048 bits, or an elliptic curve P-256 or P-384",
    ))
}

fn mismatch(leaf: &X509Certificate<'_>) -> Invalid {
    Invalid::new(
        "plan-file/ui-certificate-mismatch",
        format!("the private key does not belong to the certificate of {}", quoted(&subject(leaf))),
        "name the key with which the certificate was requested; with another one the web server does not start",
    )
}

const ORDER: &str = "put the server's own certificate first, then the one that signed it, and so on";

fn not_first(own: &X509Certificate<'_>) -> Invalid {
    let message = format!("the server's own certificate, of {}, is not the first one", quoted(&subject(own)));
    Invalid::new("plan-file/ui-certificate-order", message, ORDER)
}

fn out_of_order(one: &X509Certificate<'_>, next: &X509Certificate<'_>) -> Invalid {
    let message = format!(
        "the certificate of {} is followed by that of {}, which has not signed it",
        quoted(&subject(one)),
        quoted(&subject(next))
    );
    Invalid::new("plan-file/ui-certificate-order", message, ORDER)
}

fn validity(certificate: &X509Certificate<'_>, now: i64) -> Result<Option<Invalid>, Invalid> {
    let words = format!("the certificate of {}", quoted(&subject(certificate)));
    let (from, to) = (certificate.validity().not_before, certificate.validity().not_after);
    if to.timestamp() < now {
        return Err(Invalid::new(
            "plan-file/ui-certificate-expired",
            format!("{words} expired on {}", day(to)),
            "ask for a new one; browsers reject this one",
        ));
    }
    if from.timestamp() > now {
        return Err(Invalid::new(
            "plan-file/ui-certificate-not-yet-valid",
            format!("{words} is not valid before {}", day(from)),
            "until then browsers reject it; keep the present one, and put this one into the plan file then",
        ));
    }
    Ok((to.timestamp() - now < NOTICE_SECONDS).then(|| {
        Invalid::new(
            "plan-file/ui-certificate-expires-soon",
            format!("{words} expires on {}", day(to)),
            "put the next one into the files; `ce-aws apply` then replaces the task",
        )
    }))
}

/// A certificate for other names than the one under which people reach the UI.
fn other_name(leaf: &X509Certificate<'_>, name: Option<&str>) -> Option<Invalid> {
    let extension = leaf.subject_alternative_name().ok().flatten();
    let names: Vec<&str> = extension
        .iter()
        .flat_map(|extension| &extension.value.general_names)
        .filter_map(|name| if let GeneralName::DNSName(name) = name { Some(*name) } else { None })
        .collect();
    let name = name.filter(|name| !names.iter().any(|pattern| is_for(pattern, name)))?;
    let shown = if names.is_empty() { "no name".to_owned() } else { quoted(&names.join(", ")) };
    Some(Invalid::new(
        "plan-file/ui-certificate-other-name",
        format!("the certificate is for {shown}, and not for {}", quoted(name)),
        "the load balancer does not verify it; whoever connects to the task itself is warned",
    ))
}

/// Whether a certificate's name, perhaps with a wildcard for its first label, is for a host (RFC 6125, section 6.4.3).
fn is_for(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix("*.") {
        Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest == domain),
        None => pattern == host,
    }
}
