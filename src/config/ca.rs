//! The `[ca]` table: a certificate authority that Cloud Exchange shall trust.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    aws_name::SecretArn,
    keys::Holds,
    pem::{self, Pem},
    problem::Problem,
    section::{Entry, Field, Keys, Section, table},
    text::{Invalid, quoted},
    value::{Read as _, string},
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

/// What the meaning of a plan file depends on besides its text.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The plan file's folder.
    pub folder: PathBuf,
    /// Seconds since 1970.
    pub now: i64,
}

string! {
    /// A path as it stands in the file.
    FilePath,
    expected: "a file beside this one, such as \"corp-ca.pem\"",
    pattern: "^.",
    check: |text: &str| {
        if !text.is_empty() {
            return Ok(());
        }
        Err(Invalid::new("plan-file/bad-path", "the path is empty", format!("write {}", Self::expected())))
    }
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
    let path = around.folder.join(path.as_str());
    let content = content(&path).map_err(|error| unreadable(&path, &error));
    let (pem, doubts) =
        content.and_then(|content| Pem::read(&content, around.now)).map_err(|invalid| file.refuse(invalid)).ok()?;
    for invalid in doubts {
        file.push(Problem::warning(invalid, file.span()));
    }
    Some(pem)
}

/// The file, or enough of it to show that it is too large.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    // Reading a pipe could block.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(pem::MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

fn unreadable(path: &Path, error: &io::Error) -> Invalid {
    let path = quoted(&path.display().to_string());
    let why = if error.kind() == io::ErrorKind::NotFound { "no such file".to_owned() } else { error.to_string() };
    Invalid::new(
        "plan-file/ca-unreadable",
        format!("cannot read the CA certificate {path}: {why}"),
        "the path starts at the plan file's folder",
    )
}
