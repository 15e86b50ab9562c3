//! The service itself.

use aws_sdk_ecs::types::{
    self as sdk, AssignPublicIp, AvailabilityZoneRebalancing, AwsVpcConfiguration, DeploymentCircuitBreaker,
    DeploymentConfiguration, LaunchType, NetworkConfiguration, SchedulingStrategy,
};

use crate::kinds::cluster::Cluster;
use crate::kinds::prelude::*;
use crate::kinds::security_group::SecurityGroup;
use crate::kinds::subnet::Subnet;
use crate::kinds::target_group::TargetGroup;
use crate::kinds::task_definition::TaskDefinition;

use super::read::{self, Described};
use super::{diagnosis, health};

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

#[async_trait]
impl Resource for Service {
    const TAGGING: Tagging = Tagging::Ecs;

    async fn list(context: &Context, _depth: Depth) -> Result<Listing<Self>, Failure> {
        let service = read::describe(context).await?;
        let Some(phase) = health::phase(&service.view) else { return Ok(Listing::from([])) };
        let Some(live) = &service.live else { return Ok(Listing::from([remnant(context, &service, phase)])) };
        let tags = tags::read(live.tags());
        let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { return Ok(Listing::from([])) };
        let subjects = health::incidents(&service.view).into_iter();
        let incidents = subjects.map(|subject| Incident { address: address.clone(), subject }).collect();
        let Made { id, outputs } = made_of(live);
        let mut found = Found { outputs, ..Found::new(id.as_str()).at(address.clone()).phase(phase) };
        if let (Phase::Ready, Some(task)) = (&found.phase, service.view.writers().next()) {
            found = found.output("task", task.arn.as_str()).output_if("private_ip", task.private_ip.as_deref());
        }
        Ok(Listing { found: vec![found.spec(Self::read(live)).tags(tags)], incidents })
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ecs = &context.aws.ecs;
        let call = ecs
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
            .set_tags(Some(tags::write(&target.tags)));
        made_or_lost(call.send().await.answer()?.service())
    }

    /// A service at zero, or one to be healed, gets a new deployment: ECS launches nothing more for a deployment that
    /// has failed. Whatever makes another task is only done after the fence, see [`Kind::fenced`]: if the answer to a
    /// first attempt that has started it was lost, a second one would start another task beside the one that stops.
    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let live = live(context, self, &target.id).await?;
        let starts = live.as_ref().is_some_and(|live| live.desired_count() == 0) && self.desired > 0;
        // AWS takes it only for load balancers that the service has already, not for those that come with the same call
        // (AWS CloudFormation's public roadmap, issue 1313).
        let is_balanced = live.as_ref().is_some_and(|live| !live.load_balancers().is_empty());
        let (grace, later) = if is_balanced { (self.grace, None) } else { (None, self.grace) };
        let renews = starts || Self::KIND.fenced.iter().any(|property| target.is_due(property));
        if let Some(live) = live.as_ref().filter(|live| target.attempt > 1 && renews && self.is_started(live)) {
            let differs = |grace: &u32| live.health_check_grace_period_seconds() != Some(signed(*grace));
            self.set_grace(context, target, self.grace.filter(differs)).await?;
            return Ok(made_of(live));
        }
        let network = starts || ["subnets", "groups", "public_address"].into_iter().any(|it| target.is_due(it));
        let balancers = target.is_due("load_balancer").then(|| self.load_balancers());
        let ecs = &context.aws.ecs;
        let call = ecs
            .update_service()
            .cluster(self.cluster.text())
            .service(&target.id)
            .task_definition(self.task_definition.text())
            .desired_count(signed(self.desired))
            .deployment_configuration(self.deployment())
            .availability_zone_rebalancing(self.rebalancing())
            .set_platform_version(target.is_due("platform_version").then(|| self.platform_version.clone()))
            .set_network_configuration(network.then(|| self.network()).transpose()?)
            .set_load_balancers(balancers)
            .set_health_check_grace_period_seconds(grace.map(signed))
            .enable_execute_command(self.exec)
            .propagate_tags(self.propagate_tags.as_str().into())
            .force_new_deployment(renews);
        let answer = call.send().await.answer()?;
        self.set_grace(context, target, later).await?;
        made_or_lost(answer.service())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ecs.delete_service().cluster(cluster_of(context, target));
        call.service(&target.id).force(true).send().await.done()
    }

    async fn act(context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        if action != Action::Stop {
            return Err(target.no_step(action));
        }
        let call = context.aws.ecs.update_service().cluster(cluster_of(context, target));
        match call.service(&target.id).desired_count(0).send().await.done() {
            // It is being deleted already, and its tasks with it.
            Err(failure)
                if matches!(failure.code.as_str(), "ServiceNotFoundException" | "ServiceNotActiveException") => {}
            result => result?,
        }
        if target.attempt > 1 {
            stop_tasks(context).await?;
        }
        Ok(target.as_known())
    }

    async fn explain(context: &Context, incident: &Incident) -> Option<Event> {
        diagnosis::explain(context, incident).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        // In whichever cluster it is.
        let named = format!("service/*/{}", place.names.stack());
        place
            .grants("ecs", &[&named])
            .see(&["DescribeServices", "DescribeTasks", "ListTasks"])
            .create("CreateService")
            .change(&["UpdateService"])
            .remove(&["UpdateService", "DeleteService"])
            .at(&["task/*"])
            .remove(&["StopTask"])
            .and(diagnosis::grants(place))
            .also(Grant::new(Use::See, "elasticloadbalancing", &["DescribeTargetHealth"]))
            .done()
    }
}

