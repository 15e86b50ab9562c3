//! One container of a release.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Image, Package, SecretKey, choice::choice};

/// A container of the task definition. `V` is the form of its environment values:
/// [`Value`](super::Value) in the catalogue, `String` once rendered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Container<V = String> {
    /// Unique within a release.
    pub name: String,
    pub image: Image,
    /// The task stops when an essential container stops.
    #[serde(default = "yes")]
    pub essential: bool,
    /// `uid:gid`; `None` is the image's own user.
    #[serde(default)]
    pub user: Option<String>,
    /// Whether it gets the variables of a proxy, [`PROXY`](super::PROXY).
    #[serde(default)]
    pub proxy: bool,
    /// Whether it gets the CA of a proxy, in [`CA_CERTIFICATE`](super::CA_CERTIFICATE).
    #[serde(default)]
    pub ca_certificate: bool,
    /// Whether it writes the release's files. User, entry point, command and mounts follow from that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delivers_files: bool,
    /// How much memory it may use; `None`: all that the task has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Empty is the image's own.
    #[serde(default)]
    pub entry_point: Vec<String>,
    /// Empty is the image's own.
    #[serde(default)]
    pub command: Vec<String>,
    /// TCP ports, on the task's one network interface.
    #[serde(default)]
    pub ports: Vec<u16>,
    #[serde(default)]
    pub start_timeout: Option<StartTimeout>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: u32,
    /// What this container waits for, by container. When the task stops, the order is reversed.
    #[serde(default)]
    pub depends_on: BTreeMap<String, Condition>,
    #[serde(default)]
    pub health_check: Option<HealthCheck>,
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Variable to value; never a secret.
    pub environment: BTreeMap<String, V>,
    /// Variable to key of one of the deployment's JSON secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretKey>,
}

/// The memory at which a container is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// 32nds of the task's memory, in which the vendor's setup script divides it.
    Share(u32),
    Mib(u32),
}

impl Memory {
    /// In MiB, rounded.
    pub const fn mib(self, package: Package) -> u32 {
        match self {
            Self::Share(share) => (package.memory_mib() * share + 16) / 32,
            Self::Mib(mib) => mib,
        }
    }
}

/// How long other containers wait for this one to reach the state that they need. After that time
/// they are not started, and the task stops.
///
/// Fargate accepts 2 to 120 seconds (Amazon ECS API reference, `ContainerDefinition`). Work that
/// may take longer, such as MongoDB's recovery after a crash, must have no limit here, or it is
/// stopped again and again before it can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "a start timeout is a number of seconds or \"none\"")]
pub enum StartTimeout {
    Seconds(u32),
    /// The parameter is left out of the task definition.
    Unlimited(Unlimited),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unlimited {
    None,
}

impl StartTimeout {
    /// As the ECS API takes it.
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Unlimited(Unlimited::None) => None,
        }
    }
}

choice! {
    /// As the ECS API spells them.
    pub enum Condition {
        /// It has been started.
        Start = "START",
        /// It has ended, whatever its exit code.
        Complete = "COMPLETE",
        /// It has ended with exit code 0.
        Success = "SUCCESS",
        /// Its health check has passed.
        Healthy = "HEALTHY",
    }
}

/// Times are in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// One line for the container's shell (`CMD-SHELL`); healthy when it exits with 0.
    pub command: String,
    pub interval: u32,
    pub timeout: u32,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures are not counted this long after the start.
    pub start_period: u32,
}

/// A volume inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Name of a task volume, or volume of an access point, of the release.
    pub volume: String,
    pub path: String,
    #[serde(default)]
    pub read_only: bool,
}

impl<V> Container<V> {
    /// The same container with each environment value put through `f`.
    pub(super) fn map_environment<W>(&self, f: impl Fn(&V) -> W) -> Container<W> {
        Container {
            name: self.name.clone(),
            image: self.image.clone(),
            essential: self.essential,
            user: self.user.clone(),
            proxy: self.proxy,
            ca_certificate: self.ca_certificate,
            delivers_files: self.delivers_files,
            memory: self.memory,
            entry_point: self.entry_point.clone(),
            command: self.command.clone(),
            ports: self.ports.clone(),
            start_timeout: self.start_timeout,
            stop_timeout: self.stop_timeout,
            depends_on: self.depends_on.clone(),
            health_check: self.health_check.clone(),
            mounts: self.mounts.clone(),
            environment: self.environment.iter().map(|(name, value)| (name.clone(), f(value))).collect(),
            secrets: self.secrets.clone(),
        }
    }
}

const fn yes() -> bool {
    true
}
