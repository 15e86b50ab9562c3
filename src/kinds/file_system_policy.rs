//! Who may mount a file system, and how.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::document;
use super::file_system::FileSystem;

/// A file system's policy. Its address has the name of the file system's. Outputs: `id` (the file system's).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileSystemPolicy {
    pub file_system: Ref<FileSystem>,
    /// In normal form, see [`FileSystemPolicy::normal`].
    pub policy: Value,
}

impl FileSystemPolicy {
    /// The same policy as reading it from AWS gives it.
    pub fn normal(self) -> Self {
        Self { policy: document::normal(&self.policy), ..self }
    }
}

impl Spec for FileSystemPolicy {
    const KIND: Kind = Kind {
        parents: &["file-system"],
        gone_after: &["service"],
        immutable: &["file_system"],
        security: true,
        tagged: false,
        ..Kind::new("file-system-policy", Part::Storage)
    };
}
