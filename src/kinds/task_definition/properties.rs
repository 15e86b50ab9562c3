//! The properties of a task definition.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self as sdk, CpuArchitecture, OsFamily, RuntimePlatform};

use crate::kinds::prelude::*;
use crate::kinds::role::Role;

use super::container::Container;
use super::volume::TaskVolume;

/// A task definition for Fargate. Outputs: `id` and `arn` (the revision's ARN), `family`, `revision` (a number).
///
/// The family must be `context.names.stack()`; what is listed is its latest active revision that is of this deployment.
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
    pub volumes: BTreeMap<String, TaskVolume>,
}

impl Spec for TaskDefinition {
    const KIND: Kind = Kind {
        immutable: &["family"],
        renews: true,
        stopped_after: &["service"],
        lets_go: &["role", "access-point", "file-system", "secret", "log-group"],
        ..Kind::new("task-definition", Part::Service)
    };
}

impl TaskDefinition {
    pub(super) fn read(live: &sdk::TaskDefinition) -> Self {
        let size = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
        let platform = live.runtime_platform();
        let system = platform.and_then(RuntimePlatform::operating_system_family).map_or("LINUX", OsFamily::as_str);
        let architecture =
            platform.and_then(RuntimePlatform::cpu_architecture).map_or("X86_64", CpuArchitecture::as_str);
        Self {
            family: text(live.family()),
            cpu: size(live.cpu()),
            memory: size(live.memory()),
            execution_role: text(live.execution_role_arn()).into(),
            task_role: text(live.task_role_arn()).into(),
            system: system.to_owned(),
            architecture: architecture.to_owned(),
            containers: live
                .container_definitions()
                .iter()
                .map(|container| (text(container.name()), Container::read(container)))
                .collect(),
            volumes: live.volumes().iter().map(|volume| (text(volume.name()), TaskVolume::read(volume))).collect(),
        }
    }
}
