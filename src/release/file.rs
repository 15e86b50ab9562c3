//! Files that containers need and their images do not have.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{FileMode, SecretKey, text::as_string};

/// A volume that lives as long as the task, on its ephemeral storage. It is empty when a task starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TaskVolume {
    /// Unique among the volumes of a release, access points included.
    pub name: String,
}

/// A file that the one container with `delivers_files` writes before the containers that read it start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "FileText", into = "FileText")]
pub struct File {
    /// A task volume, or the volume of an access point.
    pub volume: String,
    /// Relative, inside the volume.
    pub path: String,
    /// `None`: the user that creates it: root on a task volume, and on an access point the user that it enforces.
    pub owner: Option<Owner>,
    pub mode: FileMode,
    pub source: FileSource,
}

/// What is in a file. Each part ends with exactly one line break of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// As the release file has it; never a secret.
    Content(String),
    /// One after the other.
    Secrets(Vec<SecretKey>),
    /// The user's own certificate authority. Without one, the file is removed.
    CaCertificate,
}

impl File {
    /// The variable that holds the content in the delivering container.
    pub fn variable(&self) -> String {
        Self::variable_of(&self.volume, &self.path)
    }

    pub(super) fn variable_of(volume: &str, path: &str) -> String {
        let letters = |text: &str| -> String {
            let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            text.chars().map(allowed).collect()
        };
        format!("FILE_{}_{}", letters(volume), letters(path))
    }

    /// The secrets that it is made of.
    pub fn secrets(&self) -> &[SecretKey] {
        match &self.source {
            FileSource::Secrets(keys) => keys,
            FileSource::Content(_) | FileSource::CaCertificate => &[],
        }
    }
}

/// A numeric owner, `uid:gid`: names mean something else in each image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

impl FromStr for Owner {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let ids = text.split_once(':').and_then(|(uid, gid)| Some((id(uid)?, id(gid)?)));
        ids.map(|(uid, gid)| Self { uid, gid }).ok_or("an owner is two numbers such as 1001:1001")
    }
}

as_string!(Owner);

/// The form in a release file, in which a file may have two contents or none.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    volume: String,
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(default = "FileMode::readable")]
    mode: FileMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<SecretKey>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ca_certificate: bool,
}

impl TryFrom<FileText> for File {
    type Error = &'static str;

    fn try_from(text: FileText) -> Result<Self, Self::Error> {
        let FileText { volume, path, owner, mode, content, secrets, ca_certificate } = text;
        let source = match (content, secrets.is_empty(), ca_certificate) {
            (Some(content), true, false) => FileSource::Content(content),
            (None, false, false) => FileSource::Secrets(secrets),
            (None, true, true) => FileSource::CaCertificate,
            _ => return Err("a file has exactly one of content, secrets and ca_certificate = true"),
        };
        Ok(Self { volume, path, owner, mode, source })
    }
}

impl From<File> for FileText {
    fn from(file: File) -> Self {
        let File { volume, path, owner, mode, source } = file;
        let (content, secrets, ca_certificate) = match source {
            FileSource::Content(content) => (Some(content), Vec::new(), false),
            FileSource::Secrets(secrets) => (None, secrets, false),
            FileSource::CaCertificate => (None, Vec::new(), true),
        };
        Self { volume, path, owner, mode, content, secrets, ca_certificate }
    }
}
