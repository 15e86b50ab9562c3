//! EFS access points: one directory each, entered as one user.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;

use super::file_system::FileSystem;

/// An access point. Outputs: `id`, `arn`.
///
/// Nothing about it can be changed; deleting it leaves the directory and what is in it where they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessPoint {
    pub file_system: Ref<FileSystem>,
    /// Its root, absolute. Created on first use if missing.
    pub path: String,
    /// POSIX user and group that every access is made as.
    pub uid: u32,
    pub gid: u32,
    /// Owner of the root where it is created.
    pub owner_uid: u32,
    pub owner_gid: u32,
    /// Mode of the root where it is created, four octal digits.
    pub permissions: String,
}

impl Spec for AccessPoint {
    const KIND: Kind = Kind {
        parents: &["file-system"],
        gone_after: &["service", "task-definition"],
        immutable: &["file_system", "path", "uid", "gid", "owner_uid", "owner_gid", "permissions"],
        replaceable: true,
        seconds: Seconds { create: 1.0, ready: 3.0, gone: 3.0, patience: 300.0 },
        ..Kind::new("access-point", Part::Storage)
    };
}
