//! A task that runs once: a data step of an upgrade, while the service is at zero.

use aws_sdk_ecs::types::{DesiredStatus, LaunchType, PropagateTags};

use super::prelude::*;
use super::service::view::TaskView;
use super::service::{diagnosis, network, read};
use super::task_definition::TaskDefinition;

/// The name of the one container.
pub const CONTAINER: &str = "data-step";

/// One run of a script beside the data. Outputs: `id` and `arn` (the task's ARN).
///
/// It is ready when it has ended with exit code 0. ECS records its address, `data-step/<name>-<intent id>`, as what
/// started the task. The family of its definition must be `context.names.data_family()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataStep {
    /// The cluster's ARN.
    pub cluster: String,
    pub definition: TaskDefinition,
    pub platform_version: String,
    pub subnets: Vec<String>,
    pub groups: Vec<String>,
}

/// The address of a step of an upgrade.
pub fn address(name: &str, intent: &str) -> Address {
    Address::new(DataStep::KIND.name, &format!("{name}-{intent}"))
}

impl Spec for DataStep {
    const KIND: Kind = Kind {
        job: true,
        tagged: false,
        uses_later: true,
        // Provisioning, image pull, start, the work, deprovisioning.
        seconds: Seconds { create: 2.0, ready: 90.0, gone: 0.0, patience: 1800.0 },
        ..Kind::new("data-step", Part::Service)
    };
}

/// ECS's `startedBy` of the task: letters, digits, hyphens, slashes and underscores (ECS API reference, RunTask).
fn started_by(address: &Address) -> String {
    format!("{STARTED_BY}{}", address.name())
}

/// The prefix of `startedBy` of every step.
pub const STARTED_BY: &str = "ce-aws/";

#[async_trait]
impl Resource for DataStep {
    /// Every step whose task ECS still lists, of any upgrade; the newest of several tasks of one step.
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let mut all: Vec<Found<Self>> = Vec::new();
        for task in tasks(context).await? {
            let Some(name) = task.started_by.strip_prefix(STARTED_BY) else { continue };
            let (arn, address) = (task.arn.as_str(), Address::new(Self::KIND.name, name));
            if all.iter().any(|found| found.address.as_ref() == Some(&address)) {
                continue;
            }
            let found = Found::new(arn).at(address).output("arn", arn).phase(phase(&task));
            let has_failed = matches!(found.phase, Phase::Failed(_));
            all.push(found.incidents(has_failed.then(|| task.arn.clone())));
        }
        Ok(all)
    }

    /// Registers the definition and runs one task of it. Repeating the call does not run a second one.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let revision = self.definition.register(context, target).await?;
        // With the token of a task that AWS could not start, because a permission had not taken effect yet, AWS would
        // answer with that task.
        let started_by = started_by(&target.address);
        let never_ran = |task: &&TaskView| task.started_by == started_by && !has_run(task);
        let never_ran = tasks(context).await?.iter().filter(never_ran).count();
        let token = if never_ran == 0 { target.token.clone() } else { format!("{}-{never_ran}", target.token) };
        let call = context
            .aws
            .ecs
            .run_task()
            .cluster(&self.cluster)
            .task_definition(&revision.id)
            .launch_type(LaunchType::Fargate)
            .platform_version(&self.platform_version)
            .network_configuration(network(self.subnets.clone(), self.groups.clone(), false)?)
            .started_by(&started_by)
            .client_token(token)
            .propagate_tags(PropagateTags::TaskDefinition);
        let answer = call.send().await.answer()?;
        if let Some(task) = answer.tasks().first().and_then(|task| task.task_arn()) {
            return Ok(made(task, &[("arn", task)]));
        }
        let reason = answer.failures().first().and_then(|failure| failure.reason()).unwrap_or("no reason given");
        Err(Failure { operation: "ecs RunTask".to_owned(), ..Failure::of(Cause::Unavailable, reason) })
    }

    /// AWS forgets a task that has ended.
    async fn delete(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    async fn explain(context: &Context, incident: &Incident) -> Option<Event> {
        diagnosis::explain(context, incident).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let definition = format!("task-definition/{}:*", place.names.data_family());
        let own_cluster = place.names.arn("ecs", &format!("cluster/{}", place.names.stack()));
        let cluster = place.cluster.as_ref().unwrap_or(&own_cluster);
        // The tags that the task inherits from its definition count as tags at its creation.
        let propagated = Grant::new(Use::Upgrade, "ecs", &["TagResource"])
            .on([format!("{}/*", cluster.replacen(":cluster/", ":task/", 1))])
            .when("StringEquals", "ecs:CreateAction", ["RunTask"]);
        Grants::new(place, "ecs", &[&definition])
            .named(Use::Upgrade, &["RegisterTaskDefinition", "TagResource", "RunTask"])
            .also(propagated.called("TagTasksOfDataSteps"))
            .also(place.passing_to_tasks(Use::Upgrade))
    }
}

