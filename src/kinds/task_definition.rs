//! The task definition: every change of it is a new revision.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::access_point::AccessPoint;
use super::container::Container;
use super::file_system::FileSystem;
use super::role::Role;

/// A task definition for Fargate. Outputs: `id` and `arn` (the revision's ARN), `family`, `revision` (a number).
///
/// The family must be `cx.names.stack()`; what is read is its latest active revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskDefinition {
    pub family: String,
    /// In units of 1/1024 vCPU.
    pub cpu: u32,
    /// MiB.
    pub memory: u32,
    /// The roles' `arn`: what starts the task, and what runs in it.
    pub execution_role: Ref<Role>,
    pub task_role: Ref<Role>,
    /// `LINUX` and `X86_64`.
    pub system: String,
    pub architecture: String,
    /// By name.
    pub containers: BTreeMap<String, Container>,
    /// By name.
    pub volumes: BTreeMap<String, EfsVolume>,
}

/// A directory of a file system as a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// The file system's `id`.
    pub file_system: Ref<FileSystem>,
    /// The access point's `id`.
    pub access_point: Ref<AccessPoint>,
    /// Whether the task role decides about access.
    pub iam: bool,
    pub transit_encryption: bool,
    /// `/`, which is the access point's own root.
    pub root: String,
}

impl Spec for TaskDefinition {
    const KIND: Kind =
        Kind { immutable: &["family"],
        renews: true, gone_after: &["service"], ..Kind::new("task-definition", Part::Service) };
}
