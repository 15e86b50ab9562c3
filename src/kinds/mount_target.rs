//! Mount targets: where a file system can be reached from.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::file_system::FileSystem;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;

/// A file system's network interface in one subnet. It carries no tags, so that its address has the name of its
/// subnet's. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MountTarget {
    pub file_system: Ref<FileSystem>,
    pub subnet: Ref<Subnet>,
    pub groups: Set<Ref<SecurityGroup>>,
}

impl Spec for MountTarget {
    const KIND: Kind = Kind {
        parents: &["file-system", "subnet"],
        gone_after: &["service"],
        immutable: &["file_system", "subnet"],
        tagged: false,
        // Public Terraform logs: created in 84 s, sometimes more than 10 minutes (hashicorp/terraform-provider-aws).
        seconds: Seconds { create: 1.0, ready: 85.0, gone: 20.0, patience: 1200.0 },
        ..Kind::new("mount-target", Part::Storage)
    };
}
