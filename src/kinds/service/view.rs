//! A service and its tasks as plain data, for `status` and for [`super::health`].

use serde::{Deserialize, Serialize};

/// A service with every task that may write to its file system. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceView {
    /// `None` when there is none, or no longer one; its tasks may outlive it.
    pub service: Option<ServiceFacts>,
    /// Every task of the service or of its family that AWS still lists, the newest first: a stopped one for about an
    /// hour.
    pub tasks: Vec<TaskView>,
    /// Other tasks in a cluster of ours. There should be none; they may mount the file system.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_tasks: Vec<TaskView>,
    /// The health of the load balancer's targets. Read only while a task should run.
    pub targets: Vec<TargetView>,
}

/// The service itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceFacts {
    pub arn: String,
    pub name: String,
    /// The cluster's ARN.
    pub cluster: String,
    /// `ACTIVE`, `DRAINING`.
    pub status: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// The ARN of the revision in force.
    pub task_definition: String,
    pub has_load_balancer: bool,
    pub deployments: Vec<DeploymentView>,
    /// The last five, the newest first.
    pub events: Vec<EventView>,
}

/// One deployment: the service's tasks of one revision and configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeploymentView {
    /// `ecs-svc/<number>`, which its tasks have in `started_by`.
    pub id: String,
    /// `PRIMARY`, or `ACTIVE` while it is being replaced.
    pub status: String,
    pub task_definition: String,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub rollout: String,
    pub reason: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    pub failed: u32,
    pub created: f64,
}

/// A service event of ECS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    pub at: f64,
    pub message: String,
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    pub arn: String,
    pub task_definition: String,
    /// `RUNNING` or `STOPPED`.
    pub desired: String,
    /// Its last status: `PROVISIONING`, `PENDING`, `ACTIVATING`, `RUNNING`, `DEACTIVATING`, `STOPPING`,
    /// `DEPROVISIONING`, `STOPPED`.
    pub last: String,
    /// `HEALTHY` when every essential container of its definition with a health check is; else `UNHEALTHY` or
    /// `UNKNOWN`.
    pub health: String,
    /// The deployment's id; something else or empty for a task that was started by hand.
    pub started_by: String,
    pub private_ip: Option<String>,
    pub zone: Option<String>,
    pub created: Option<f64>,
    pub started: Option<f64>,
    pub stopped: Option<f64>,
    pub is_pulling: bool,
    /// `TaskFailedToStart`, `EssentialContainerExited`, `ServiceSchedulerInitiated`, `UserInitiated`, ...
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    /// Those of its task definition.
    pub containers: Vec<ContainerView>,
    /// Those that others have injected: their state says nothing about the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<ContainerView>,
}

/// One container of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerView {
    pub name: String,
    /// `PENDING`, `RUNNING`, `STOPPED`.
    pub status: String,
    /// `UNKNOWN` also for one without a health check.
    pub health: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

/// One address in the target group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetView {
    pub address: String,
    pub port: u16,
    /// `initial`, `healthy`, `unhealthy`, `draining`, `unused`.
    pub state: String,
    pub reason: String,
    pub description: String,
}

impl ServiceView {
    /// The ARN of the service's cluster; empty where there is no service.
    pub fn cluster(&self) -> &str {
        self.service.as_ref().map(|facts| facts.cluster.as_str()).unwrap_or_default()
    }

    /// The tasks that may still write: all that have not stopped, wanted or not.
    pub fn writers(&self) -> impl Iterator<Item = &TaskView> {
        self.tasks.iter().filter(|task| task.last != "STOPPED")
    }
}

impl ServiceFacts {
    /// The deployment that ECS is working towards.
    pub fn primary(&self) -> Option<&DeploymentView> {
        self.deployments.iter().find(|deployment| deployment.status == "PRIMARY")
    }
}

impl ContainerView {
    /// Whether it has ever run.
    pub fn has_started(&self) -> bool {
        self.status == "RUNNING" || self.exit_code.is_some() || matches!(self.health.as_str(), "HEALTHY" | "UNHEALTHY")
    }
}

impl TaskView {
    /// The last part of the ARN, which log streams and the console use.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Enough of the id to distinguish tasks.
    pub fn short_id(&self) -> &str {
        self.id().get(..8).unwrap_or(self.id())
    }

    /// Whether it was stopped, or is being stopped, because of a failure, and not because fewer tasks are wanted.
    pub fn has_failed(&self) -> bool {
        let reason = self.stopped_reason.as_deref().unwrap_or_default();
        match self.stop_code.as_deref() {
            Some("TaskFailedToStart" | "EssentialContainerExited") => true,
            // "Task failed ELB health checks in ...", "Task failed container health checks".
            Some("ServiceSchedulerInitiated") => reason.contains("failed") && reason.contains("health check"),
            _ => false,
        }
    }
}
