//! Which containers of a task belong to its task definition. The others were injected by somebody else.
//!
//! GuardDuty Runtime Monitoring adds a sidecar to each new Fargate task, which DescribeTasks shows and no task
//! definition has (GuardDuty user guide, "How Runtime Monitoring works with Fargate"). It says nothing about Cloud
//! Exchange.

use std::collections::BTreeSet;

use crate::kinds::context::Revision;
use crate::kinds::prelude::*;
use crate::kinds::task_definition;

use super::view::{ContainerView, TaskView};

/// Separates the injected containers of tasks from their own. Of a revision that is gone every container counts as
/// ours.
pub async fn separate(context: &Context, tasks: &mut [TaskView]) -> Result<(), Failure> {
    let arns: BTreeSet<&str> = tasks.iter().map(|task| task.task_definition.as_str()).collect();
    let unknown = arns.into_iter().filter(|arn| context.revisions.get(arn).is_none());
    try_join_all(unknown.map(|arn| read_revision(context, arn))).await?;
    for task in tasks {
        if let Some(revision) = context.revisions.get(&task.task_definition) {
            split(task, &revision);
        }
    }
    Ok(())
}

async fn read_revision(context: &Context, arn: &str) -> Result<(), Failure> {
    let answer = context.aws.ecs.describe_task_definition().task_definition(arn).send().await.unless_gone()?;
    if let Some(definition) = answer.and_then(|answer| answer.task_definition) {
        task_definition::note(context, &definition);
    }
    Ok(())
}

/// The health of a task is that of its essential containers with a health check (ECS API reference, Task). It is
/// computed again from the task's own: AWS does not document that injected containers do not count.
fn split(task: &mut TaskView, revision: &Revision) {
    let is_own = |container: &ContainerView| revision.contains_key(&container.name);
    let (own, injected) = std::mem::take(&mut task.containers).into_iter().partition(is_own);
    (task.containers, task.injected) = (own, injected);
    let decides = |container: &&ContainerView| revision.get(&container.name) == Some(&true);
    let health: BTreeSet<&str> = task.containers.iter().filter(decides).map(|it| it.health.as_str()).collect();
    let health = match (health.contains("UNHEALTHY"), health.iter().all(|health| *health == "HEALTHY")) {
        _ if health.is_empty() => return,
        (true, _) => "UNHEALTHY",
        (false, true) => "HEALTHY",
        (false, false) => "UNKNOWN",
    };
    task.health = health.to_owned();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str, health: &str) -> ContainerView {
        ContainerView { name: name.into(), status: "RUNNING".into(), health: health.into(), ..Default::default() }
    }

    #[test]
    fn only_our_containers_decide() {
        let revision = Revision::from([("core".to_owned(), true), ("init".to_owned(), false)]);
        let health = |containers: Vec<ContainerView>| {
            let mut task = TaskView { health: "UNHEALTHY".into(), containers, ..TaskView::default() };
            split(&mut task, &revision);
            let names = |of: &[ContainerView]| of.iter().map(|it| it.name.clone()).collect::<Vec<_>>().join(" ");
            (names(&task.containers), names(&task.injected), task.health)
        };
        let text = |own: &str, injected: &str, health: &str| (own.to_owned(), injected.to_owned(), health.to_owned());
        let agent = || container("aws-guardduty-agent-r2GqQR", "UNHEALTHY");
        let all = vec![container("init", "UNKNOWN"), agent(), container("core", "HEALTHY")];
        assert_eq!(health(all), text("init core", "aws-guardduty-agent-r2GqQR", "HEALTHY"));
        assert_eq!(health(vec![container("core", "UNHEALTHY")]), text("core", "", "UNHEALTHY"));
        assert_eq!(health(vec![container("core", "UNKNOWN")]), text("core", "", "UNKNOWN"));
        // None of ours has a health check: AWS's own value stays.
        assert_eq!(health(vec![container("init", "UNKNOWN")]), text("init", "", "UNHEALTHY"));
    }
}
