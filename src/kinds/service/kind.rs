//! How the service is listed, created, changed, stopped and deleted.

use aws_sdk_ecs::types::{self as sdk, LaunchType, SchedulingStrategy};

use crate::kinds::prelude::*;

use super::properties::Service;
use super::read::{self, Described};
use super::{diagnosis, health};

#[async_trait]
impl Resource for Service {
    const TAGGING: Tagging = Tagging::Ecs;
    const ACT: Option<Action> = Some(Action::Stop);

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        Ok(found(context, &read::describe(context).await?).into_iter().collect())
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
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let live = live(context, self, &target.id).await?;
        let starts = live.as_ref().is_some_and(|live| live.desired_count() == 0) && self.desired > 0;
        // AWS takes it only for load balancers that the service has already, not for those that come with the same call
        // (AWS CloudFormation's public roadmap, issue 1313).
        let is_balanced = live.as_ref().is_some_and(|live| !live.load_balancers().is_empty());
        let (grace, later) = if is_balanced { (self.grace, None) } else { (None, self.grace) };
        let renews = starts || Self::KIND.fenced.iter().any(|property| target.is_due(property));
        if let Some(live) = live.as_ref().filter(|live| target.attempt > 1 && renews && self.is_started(live)) {
            let differs = |grace: &u32| live.health_check_grace_period_seconds() != Some(signed(*grace));
            return self.set_grace(context, target, self.grace.filter(differs)).await;
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
        made_or_lost(answer.service()).map(drop)
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ecs.delete_service().cluster(cluster_of(context, target));
        call.service(&target.id).force(true).send().await.done()
    }

    async fn act(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ecs.update_service().cluster(cluster_of(context, target));
        // It may be being deleted already, and its tasks with it.
        let is_going = ["ServiceNotFoundException", "ServiceNotActiveException"];
        let stopped = call.service(&target.id).desired_count(0).send().await;
        stopped.done_or(|failure| is_going.contains(&failure.code.as_str()))?;
        if target.attempt > 1 { stop_tasks(context).await } else { Ok(()) }
    }

    async fn explain(context: &Context, incident: &Incident) -> Option<Event> {
        diagnosis::explain(context, incident).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        // In whichever cluster it is.
        let named = format!("service/*/{}", place.names.stack());
        Grants::new(place, "ecs", &[&named])
            .see(&["DescribeServices", "DescribeTasks", "ListTasks"])
            .create("CreateService")
            .change(&["UpdateService"])
            .remove(&["UpdateService", "DeleteService"])
            .at(&["task/*"])
            .remove(&["StopTask"])
            .and(diagnosis::grants(place))
            .also(Grant::new(Use::See, "elasticloadbalancing", &["DescribeTargetHealth"]))
    }
}

/// The service as it was read; `None` when there is neither a service nor a task that may still write.
pub fn found(context: &Context, service: &Described) -> Option<Found<Service>> {
    let phase = health::phase(&service.view)?;
    let Some(live) = &service.live else { return Some(remnant(context, service, phase)) };
    let tags = tags::read(live.tags());
    let mut found = Found::of(made_of(live)).phase(phase).incidents(health::incidents(&service.view));
    if let (Phase::Ready, Some(task)) = (&found.phase, service.view.writers().next()) {
        found = found.output("task", task.arn.as_str()).output_if("private_ip", task.private_ip.as_deref());
    }
    Some(found.spec(Service::read(live)).tags(tags))
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
    async fn set_grace(&self, context: &Context, target: &Target, grace: Option<u32>) -> Result<(), Failure> {
        let Some(grace) = grace else { return Ok(()) };
        let call = context.aws.ecs.update_service().cluster(self.cluster.text()).service(&target.id);
        call.health_check_grace_period_seconds(signed(grace)).send().await.done()
    }
}
