//! Whether a container of a running task can be entered with ECS Exec.

use aws_sdk_ecs::types::{Container, ManagedAgentName, Task};
use thiserror::Error;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

/// Why it cannot. ExecuteCommand refuses all of this too, but with a single message for every reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreachable {
    #[error("the task is not running")]
    NotRunning,
    #[error("ECS Exec is not enabled in the running task")]
    Disabled,
    #[error("the task has no container {name}; it has {}", .there.join(", "))]
    NoContainer { name: String, there: Vec<String> },
    #[error("the container {0} is not running")]
    Stopped(String),
    #[error("the agent of ECS Exec is not running in the container {0}")]
    NoAgent(String),
}

/// The task, while ECS knows of it. `cluster` is a name or ARN, `task` an ARN.
///
/// # Errors
///
/// ECS cannot be asked.
pub async fn describe(context: &Context, cluster: &str, task: &str) -> Result<Option<Task>, Failure> {
    let call = context.aws.ecs.describe_tasks().cluster(cluster).tasks(task);
    Ok(call.send().await.answer()?.tasks.unwrap_or_default().pop())
}

/// The container, if it can be entered.
///
/// # Errors
///
/// Why not.
pub fn reachable<'a>(task: Option<&'a Task>, container: &str) -> Result<&'a Container, Unreachable> {
    let task = task.filter(|task| task.last_status() == Some("RUNNING")).ok_or(Unreachable::NotRunning)?;
    let Some(named) = task.containers().iter().find(|it| it.name() == Some(container)) else {
        let mut there: Vec<String> = task.containers().iter().filter_map(|it| it.name()).map(str::to_owned).collect();
        there.sort();
        return Err(Unreachable::NoContainer { name: container.to_owned(), there });
    };
    if named.last_status() == Some("STOPPED") {
        return Err(Unreachable::Stopped(container.to_owned()));
    }
    if !task.enable_execute_command() {
        return Err(Unreachable::Disabled);
    }
    let agent = named.managed_agents().iter().find(|it| it.name() == Some(&ManagedAgentName::ExecuteCommandAgent));
    let runs = agent.is_some_and(|agent| agent.last_status() == Some("RUNNING"));
    if runs { Ok(named) } else { Err(Unreachable::NoAgent(container.to_owned())) }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{self, ManagedAgent};

    use super::*;

    #[test]
    fn the_reasons_why_exec_does_not_work_differ() {
        let agent = |status: &str| {
            ManagedAgent::builder().name(ManagedAgentName::ExecuteCommandAgent).last_status(status).build()
        };
        let task = |enabled: bool, status: &str, agents: Vec<ManagedAgent>| {
            let container =
                types::Container::builder().name("rabbit").last_status(status).set_managed_agents(Some(agents));
            let other = types::Container::builder().name("core").build();
            let task = Task::builder().last_status("RUNNING").enable_execute_command(enabled);
            task.containers(container.build()).containers(other).build()
        };
        let why = |task: Option<&Task>, name: &str| reachable(task, name).map(drop).map_err(|why| why.to_string());
        let running = task(true, "RUNNING", vec![agent("RUNNING")]);
        assert_eq!(why(Some(&running), "rabbit"), Ok(()));
        assert_eq!(why(None, "rabbit"), Err("the task is not running".to_owned()));
        assert_eq!(why(Some(&running), "ui"), Err("the task has no container ui; it has core, rabbit".to_owned()));
        let disabled = task(false, "RUNNING", vec![]);
        assert_eq!(why(Some(&disabled), "rabbit"), Err("ECS Exec is not enabled in the running task".to_owned()));
        let stopped = task(true, "STOPPED", vec![]);
        assert_eq!(why(Some(&stopped), "rabbit"), Err("the container rabbit is not running".to_owned()));
        for agents in [vec![], vec![agent("STOPPED")]] {
            let wanted = "the agent of ECS Exec is not running in the container rabbit";
            assert_eq!(why(Some(&task(true, "RUNNING", agents)), "rabbit"), Err(wanted.to_owned()));
        }
    }
}
