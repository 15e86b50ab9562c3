//! Files that containers need and their images do not have.

use serde::Deserialize;

use super::{FileMode, SecretKey, text::checked_string};

/// A volume that lives as long as the task, on its ephemeral storage. It is empty when a task starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskVolume {
    /// Unique among the volumes of a release, access points included.
    pub name: String,
}

/// A file that the one container with `delivers_files` writes before the containers that read it start.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FileText")]
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

checked_string! {
    /// A numeric owner, `uid:gid`: names mean something else in each image.
    Owner: |text| text.split_once(':').is_some_and(|(uid, gid)| [uid, gid].into_iter().all(is_id)),
    else "an owner is two numbers such as 1001:1001"
}

fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u32>().is_ok()
}

/// The form in a release file, in which a file may have two contents or none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    volume: String,
    path: String,
    #[serde(default)]
    owner: Option<Owner>,
    #[serde(default = "FileMode::readable")]
    mode: FileMode,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    secrets: Vec<SecretKey>,
    #[serde(default)]
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
