//! The EFS file system.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Seconds, Spec};

/// A file system. Outputs: `id`, `arn`.
///
/// Its address is `file-system/<name>` and its creation token `cx.names.creation_token(<name>)`: by that token EFS
/// refuses a second one after a lost answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FileSystem {
    pub creation_token: String,
    pub encrypted: bool,
    /// ARN of a key; `None` takes EFS's own, `aws/elasticfilesystem`.
    pub kms_key: Option<String>,
    /// `generalPurpose`.
    pub performance: String,
    /// `elastic` or `bursting`.
    pub throughput: String,
    /// AWS Backup's automatic daily backup.
    pub backup: bool,
}

impl Spec for FileSystem {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Data,
        gone_after: &["mount-target", "access-point", "file-system-policy", "service"],
        immutable: &["creation_token", "encrypted", "kms_key", "performance"],
        seconds: Seconds { create: 1.0, ready: 5.0, gone: 10.0, patience: 600.0 },
        ..Kind::new("file-system", Part::Storage)
    };
}
