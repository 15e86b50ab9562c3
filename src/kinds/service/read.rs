//! Reading a service and its tasks from AWS.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{self as sdk, DesiredStatus, ServiceField, TaskField};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use aws_smithy_types::DateTime;
use futures::future::OptionFuture;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::kinds::prelude::*;

use super::containers;
use super::view::{ContainerView, DeploymentView, EventView, ServiceFacts, ServiceView, TargetView, TaskView};

/// How many tasks one call takes (ECS API reference, DescribeTasks).
const TASKS_AT_ONCE: usize = 100;
/// How many services one call takes (ECS API reference, DescribeServices).
const SERVICES_AT_ONCE: usize = 10;
/// How many calls are made at once where there are many: AWS throttles.
const CALLS_AT_ONCE: usize = 8;
/// How many events are of interest.
const EVENTS: usize = 5;

/// A service as AWS describes it, and as plain data.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// `None` when there is none, no longer one, or only somebody else's.
    pub live: Option<sdk::Service>,
    pub view: ServiceView,
    /// Tags of the newest task that may still write; the service's own, as far as ECS propagates them.
    pub task_tags: Tags,
}

/// The service and its tasks as they are now.
pub async fn snapshot(context: &Context) -> Result<ServiceView, Failure> {
    Ok(describe(context).await?.view)
}

/// The user's cluster if it is in one; otherwise ours, by ARN, or by name before that is known.
pub fn cluster(context: &Context) -> String {
    let ours = || context.each("cluster", "id").next().map(|(_, id)| id.to_owned());
    context.cluster.clone().or_else(ours).unwrap_or_else(|| context.names.stack())
}

/// Reads the service, every task of it or of its family, and the health of the load balancer's targets.
///
/// Two rounds of calls, and a third where a task has stopped within the last hour.
pub async fn describe(context: &Context) -> Result<Described, Failure> {
    let cluster = cluster(context);
    let (live, running) =
        tokio::try_join!(describe_service(context, &cluster), list(context, &cluster, DesiredStatus::Running))?;
    if live.as_ref().is_some_and(|live| !is_ours(context, live)) {
        return Ok(Described::default());
    }
    let group = live.as_ref().and_then(target_group).filter(|_| !running.is_empty());
    let targets = OptionFuture::from(group.map(|group| targets_of(context, group)));
    let tasks = with_stopped(context, &cluster, running);
    let (tasks, targets) = tokio::try_join!(tasks, async { targets.await.transpose() })?;
    of_parts(context, live, tasks, targets.unwrap_or_default()).await
}

/// The same from what was read for several deployments at once: the service, tasks of its cluster, the health of its
/// targets.
pub async fn of_parts(
    context: &Context,
    live: Option<sdk::Service>,
    tasks: Vec<sdk::Task>,
    targets: Vec<TargetView>,
) -> Result<Described, Failure> {
    let (mut tasks, foreign_tasks): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| is_of_family(context, task));
    tasks.sort_by(|a, b| b.created_at().cmp(&a.created_at()).then_with(|| a.task_arn().cmp(&b.task_arn())));
    let writer = tasks.iter().find(|task| task.last_status() != Some("STOPPED"));
    let task_tags = writer.map(|task| tags::read(task.tags())).unwrap_or_default();
    // Whatever else runs in a cluster of the user's is none of our business.
    let foreign_tasks = foreign_tasks.iter().filter(|_| context.cluster.is_none()).map(task).collect();
    let tasks = views(context, &tasks).await?;
    Ok(Described {
        task_tags,
        view: ServiceView { service: live.as_ref().map(facts), tasks, foreign_tasks, targets },
        live,
    })
}

/// The target group that a service registers its task in.
pub fn target_group(live: &sdk::Service) -> Option<&str> {
    live.load_balancers().first()?.target_group_arn()
}

fn is_ours(context: &Context, live: &sdk::Service) -> bool {
    tags::address_of(context, "service", &tags::read(live.tags())).is_some()
}