/// Tasks whose service is gone. They carry its tags where ECS propagated them.
fn remnant(context: &Context, service: &Described, phase: Phase) -> Found<Service> {
    let address = tags::address_of(context, Service::KIND.name, &service.task_tags);
    let (stack, cluster) = (context.names.stack(), read::cluster(context));
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    let arn = context.names.arn("ecs", &format!("service/{cluster}/{stack}"));
    let found = Found::new(arn.as_str()).at(address.unwrap_or_else(|| Address::new(Service::KIND.name, "main")));
    found.output("arn", arn.as_str()).output("name", stack.as_str()).phase(phase)
}

fn made_of(live: &sdk::Service) -> Made {
    let arn = live.service_arn().unwrap_or_default();
    let (name, cluster) = (live.service_name().unwrap_or_default(), live.cluster_arn().unwrap_or_default());
    made(arn, &[("arn", arn), ("name", name), ("cluster", cluster)])
}

fn made_or_lost(live: Option<&sdk::Service>) -> Result<Made, Failure> {
    live.map(made_of).ok_or_else(|| Failure::of(Cause::NotYetVisible, "ECS answered without a service"))
}

/// Stops what still runs although no task is wanted: what was started by hand, and what ECS fails to stop.
async fn stop_tasks(context: &Context) -> Result<(), Failure> {
    let cluster = read::cluster(context);
    for task in read::snapshot(context).await?.writers() {
        let call = context.aws.ecs.stop_task().cluster(&cluster).task(&task.arn);
        call.reason("stopped by ce-aws: nothing may write now").send().await.answer()?;
    }
    Ok(())
}

fn cluster_of(context: &Context, target: &Target) -> String {
    target.outputs.get("cluster").cloned().unwrap_or_else(|| read::cluster(context))
}

async fn live(context: &Context, wanted: &Service, id: &str) -> Result<Option<sdk::Service>, Failure> {
    let call = context.aws.ecs.describe_services().cluster(wanted.cluster.text()).services(id);
    Ok(call.send().await.answer()?.services().first().cloned())
}

impl Service {
    fn read(live: &sdk::Service) -> Self {
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
    fn is_started(&self, live: &sdk::Service) -> bool {
        live.desired_count() == signed(self.desired) && live.task_definition() == Some(self.task_definition.text())
    }

    async fn set_grace(&self, context: &Context, target: &Target, grace: Option<u32>) -> Result<(), Failure> {
        let Some(grace) = grace else { return Ok(()) };
        let call = context.aws.ecs.update_service().cluster(self.cluster.text()).service(&target.id);
        call.health_check_grace_period_seconds(signed(grace)).send().await.done()
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
