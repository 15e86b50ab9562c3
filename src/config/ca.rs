//! The `[ca]` table: a certificate authority that Cloud Exchange shall trust.

use serde::Serialize;

use super::{
    aws_name::SecretArn,
    file::{FilePath, Surroundings},
    keys::Holds,
    pem::{self, Pem},
    problem::Problem,
    section::{Entry, Field, Keys, Section, table},
    text::Invalid,
};

/// Certificates that Cloud Exchange trusts besides the public ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaCertificate {
    /// A file beside the plan file, read with it.
    File(Pem),
    /// A secret of the user's that holds the PEM text.
    Secret(SecretArn),
}

table! {
    /// Certificates that Cloud Exchange trusts besides the public ones: either `file` or `secret`.
    #[schemars(rename = "CaCertificate", extend("minProperties" = 1, "maxProperties" = 1))]
    pub(super) struct Written / CaKeys {
        /// PEM file with CA certificates. The path starts at the plan file's folder.
        pub file: Option<FilePath>,
        /// Secret of your own, in the plan's region, that holds the PEM text.
        pub secret: Option<SecretArn>,
    }
}

impl Field for Option<CaCertificate> {
    const HOLDS: Holds = Holds::Table(CaKeys::KEYS);
    type Said<'a> = CaKeys<'a>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> CaKeys<'a> {
        CaKeys::under(section, key)
    }

    /// The file is still to be read.
    fn value(_: &CaKeys<'_>) -> Option<Self> {
        None
    }
}

impl CaCertificate {
    pub(super) fn read(keys: &CaKeys<'_>, around: &Surroundings) -> Option<Self> {
        let (file, secret) = (&keys.file, &keys.secret);
        if file.is_there() && secret.is_there() {
            let invalid = Invalid::new(
                "plan-file/contradiction",
                "both `file` and `secret` say where the certificates are",
                "keep one of the two; a file may hold several certificates",
            );
            secret.push(Problem::error(invalid, secret.span()).related(file.span(), "the file"));
            return None;
        }
        if keys.section().is_there() && file.is_missing() && secret.is_missing() {
            let invalid = Invalid::new(
                "plan-file/missing-key",
                "[ca] has neither `file` nor `secret`",
                "add `file = \"corp-ca.pem\"`, a PEM file beside this one, or `secret = \"arn:…\"`; or remove the \
                 table",
            );
            keys.section().refuse(invalid, keys.section().span());
        }
        match &file.value {
            Some(path) => read_file(file, path, around).map(Self::File),
            None => secret.value.clone().map(Self::Secret),
        }
    }
}

fn read_file(file: &Entry<'_, FilePath>, path: &FilePath, around: &Surroundings) -> Option<Pem> {
    let content = around.content(path, pem::MAX_BYTES, "CA certificate", "plan-file/ca-unreadable");
    let (pem, doubts) =
        content.and_then(|content| Pem::read(&content, around.now)).map_err(|invalid| file.refuse(invalid)).ok()?;
    for invalid in doubts {
        file.push(Problem::warning(invalid, file.span()));
    }
    Some(pem)
}
