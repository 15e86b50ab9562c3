//! The vCPUs that Fargate tasks use.

use aws_sdk_ecs::types::{LaunchType, Task};

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::existing::lookup::side_by_side;
use crate::kinds::context::Context;

/// How many tasks one call describes (ECS API reference, DescribeTasks).
const AT_ONCE: usize = 100;

/// The vCPUs of all Fargate tasks in the region that are not stopped, without those of the deployment's own service,
/// which never runs two. What other services run on Fargate (EKS pods) cannot be read.
pub async fn running(context: &Context) -> Result<f64, Failure> {
    let pages = context.aws.ecs.list_clusters().into_paginator().items().send();
    let clusters = pages.try_collect().await.answer()?;
    let in_each = side_by_side(&clusters, |cluster| in_cluster(context, cluster)).await?;
    // `sum()` of nothing is -0, which would be shown.
    Ok(in_each.into_iter().fold(0.0, |all, one| all + one))
}

async fn in_cluster(context: &Context, cluster: &str) -> Result<f64, Failure> {
    let call = context.aws.ecs.list_tasks().cluster(cluster).launch_type(LaunchType::Fargate);
    let pages = call.into_paginator().items().send();
    let tasks = pages.try_collect().await.unless_gone()?;
    let Some(tasks) = tasks else { return Ok(0.0) };
    let own = format!("service:{}", context.names.stack());
    let described = side_by_side(tasks.chunks(AT_ONCE), |tasks| async move {
        let call = context.aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(tasks.to_vec()));
        Ok(call.send().await.answer()?.tasks.unwrap_or_default())
    });
    Ok(described.await?.iter().flatten().filter(|task| counts(task) && task.group() != Some(&own)).map(vcpus).sum())
}

/// Fargate Spot has a quota of its own.
fn counts(task: &Task) -> bool {
    task.last_status() != Some("STOPPED") && task.capacity_provider_name() != Some("FARGATE_SPOT")
}

/// ECS counts in 1024ths.
fn vcpus(task: &Task) -> f64 {
    task.cpu().and_then(|cpu| cpu.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
