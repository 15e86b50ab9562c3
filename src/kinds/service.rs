//! The ECS service that keeps the one task of Cloud Exchange running.

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    self as sdk, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, DeploymentCircuitBreaker,
    DeploymentConfiguration, LaunchType, NetworkConfiguration, SchedulingStrategy,
};
use serde::{Deserialize, Serialize};

use crate::aws::error::{incomplete, on};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Phase};
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::plan::Action;
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::cluster::Cluster;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::security_group::SecurityGroup;
use super::service_read::{self, Look};
use super::subnet::Subnet;
use super::target_group::TargetGroup;
use super::task_definition::TaskDefinition;
use super::{service_diagnosis, service_health, tags};

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

#[async_trait]
impl Resource for Service {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let look = service_read::look(context).await?;
        let Some(phase) = service_health::phase(&look.view) else { return Ok(Vec::new().into()) };
        let Some(live) = &look.live else { return Ok(vec![remnant(context, &look, phase)].into()) };
        let tags = tags::ecs::read(live.tags());
        let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { return Ok(Vec::new().into()) };
        let subjects = service_health::incidents(&look.view);
        let incidents = subjects.into_iter().map(|subject| Incident { address: address.clone(), subject }).collect();
        let made = made_of(live);
        let mut found = Found::new(address.clone(), &made.id).phase(phase).spec(Self::read(live)).tags(tags);
        found.outputs = made.outputs;
        if found.phase == Phase::Ready
            && let Some(task) = look.view.writers().next()
        {
            found =
                found.output("task", &task.arn).output("private_ip", task.private_ip.as_deref().unwrap_or_default());
        }
        Ok(Seen { found: vec![found], incidents })
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .ecs
            .create_service()
            .cluster(self.cluster.text())
            .service_name(&self.name)
            .client_token(&target.token)
            .launch_type(LaunchType::Fargate)
            .scheduling_strategy(SchedulingStrategy::Replica)
            .task_definition(self.task_definition.text())
            .desired_count(signed(self.desired))
            .platform_version(&self.platform_version)
            .deployment_configuration(self.deployment())
            .availability_zone_rebalancing(self.rebalancing())
            .network_configuration(self.network()?)
            .set_load_balancers(Some(self.load_balancers()))
            .set_health_check_grace_period_seconds(self.grace.map(signed))
            .enable_execute_command(self.exec)
            .propagate_tags(self.propagate_tags.as_str().into())
            .set_tags(Some(tags::ecs::write(&target.tags)));
        let answer = call.send().await.map_err(on("ecs CreateService"))?;
        made_or_lost(answer.service(), "ecs CreateService")
    }

    /// A service at zero, and one that is to be healed, starts anew: ECS launches nothing more for a deployment that
    /// has failed. Whatever makes another task is only done after the fence, see [`Kind::fenced`]: where the answer to a
    /// first attempt was lost that has started it, a second one would start another task beside the one that stops.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let changed = |property: &str| target.changes.is_empty() || target.changed(property);
        let live = live(context, self, &target.id).await?;
        let starts = live.as_ref().is_some_and(|live| live.desired_count() == 0) && self.desired > 0;
        // AWS takes it only for load balancers that the service has already, not for those that come with the same call
        // (AWS CloudFormation's public roadmap, issue 1313).
        let is_balanced = live.as_ref().is_some_and(|live| !live.load_balancers().is_empty());
        let (grace, later) = if is_balanced { (self.grace, None) } else { (None, self.grace) };
        let renews = starts || Self::KIND.fenced.iter().copied().any(changed);
        if let Some(live) = live.as_ref().filter(|live| target.attempt > 1 && renews && self.is_started(live)) {
            self.set_grace(
                context,
                target,
                self.grace.filter(|grace| live.health_check_grace_period_seconds() != Some(signed(*grace))),
            )
            .await?;
            return Ok(made_of(live));
        }
        let network = starts || ["subnets", "groups", "public_address"].into_iter().any(changed);
        let balancers = changed("load_balancer").then(|| self.load_balancers());
        let call = context
            .aws
            .ecs
            .update_service()
            .cluster(self.cluster.text())
            .service(&target.id)
            .task_definition(self.task_definition.text())
            .desired_count(signed(self.desired))
            .deployment_configuration(self.deployment())
            .availability_zone_rebalancing(self.rebalancing())
            .set_platform_version(changed("platform_version").then(|| self.platform_version.clone()))
            .set_network_configuration(network.then(|| self.network()).transpose()?)
            .set_load_balancers(balancers)
            .set_health_check_grace_period_seconds(grace.map(signed))
            .enable_execute_command(self.exec)
            .propagate_tags(self.propagate_tags.as_str().into())
            .force_new_deployment(renews);
        let answer = call.send().await.map_err(on("ecs UpdateService"))?;
        self.set_grace(context, target, later).await?;
        made_or_lost(answer.service(), "ecs UpdateService")
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call =
            context.aws.ecs.delete_service().cluster(cluster_of(context, target)).service(&target.id).force(true);
        call.send().await.map_err(on("ecs DeleteService"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ecs::set(context, &target.id, set, remove).await
    }

    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if action != Action::Stop {
            return Err(Failure::of(Cause::Internal, format!("{} has no step {action:?}", target.address)));
        }
        let call =
            context.aws.ecs.update_service().cluster(cluster_of(context, target)).service(&target.id).desired_count(0);
        match call.send().await.map_err(on("ecs UpdateService")) {
            // It is on its way out already, and its tasks with it.
            Err(failure)
                if matches!(failure.code.as_str(), "ServiceNotFoundException" | "ServiceNotActiveException") => {}
            answer => drop(answer?),
        }
        if target.attempt > 1 {
            stop_by_name(context).await?;
        }
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    async fn explain(context: &Context, incident: &Incident) -> Option<Event> {
        service_diagnosis::tell(context, incident).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        // In whichever cluster it has been put.
        let named = format!("service/*/{}", place.names.stack());
        place
            .grants("ecs", &[&named])
            .see(&["DescribeServices", "DescribeTasks", "ListTasks"])
            .create("CreateService")
            .change(&["UpdateService"])
            .remove(&["UpdateService", "DeleteService"])
            .at(&["task/*"])
            .remove(&["StopTask"])
            .and(service_diagnosis::grants(place))
            .also(Grant::new(Use::See, "elasticloadbalancing", &["DescribeTargetHealth"]))
            .done()
    }
}

