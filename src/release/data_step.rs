//! What a release does to the data of its predecessor before it starts, and with whose tools.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Image, Mount, Release, SecretKey, Settings, Version};

/// A one-shot task between two releases, while the service is at zero.
///
/// Its script can be run twice, ends by itself and leaves no process behind. It exits with 0 if and only if its work is
/// done, including when there was nothing left to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The one that is left.
    Old,
    /// The one that is reached.
    New,
}

/// A container of the one or the other release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerOf {
    pub release: Side,
    pub name: String,
}

/// What runs the script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
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

/// The container of a data step's task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepContainer {
    pub image: Image,
    /// The container that the image belongs to, so that a plan file's override for that container applies here too;
    /// `None`: the step's own image, to which only a mirror applies.
    pub image_of: Option<String>,
    /// `uid:gid`; `None` is the image's own user.
    pub user: Option<String>,
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretKey>,
    pub mounts: Vec<Mount>,
    /// Whose access points the mounts name.
    pub mounts_of: Side,
}

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
        let own = self.image.clone();
        // Task volumes are empty: only the task of the service fills them.
        let mounts = host.mounts.into_iter().filter(|mount| release.task_volume(&mount.volume).is_none());
        Some(StepContainer {
            image_of: own.is_none().then(|| host.name.clone()),
            image: own.unwrap_or(host.image),
            user: host.user,
            entry_point: vec![self.shell.path().to_owned(), "-c".to_owned()],
            command: vec![self.script.clone()],
            environment: host.environment,
            secrets: host.secrets,
            mounts: mounts.collect(),
            mounts_of: side,
        })
    }
}
