//! From the containers of a release to those of a task definition.

use crate::engine::reference::{Need, Ref};
use crate::kinds::access_point::AccessPoint;
use crate::kinds::file_system::FileSystem;
use crate::kinds::task_definition::container::{Container, HealthCheck, Logs, Mount};
use crate::kinds::task_definition::{EfsVolume, TaskVolume};
use crate::release::{self, Package, StartTimeout};

use super::storage::from_secret;

/// A container with the image of its release. `need`: of the secrets that it gets.
pub fn container(wanted: &release::Container, package: Package, need: Need, logs: Option<Logs>) -> Container {
    let mut ports = wanted.ports.clone();
    ports.sort_unstable();
    let depends_on = wanted.depends_on.iter().map(|(other, condition)| (other.clone(), condition.to_string()));
    let health_check = wanted.health_check.as_ref().map(|check| HealthCheck {
        command: vec!["CMD-SHELL".to_owned(), check.command.clone()],
        interval: check.interval,
        timeout: check.timeout,
        retries: check.retries,
        start_period: check.start_period,
    });
    let mounts = wanted.mounts.iter().map(|release::Mount { volume, path, read_only }| {
        (path.clone(), Mount { volume: volume.clone(), read_only: *read_only })
    });
    Container {
        image: wanted.image.to_string(),
        digest: None,
        essential: wanted.essential,
        user: wanted.user.clone(),
        memory: wanted.memory.map(|memory| memory.mib(package)),
        entry_point: wanted.entry_point.clone(),
        command: wanted.command.clone(),
        ports,
        start_timeout: wanted.start_timeout.and_then(StartTimeout::seconds),
        stop_timeout: Some(wanted.stop_timeout),
        depends_on: depends_on.collect(),
        health_check,
        mounts: mounts.collect(),
        environment: wanted.environment.clone(),
        secrets: wanted.secrets.iter().map(|(name, key)| (name.clone(), from_secret(*key, need))).collect(),
        logs,
    }
}

/// The volume of an access point. `iam`: whether the task role decides about access.
pub fn volume(file_system: Ref<FileSystem>, access_point: Ref<AccessPoint>, iam: bool) -> TaskVolume {
    TaskVolume::Efs(EfsVolume { file_system, access_point, iam, transit_encryption: true, root: "/".to_owned() })
}
