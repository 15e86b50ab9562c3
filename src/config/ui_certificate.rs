//! The `[ui_certificate]` table: HTTPS by the UI's own web server.

use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use super::{
    choice::TlsVersion,
    dns::DnsName,
    file::{FilePath, Surroundings},
    key_pair::{Contents, KeyPair, Part},
    keys::Holds,
    pem::MAX_BYTES,
    problem::Problem,
    section::{Entry, Field, Keys, Section, table},
    text::Invalid,
};

/// The certificate of the UI's own web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UiCertificate {
    /// The user's, from files beside the plan file, read with it.
    Files(Box<KeyPair>),
    /// One that ce-aws makes, and renews in time.
    SelfSigned,
}

table! {
    /// HTTPS by the UI's own web server, so that everything up to the task is encrypted: either `certificate` and
    /// `key`, or `self_signed`.
    #[schemars(rename = "UiCertificate", extend("minProperties" = 1))]
    pub(super) struct Written / UiCertificateKeys {
        /// PEM file with the certificate, perhaps followed by its chain. The path starts at the plan file's folder.
        pub certificate: Option<FilePath>,
        /// PEM file with the certificate's private key, without a password. Keep it out of version control.
        pub key: Option<FilePath>,
        /// PEM file with the certificates that lead from `certificate` to a known authority, if they are not in there.
        pub chain: Option<FilePath>,
        /// Let ce-aws make a certificate, which browsers warn of, and renew it in time.
        pub self_signed: Option<bool>,
    }
}

impl Field for Option<UiCertificate> {
    const HOLDS: Holds = Holds::Table(UiCertificateKeys::KEYS);
    type Said<'a> = UiCertificateKeys<'a>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> UiCertificateKeys<'a> {
        UiCertificateKeys::under(section, key)
    }

    /// The files are still to be read.
    fn value(_: &UiCertificateKeys<'_>) -> Option<Self> {
        None
    }
}

impl UiCertificate {
    /// `name`: of the UI, in [dns].
    pub(super) fn read(keys: &UiCertificateKeys<'_>, around: &Surroundings, name: Option<&DnsName>) -> Option<Self> {
        let UiCertificateKeys { certificate, key, chain, self_signed, .. } = keys;
        let section = keys.section();
        let files = [certificate, key, chain];
        if self_signed.value == Some(true) {
            if let Some(file) = files.into_iter().find(|file| file.is_there()) {
                let invalid = Invalid::new(
                    "plan-file/contradiction",
                    "`self_signed` is true, and there are files of a certificate",
                    "keep one of the two",
                );
                self_signed.push(Problem::error(invalid, self_signed.span()).related(file.span(), "a file"));
                return None;
            }
            return Some(Self::SelfSigned);
        }
        if section.is_there() && files.iter().all(|file| file.is_missing()) {
            let invalid = Invalid::new(
                "plan-file/missing-key",
                "[ui_certificate] has neither `certificate` and `key` nor `self_signed = true`",
                "add `certificate = \"ui.pem\"` and `key = \"ui.key\"`, PEM files beside this one; or `self_signed = \
                 true`; or remove the table",
            );
            section.refuse(invalid, section.span());
            return None;
        }
        let (of_certificate, of_key) = (certificate.required(), key.required());
        let content = |entry: &Entry<'_, FilePath>, path: &FilePath, what: &str| {
            let content = around.content(path, MAX_BYTES, what, "plan-file/ui-certificate-unreadable");
            content.map(Zeroizing::new).map_err(|invalid| entry.refuse(invalid)).ok()
        };
        // All are read before any failure counts, so that each one is reported.
        let found = of_certificate.map(|path| content(certificate, &path, "certificate"));
        let of_chain = chain.value.as_ref().map(|path| content(chain, path, "chain of the certificate"));
        let private = of_key.map(|path| content(key, &path, "private key"));
        let of_chain = match of_chain {
            Some(content) => Some(content?),
            None if chain.is_there() => return None,
            None => None,
        };
        let (found, private) = (found??, private??);
        let contents = Contents { certificate: &found, chain: of_chain.as_deref().map(Vec::as_slice), key: &private };
        let place = |part| match part {
            Part::Certificate => certificate,
            Part::Chain => chain,
            Part::Key => key,
        };
        let (pair, doubts) = KeyPair::read(&contents, around.now, name.map(DnsName::as_str))
            .map_err(|(part, invalid)| place(part).refuse(invalid))
            .ok()?;
        for (part, doubt) in doubts {
            place(part).push(Problem::warning(doubt, place(part).span()));
        }
        Some(Self::Files(Box::new(pair)))
    }
}

/// Of TLS 1.3 alone behind a load balancer. `listener`: whether the deployment's listener speaks HTTPS; `None` if the
/// listener is the user's.
///
/// A load balancer speaks TLS 1.3 to its targets only from an HTTPS listener with a policy for TLS 1.3, and otherwise
/// TLS 1.2 at most (Elastic Load Balancing user guide, "Security policies for your Application Load Balancer"). Which
/// versions its health checks speak is not documented.
pub(super) fn check_tls_version(tls_version: &Entry<'_, TlsVersion>, listener: Option<bool>) {
    let hint = "write `tls_version = \"TLSv1.2 TLSv1.3\"`, or remove the key: that is then the default";
    if listener == Some(false) {
        return tls_version.refuse(Invalid::new(
            "plan-file/tls-version",
            "the load balancer cannot reach a UI that speaks TLS 1.3 alone: without a certificate of its own it \
             speaks TLS 1.2 at most to its targets",
            hint,
        ));
    }
    let doubt = Invalid::new(
        "plan-file/tls-version-doubtful",
        "a load balancer's health checks may not speak TLS 1.3: then no task becomes healthy",
        hint,
    );
    tls_version.push(Problem::warning(doubt, tls_version.span()));
}