async fn describe_service(context: &Context, cluster: &str) -> Result<Option<sdk::Service>, Failure> {
    Ok(services(context, cluster, &[context.names.stack()]).await?.into_iter().next())
}

/// The services of these names or ARNs in a cluster, with their tags. A deleted one is described as INACTIVE for a
/// while (ECS API reference, DeleteService).
pub async fn services(context: &Context, cluster: &str, named: &[String]) -> Result<Vec<sdk::Service>, Failure> {
    let calls = named.chunks(SERVICES_AT_ONCE).map(|named| {
        let call = context.aws.ecs.describe_services().cluster(cluster).set_services(Some(named.to_vec()));
        async { call.include(ServiceField::Tags).send().await.unless_gone() }
    });
    let answers: Vec<_> = stream::iter(calls.collect::<Vec<_>>()).buffered(CALLS_AT_ONCE).try_collect().await?;
    let all = answers.into_iter().flatten().flat_map(|answer| answer.services.unwrap_or_default());
    Ok(all.filter(|service| service.status() != Some("INACTIVE")).collect())
}

/// The tasks in a cluster: which ones is decided as in [`list`].
pub async fn tasks(context: &Context, cluster: &str) -> Result<Vec<sdk::Task>, Failure> {
    let running = list(context, cluster, DesiredStatus::Running).await?;
    with_stopped(context, cluster, running).await
}

/// Tasks that are to run, by ARN, and those that are to stop or have stopped.
///
/// Lists of tasks are by *desired* status (ECS API reference, ListTasks), and a task goes from RUNNING to STOPPED once
/// and never back: asking for STOPPED only when those that are to RUN have been listed misses none.
async fn with_stopped(context: &Context, cluster: &str, running: Vec<String>) -> Result<Vec<sdk::Task>, Failure> {
    let stopped = async {
        let mut stopped = list(context, cluster, DesiredStatus::Stopped).await?;
        stopped.retain(|arn| !running.contains(arn));
        tasks_of(context, cluster, &stopped).await
    };
    let (mut tasks, stopped) = tokio::try_join!(tasks_of(context, cluster, &running), stopped)?;
    tasks.extend(stopped);
    Ok(tasks)
}

/// Everything in a cluster of ours. In one of the user's: of the service, whatever it runs, and of our two families,
/// whoever started it.
async fn list(context: &Context, cluster: &str, desired: DesiredStatus) -> Result<Vec<String>, Failure> {
    let call = || context.aws.ecs.list_tasks().cluster(cluster).desired_status(desired.clone());
    let (stack, data) = (context.names.stack(), context.names.data_family());
    let calls = match context.cluster {
        None => vec![call()],
        Some(_) => vec![call().service_name(&stack), call().family(&stack), call().family(data)],
    };
    let all = calls.into_iter().map(|call| async move {
        let arns = call.into_paginator().items().send().try_collect().await;
        arns.unless_gone()
    });
    // One task may be of the service and of our family.
    let arns: BTreeSet<String> = try_join_all(all).await?.into_iter().flatten().flatten().collect();
    Ok(arns.into_iter().collect())
}

/// Whether a task is of the service or of one of our families.
pub fn is_of_family(context: &Context, task: &sdk::Task) -> bool {
    let definition = task.task_definition_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let family = definition.split(':').next().unwrap_or_default();
    let of_service =
        task.group().and_then(|group| group.strip_prefix("service:")) == Some(context.names.stack().as_str());
    of_service || family == context.names.stack() || family == context.names.data_family()
}

/// Tasks by ARN, as AWS describes them.
pub async fn tasks_of(context: &Context, cluster: &str, arns: &[String]) -> Result<Vec<sdk::Task>, Failure> {
    let calls = arns.chunks(TASKS_AT_ONCE).map(|arns| {
        let call = context.aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
        call.include(TaskField::Tags).send()
    });
    let answers = try_join_all(calls).await.answer()?;
    Ok(answers.into_iter().flat_map(|answer| answer.tasks.unwrap_or_default()).collect())
}

