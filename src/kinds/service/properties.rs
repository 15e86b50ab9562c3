//! The properties of a service, and how ECS represents them.

use aws_sdk_ecs::types::{
    self as sdk, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, DeploymentCircuitBreaker,
    DeploymentConfiguration, NetworkConfiguration,
};

use crate::kinds::cluster::Cluster;
use crate::kinds::prelude::*;
use crate::kinds::security_group::SecurityGroup;
use crate::kinds::subnet::Subnet;
use crate::kinds::target_group::TargetGroup;
use crate::kinds::task_definition::TaskDefinition;

/// A service on Fargate. Outputs: `id` and `arn` (the ARN), `name`, `cluster` (its ARN); while ready also `task` (the
/// ARN of the one task) and `private_ip`.
///
/// Its name must be `context.names.stack()`.
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
    /// Whether ECS gives up a deployment whose tasks keep failing, and whether it then rolls back by itself.
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
        uses_later: true,
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

impl Service {
    pub(super) fn read(live: &sdk::Service) -> Self {
        let count = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
        let deployment = live.deployment_configuration();
        let breaker = deployment.and_then(DeploymentConfiguration::deployment_circuit_breaker);
        let network = live.network_configuration().and_then(NetworkConfiguration::awsvpc_configuration);
        let load_balancer = live.load_balancers().first().map(|balancer| Registration {
            target_group: balancer.target_group_arn().unwrap_or_default().into(),
            container: text(balancer.container_name()),
            port: number(balancer.container_port()),
        });
        Self {
            name: text(live.service_name()),
            cluster: live.cluster_arn().unwrap_or_default().into(),
            task_definition: live.task_definition().unwrap_or_default().into(),
            desired: number(Some(live.desired_count())),
            platform_version: text(live.platform_version()),
            minimum: count(deployment.and_then(|d| d.minimum_healthy_percent())).unwrap_or(100),
            maximum: count(deployment.and_then(|d| d.maximum_percent())).unwrap_or(200),
            circuit_breaker: breaker.is_some_and(DeploymentCircuitBreaker::enable),
            circuit_breaker_rollback: breaker.is_some_and(DeploymentCircuitBreaker::rollback),
            zone_rebalancing: live.availability_zone_rebalancing() == Some(&AvailabilityZoneRebalancing::Enabled),
            exec: live.enable_execute_command(),
            propagate_tags: live.propagate_tags().map_or("NONE", |from| from.as_str()).to_owned(),
            grace: count(live.health_check_grace_period_seconds()).filter(|_| load_balancer.is_some()),
            subnets: network.map(AwsVpcConfiguration::subnets).unwrap_or_default().iter().map(Ref::value).collect(),
            groups: network
                .map(AwsVpcConfiguration::security_groups)
                .unwrap_or_default()
                .iter()
                .map(Ref::value)
                .collect(),
            public_address: network.and_then(|n| n.assign_public_ip()) == Some(&AssignPublicIp::Enabled),
            load_balancer,
        }
    }

    /// Whether a service that was at zero has been started as wanted.
    pub(super) fn is_started(&self, live: &sdk::Service) -> bool {
        live.desired_count() == signed(self.desired) && live.task_definition() == Some(self.task_definition.text())
    }

    pub(super) fn deployment(&self) -> DeploymentConfiguration {
        let breaker = DeploymentCircuitBreaker::builder();
        let breaker = breaker.enable(self.circuit_breaker).rollback(self.circuit_breaker_rollback).build();
        DeploymentConfiguration::builder()
            .minimum_healthy_percent(signed(self.minimum))
            .maximum_percent(signed(self.maximum))
            .deployment_circuit_breaker(breaker)
            .build()
    }

    pub(super) fn rebalancing(&self) -> AvailabilityZoneRebalancing {
        if self.zone_rebalancing { AvailabilityZoneRebalancing::Enabled } else { AvailabilityZoneRebalancing::Disabled }
    }

    pub(super) fn network(&self) -> Result<NetworkConfiguration, Failure> {
        network(self.subnets.texts(), self.groups.texts(), self.public_address)
    }

    pub(super) fn load_balancers(&self) -> Vec<sdk::LoadBalancer> {
        let one = self.load_balancer.iter().map(|registration| {
            sdk::LoadBalancer::builder()
                .target_group_arn(registration.target_group.text())
                .container_name(&registration.container)
                .container_port(registration.port.into())
                .build()
        });
        one.collect()
    }
}

/// Where a task gets its network interface.
pub fn network(subnets: Vec<String>, groups: Vec<String>, has_public: bool) -> Result<NetworkConfiguration, Failure> {
    let public = if has_public { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
    let network = AwsVpcConfiguration::builder()
        .set_subnets(Some(subnets))
        .set_security_groups(Some(groups))
        .assign_public_ip(public);
    let network = network.build().map_err(incomplete)?;
    Ok(NetworkConfiguration::builder().awsvpc_configuration(network).build())
}