/// The tasks of the family, the newest first.
async fn tasks(context: &Context) -> Result<Vec<TaskView>, Failure> {
    let cluster = read::cluster(context);
    let mut arns = Vec::new();
    // In this order: a task moves from the first list to the second, never back.
    for desired in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let call =
            context.aws.ecs.list_tasks().cluster(&cluster).family(context.names.data_family()).desired_status(desired);
        let listed: Option<Vec<_>> = call.into_paginator().items().send().try_collect().await.unless_gone()?;
        arns.extend(listed.unwrap_or_default());
    }
    arns.sort();
    arns.dedup();
    let mut tasks = read::views(context, &read::tasks_of(context, &cluster, &arns).await?).await?;
    tasks.sort_by(|a, b| b.created.partial_cmp(&a.created).unwrap_or(std::cmp::Ordering::Equal));
    Ok(tasks)
}

/// Whether the container has started, or still may.
fn has_run(task: &TaskView) -> bool {
    task.last != "STOPPED" || task.containers.iter().any(|container| container.exit_code.is_some())
}

fn phase(task: &TaskView) -> Phase {
    if task.last != "STOPPED" {
        return Phase::Pending(format!("task {} is {}", task.short_id(), task.last));
    }
    let why = task.stopped_reason.as_deref().unwrap_or("it stopped");
    match task.containers.iter().find(|container| container.name == CONTAINER).and_then(|container| container.exit_code)
    {
        Some(0) => Phase::Ready,
        Some(code) => Phase::Failed(format!("task {} ended with exit code {code}: {why}", task.short_id())),
        None => Phase::Failed(format!("task {} did not run: {why}", task.short_id())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::service::view::ContainerView;

    fn task(last: &str, exit_code: Option<i32>) -> TaskView {
        let container = ContainerView { name: CONTAINER.into(), exit_code, ..ContainerView::default() };
        TaskView {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/ce-x/0123456789".into(),
            last: last.into(),
            stopped_reason: Some("Essential container in task exited".into()),
            containers: vec![container],
            ..TaskView::default()
        }
    }

    #[test]
    fn only_exit_code_zero_counts_as_done() {
        assert_eq!(phase(&task("STOPPED", Some(0))), Phase::Ready);
        // Its work is done, but it may still have the file system mounted.
        assert_eq!(phase(&task("DEPROVISIONING", Some(0))), Phase::Pending("task 01234567 is DEPROVISIONING".into()));
        let Phase::Failed(why) = phase(&task("STOPPED", Some(1))) else { panic!() };
        assert_eq!(why, "task 01234567 ended with exit code 1: Essential container in task exited");
        assert!(matches!(phase(&task("STOPPED", None)), Phase::Failed(_)));
    }

    #[test]
    fn started_by_fits_what_ecs_accepts() {
        let text = started_by(&address("rabbitmq-feature-flags", "1a2b3c4d"));
        assert_eq!(text, "ce-aws/rabbitmq-feature-flags-1a2b3c4d");
        assert!(text.len() <= 128);
    }
}