/// Tasks whose service is gone. They carry its tags where ECS passed them on.
fn remnant(context: &Context, look: &Look, phase: Phase) -> Found<Service> {
    let address = tags::address_of(context, Service::KIND.name, &look.task_tags);
    let (stack, cluster) = (context.names.stack(), service_read::cluster(context));
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    let arn = context.names.arn("ecs", &format!("service/{cluster}/{stack}"));
    let found = Found::new(address.unwrap_or_else(|| Address::new(Service::KIND.name, "main")), &arn);
    found.output("arn", &arn).output("name", &stack).phase(phase)
}

fn made_of(live: &sdk::Service) -> Made {
    let arn = live.service_arn().unwrap_or_default();
    let (name, cluster) = (live.service_name().unwrap_or_default(), live.cluster_arn().unwrap_or_default());
    made(arn, &[("arn", arn), ("name", name), ("cluster", cluster)])
}

fn made_or_lost(live: Option<&sdk::Service>, operation: &str) -> Result<Made, Failure> {
    let lost = || Failure::of(Cause::NotYetVisible, format!("{operation} answered without a service"));
    live.map(made_of).ok_or_else(lost)
}

/// Stops what is still there although no task is wanted: what was started by hand, and what ECS does not get rid of.
async fn stop_by_name(context: &Context) -> Result<(), Failure> {
    let cluster = service_read::cluster(context);
    for task in service_read::look(context).await?.view.writers() {
        let call = context.aws.ecs.stop_task().cluster(&cluster).task(&task.arn);
        call.reason("stopped by ce-aws: nothing may write now").send().await.map_err(on("ecs StopTask"))?;
    }
    Ok(())
}

fn cluster_of(context: &Context, target: &Target) -> String {
    target.outputs.get("cluster").cloned().unwrap_or_else(|| service_read::cluster(context))
}

async fn live(context: &Context, wanted: &Service, id: &str) -> Result<Option<sdk::Service>, Failure> {
    let call = context.aws.ecs.describe_services().cluster(wanted.cluster.text()).services(id);
    let answer = call.send().await.map_err(on("ecs DescribeServices"))?;
    Ok(answer.services().first().cloned())
}

impl Service {
    fn read(live: &sdk::Service) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let count = |count: Option<i32>| count.and_then(|count| u32::try_from(count).ok());
        let deployment = live.deployment_configuration();
        let breaker = deployment.and_then(DeploymentConfiguration::deployment_circuit_breaker);
        let network = live.network_configuration().and_then(NetworkConfiguration::awsvpc_configuration);
        let load_balancer = live.load_balancers().first().map(|balancer| Registration {
            target_group: balancer.target_group_arn().unwrap_or_default().into(),
            container: text(balancer.container_name()),
            port: balancer.container_port().and_then(|port| port.try_into().ok()).unwrap_or_default(),
        });
        Self {
            name: text(live.service_name()),
            cluster: live.cluster_arn().unwrap_or_default().into(),
            task_definition: live.task_definition().unwrap_or_default().into(),
            desired: count(Some(live.desired_count())).unwrap_or_default(),
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

    /// Whether a service that was at zero has been started as it shall be.
    fn is_started(&self, live: &sdk::Service) -> bool {
        live.desired_count() == signed(self.desired) && live.task_definition() == Some(self.task_definition.text())
    }

    async fn set_grace(&self, context: &Context, target: &Target, grace: Option<u32>) -> Result<(), Failure> {
        let Some(grace) = grace else { return Ok(()) };
        let call = context.aws.ecs.update_service().cluster(self.cluster.text()).service(&target.id);
        call.health_check_grace_period_seconds(signed(grace)).send().await.map_err(on("ecs UpdateService"))?;
        Ok(())
    }

    fn deployment(&self) -> DeploymentConfiguration {
        let breaker = DeploymentCircuitBreaker::builder();
        let breaker = breaker.enable(self.circuit_breaker).rollback(self.circuit_breaker_rollback).build();
        DeploymentConfiguration::builder()
            .minimum_healthy_percent(signed(self.minimum))
            .maximum_percent(signed(self.maximum))
            .deployment_circuit_breaker(breaker)
            .build()
    }

    fn rebalancing(&self) -> AvailabilityZoneRebalancing {
        if self.zone_rebalancing { AvailabilityZoneRebalancing::Enabled } else { AvailabilityZoneRebalancing::Disabled }
    }

    fn network(&self) -> Result<NetworkConfiguration, Failure> {
        let public = if self.public_address { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.texts()))
            .set_security_groups(Some(self.groups.texts()))
            .assign_public_ip(public);
        let network = network.build().map_err(incomplete)?;
        Ok(NetworkConfiguration::builder().awsvpc_configuration(network).build())
    }

    fn load_balancers(&self) -> Vec<sdk::LoadBalancer> {
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

/// ECS's limits lie far below.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