/// The health of a target group's targets.
pub async fn targets_of(context: &Context, group: &str) -> Result<Vec<TargetView>, Failure> {
    let answer = context.aws.elb.describe_target_health().target_group_arn(group).send().await.unless_gone()?;
    let descriptions = answer.and_then(|answer| answer.target_health_descriptions).unwrap_or_default();
    let view = |description: &TargetHealthDescription| {
        let (target, health) = (description.target()?, description.target_health()?);
        Some(TargetView {
            address: text(target.id()),
            port: number(target.port()),
            state: text(health.state().map(|state| state.as_str())),
            reason: text(health.reason().map(|reason| reason.as_str())),
            description: text(health.description()),
        })
    };
    Ok(descriptions.iter().filter_map(view).collect())
}

fn facts(live: &sdk::Service) -> ServiceFacts {
    ServiceFacts {
        arn: text(live.service_arn()),
        name: text(live.service_name()),
        cluster: text(live.cluster_arn()),
        status: text(live.status()),
        desired: number(Some(live.desired_count())),
        running: number(Some(live.running_count())),
        pending: number(Some(live.pending_count())),
        task_definition: text(live.task_definition()),
        has_load_balancer: !live.load_balancers().is_empty(),
        deployments: live.deployments().iter().map(deployment).collect(),
        events: live.events().iter().take(EVENTS).map(event).collect(),
    }
}

fn event(live: &sdk::ServiceEvent) -> EventView {
    let at = live.created_at().map(DateTime::as_secs_f64).unwrap_or_default();
    EventView { at, message: text(live.message()) }
}

fn deployment(live: &sdk::Deployment) -> DeploymentView {
    DeploymentView {
        id: text(live.id()),
        status: text(live.status()),
        task_definition: text(live.task_definition()),
        rollout: text(live.rollout_state().map(|state| state.as_str())),
        reason: text(live.rollout_state_reason()),
        desired: number(Some(live.desired_count())),
        running: number(Some(live.running_count())),
        pending: number(Some(live.pending_count())),
        failed: number(Some(live.failed_tasks())),
        created: live.created_at().map(DateTime::as_secs_f64).unwrap_or_default(),
    }
}

/// Tasks of ours as plain data: their own containers, and what others have put beside them.
pub async fn views(context: &Context, tasks: &[sdk::Task]) -> Result<Vec<TaskView>, Failure> {
    let mut views: Vec<TaskView> = tasks.iter().map(task).collect();
    containers::separate(context, &mut views).await?;
    Ok(views)
}

fn task(live: &sdk::Task) -> TaskView {
    let details = live.attachments().iter().flat_map(|attachment| attachment.details());
    let address =
        details.filter(|detail| detail.name() == Some("privateIPv4Address")).find_map(|detail| detail.value());
    TaskView {
        arn: text(live.task_arn()),
        task_definition: text(live.task_definition_arn()),
        desired: text(live.desired_status()),
        last: text(live.last_status()),
        health: text(live.health_status().map(|health| health.as_str())),
        started_by: text(live.started_by()),
        private_ip: address.map(str::to_owned),
        zone: live.availability_zone().map(str::to_owned),
        created: live.created_at().map(DateTime::as_secs_f64),
        started: live.started_at().map(DateTime::as_secs_f64),
        stopped: live.stopped_at().map(DateTime::as_secs_f64),
        is_pulling: live.pull_started_at().is_some() && live.pull_stopped_at().is_none(),
        stop_code: live.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: live.stopped_reason().map(str::to_owned),
        containers: live.containers().iter().map(container).collect(),
        injected: Vec::new(),
    }
}

fn container(live: &sdk::Container) -> ContainerView {
    ContainerView {
        name: text(live.name()),
        status: text(live.last_status()),
        health: text(live.health_status().map(|health| health.as_str())),
        exit_code: live.exit_code(),
        reason: live.reason().map(str::to_owned),
    }
}
