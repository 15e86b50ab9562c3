//! What a release does to the data of its predecessor before it starts, and with whose tools.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Container, Image, Release, Settings, Version};

/// A one-shot task between two releases, while the service is at zero.
///
/// Its script can be run twice, ends by itself and leaves no process behind. It exits with 0 if and only if its work is
/// done, including when there was nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataStep {
    /// Lowercase letters, digits and hyphens; unique within a release.
    pub name: String,
    /// Only when coming from one of these predecessors; empty: from each.
    #[serde(default)]
    pub from: Vec<Version>,
    /// One line for the plan, in the imperative: "set MongoDB's feature compatibility version to 5.0".
    pub about: String,
    /// Whose image, user, environment, secrets and mounts it takes.
    pub container: ContainerOf,
    /// Instead of that container's image.
    #[serde(default)]
    pub image: Option<Image>,
    #[serde(default)]
    pub shell: Shell,
    pub script: String,
    /// Whether it writes what the older release may be unable to read.
    pub changes_data: bool,
    /// Seconds from the start of the task after which it has failed.
    pub timeout: u32,
}

/// One of the two releases of an upgrade step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The one that is left.
    Old,
    /// The one that is reached.
    New,
}

/// A container of the one or the other release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerOf {
    pub release: Side,
    pub name: String,
}

/// What runs the script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shell {
    #[default]
    Bash,
    Sh,
}

impl Shell {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Bash => "/bin/bash",
            Self::Sh => "/bin/sh",
        }
    }
}

/// The container of a data step's task, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepContainer {
    pub container: Container,
    /// The container that the image belongs to, so that a plan file's override for that container applies here too;
    /// `None`: the step's own image, to which only a mirror applies.
    pub image_of: Option<String>,
    /// Whose access points the mounts name.
    pub mounts_of: Side,
}

/// Seconds, the most that Fargate allows: a database may have to shut down.
const STOP_TIMEOUT: u32 = 120;

impl DataStep {
    /// Whether it is part of the step from this release.
    pub fn concerns(&self, from: Version) -> bool {
        self.from.is_empty() || self.from.contains(&from)
    }

    /// The container that runs it, or `None` if that release has no such container, which the catalogue rules out
    /// between a release and its predecessors.
    pub fn render(&self, old: &Release, new: &Release, settings: &Settings) -> Option<StepContainer> {
        let side = self.container.release;
        let release = match side {
            Side::Old => old,
            Side::New => new,
        };
        let host = release.container(&self.container.name)?.map_environment(|value| value.render(settings));
        // Task volumes are empty: only the task of the service fills them.
        let mounts = host.mounts.into_iter().filter(|mount| release.task_volume(&mount.volume).is_none());
        let container = Container {
            image: self.image.clone().unwrap_or(host.image),
            essential: true,
            memory: None,
            entry_point: vec![self.shell.path().to_owned(), "-c".to_owned()],
            command: vec![self.script.clone()],
            ports: Vec::new(),
            start_timeout: None,
            stop_timeout: STOP_TIMEOUT,
            depends_on: BTreeMap::new(),
            health_check: None,
            mounts: mounts.collect(),
            ..host
        };
        let image_of = self.image.is_none().then(|| container.name.clone());
        Some(StepContainer { container, image_of, mounts_of: side })
    }
}
