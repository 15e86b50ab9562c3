//! One container of a task definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::reference::Ref;

use super::log_group::LogGroup;
use super::secret::Secret;

/// A container. Its name is its key in [`super::task_definition::TaskDefinition::containers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    pub image: String,
    /// The task stops when an essential container stops.
    pub essential: bool,
    /// `uid:gid`; `None` is the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Empty is the image's own, and so is an empty command.
    pub entry_point: Vec<String>,
    pub command: Vec<String>,
    /// TCP ports, in ascending order.
    pub ports: Vec<u16>,
    /// Seconds; `None` is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<u32>,
    /// Seconds between SIGTERM and SIGKILL; `None` is Fargate's 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
    /// Condition (`START`, `COMPLETE`, `SUCCESS`, `HEALTHY`) by name of the container waited for.
    pub depends_on: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// By path inside the container.
    pub mounts: BTreeMap<String, Mount>,
    /// Value by variable; never a secret.
    pub environment: BTreeMap<String, String>,
    /// Variables that ECS fills from Secrets Manager when the task starts.
    pub secrets: BTreeMap<String, FromSecret>,
    /// `None`: no logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<Logs>,
}

/// Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// With `CMD` or `CMD-SHELL` first.
    pub command: Vec<String>,
    pub interval: u32,
    pub timeout: u32,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures are not counted this long after the start.
    pub start_period: u32,
}

/// A volume of the task inside the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub volume: String,
    pub read_only: bool,
}

/// One key of a JSON secret, which ECS writes `<arn>:<key>::`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromSecret {
    /// The secret's `arn`.
    pub secret: Ref<Secret>,
    pub key: String,
}

/// Delivery of standard output and error to CloudWatch Logs, stream `<prefix>/<container>/<task id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logs {
    /// The group's `id`, its name.
    pub group: Ref<LogGroup>,
    pub region: String,
    pub prefix: String,
}
