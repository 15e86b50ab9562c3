//! The `[ca]` table: a certificate authority that Cloud Exchange shall trust.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    arn::SecretArn,
    bound::{Bound, Home},
    found::{Found, Located, Read},
    pem::{self, Pem},
    problem::Problem,
    reader::Section,
    text::{Invalid, quoted},
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

/// What a plan file is read with: its place, and the time.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    /// The plan file's folder.
    pub folder: PathBuf,
    /// Seconds since 1970.
    pub now: i64,
}

/// A path as it stands in the file.
struct FilePath(String);

impl Read for FilePath {
    const EXPECTED: &'static str = "a file beside this one, such as \"corp-ca.pem\"";

    fn read(value: Found<'_>) -> Option<Self> {
        value.parse(|text| match text {
            "" => Err(Invalid::new("plan-file/bad-path", "the path is empty", format!("write {}", Self::EXPECTED))),
            _ => Ok(Self(text.to_owned())),
        })
    }
}

impl CaCertificate {
    pub(super) fn read(section: &Section<'_>, around: &Surroundings) -> Option<Self> {
        let file = section.optional::<FilePath>("file");
        let secret = section.optional::<SecretArn>("secret");
        if let Some(secret) = &secret {
            section.bind(Bound::new(secret, Home::Arn("secret", secret.value.region().to_owned())));
        }
        match (section.has("file"), section.has("secret")) {
            (true, true) => {
                let invalid = Invalid::new(
                    "plan-file/contradiction",
                    "both `file` and `secret` say where the certificates are",
                    "keep one of the two; a file may hold several certificates",
                );
                let problem = Problem::error(invalid, section.span_of("secret"));
                section.push(problem.related(section.span_of("file"), "the file"));
                None
            }
            (false, false) if section.is_there() => {
                let invalid = Invalid::new(
                    "plan-file/missing-key",
                    "[ca] says neither `file` nor `secret`",
                    "add `file = \"corp-ca.pem\"`, a PEM file beside this one, or `secret = \"arn:…\"`; or remove the table",
                );
                section.refuse(invalid, section.span());
                None
            }
            _ => file
                .and_then(|file| read_file(section, &file, around))
                .map(Self::File)
                .or(secret.map(|secret| Self::Secret(secret.value))),
        }
    }
}

fn read_file(section: &Section<'_>, file: &Located<FilePath>, around: &Surroundings) -> Option<Pem> {
    let path = around.folder.join(&file.value.0);
    let read =
        content(&path).map_err(|error| unreadable(&path, &error)).and_then(|content| Pem::read(&content, around.now));
    match read {
        Ok((pem, doubts)) => {
            for invalid in doubts {
                section.push(Problem::warning(invalid, file.span.clone()));
            }
            Some(pem)
        }
        Err(invalid) => {
            section.refuse(invalid, file.span.clone());
            None
        }
    }
}

/// The file, or as much of it as shows that it is too large.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would keep us waiting.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(pem::MAX_BYTES as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

fn unreadable(path: &Path, error: &io::Error) -> Invalid {
    let path = quoted(&path.display().to_string());
    let why = if error.kind() == io::ErrorKind::NotFound { "there is none".to_owned() } else { error.to_string() };
    Invalid::new(
        "plan-file/ca-unreadable",
        format!("cannot read the CA certificate {path}: {why}"),
        "the path starts at the plan file's folder",
    )
}

impl JsonSchema for CaCertificate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CaCertificate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Certificates that Cloud Exchange trusts besides the public ones: either `file` or `secret`.",
            "type": "object",
            "properties": {
                "file": {
                    "description": "PEM file with CA certificates. The path starts at the plan file's folder.",
                    "type": "string",
                    "minLength": 1,
                },
                "secret": {
                    "description": "Secret of your own, in the plan's region, that holds the PEM text.",
                    "$ref": generator.subschema_for::<SecretArn>().to_value()["$ref"],
                },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}
