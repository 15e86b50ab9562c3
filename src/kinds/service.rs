//! The ECS service that keeps the one task of Cloud Exchange running.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::cluster::Cluster;
use super::security_group::SecurityGroup;
use super::subnet::Subnet;
use super::target_group::TargetGroup;
use super::task_definition::TaskDefinition;

/// A service on Fargate. Outputs: `id` and `arn` (the ARN), `name`, `cluster` (its ARN); while ready also `task` (the
/// ARN of the one task) and `private_ip`.
///
/// Its name must be `cx.names.stack()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    /// The cluster's `arn`.
    pub cluster: Ref<Cluster>,
    /// The revision's `arn`.
    pub task_definition: Ref<TaskDefinition>,
    /// How many tasks: 1, or 0 for a service that is stopped.
    pub desired: u32,
    /// `1.4.0`, not `LATEST`, which may change under a running deployment.
    pub platform_version: String,
    /// Percent of `desired` that stay while a deployment replaces tasks: 0 and 100, so that ECS stops the old task
    /// before it starts the new one.
    pub minimum: u32,
    pub maximum: u32,
    /// Whether ECS gives up a deployment whose tasks keep failing, and whether it then goes back by itself.
    pub circuit_breaker: bool,
    pub circuit_breaker_rollback: bool,
    /// Whether ECS may move the task to another zone, by starting another one first.
    pub zone_rebalancing: bool,
    /// ECS Exec.
    pub exec: bool,
    /// `SERVICE`: tasks carry the service's tags.
    pub propagate_tags: String,
    /// Seconds after a task's start during which the load balancer's health checks do not stop it. Left out without a
    /// load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<u32>,
    pub subnets: Set<Ref<Subnet>>,
    pub groups: Set<Ref<SecurityGroup>>,
    pub public_address: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<Registration>,
}

/// Which container's port is registered in which target group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The target group's `arn`.
    pub target_group: Ref<TargetGroup>,
    pub container: String,
    pub port: u16,
}

impl Spec for Service {
    const KIND: Kind = Kind {
        immutable: &["name", "cluster"],
        // What makes another task.
        fenced: &[
            "task_definition",
            "platform_version",
            "exec",
            "propagate_tags",
            "subnets",
            "groups",
            "public_address",
            "load_balancer",
        ],
        // Provisioning, image pull, start of MongoDB and core, two health checks of the load balancer; the patience is
        // the vendor's grace period. Stopping: the containers' 120 s at most, then the target's deregistration.
        seconds: Seconds { create: 1.0, ready: 150.0, gone: 90.0, patience: 1200.0 },
        ..Kind::new("service", Part::Service)
    };
}
