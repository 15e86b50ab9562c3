//! How many messages RabbitMQ holds. Messages in its queues are lost with the broker's data and cannot be recovered.

use std::time::Duration;

use aws_sdk_ecs::types::{ManagedAgentName, Task};
use serde_json::{Deserializer, Value};
use thiserror::Error;

use crate::aws::answer::Answer;
use crate::aws::exec::run::{Container, run};
use crate::aws::exec::session::ExecError;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

/// Lists the queues of the default virtual host, the only one that Cloud Exchange's connection strings name.
///
/// ECS Exec runs commands as root (ECS developer guide, "ECS Exec": considerations), while the broker's cookie is in
/// the home of the container's user. The command line tools read it from `$HOME` (RabbitMQ, "Command line tools":
/// authentication), so that it is on no command line. The options are those of RabbitMQ 3.7 and later. Unverified in a
/// real container.
const LIST: &str = "HOME=/var/lib/rabbitmq rabbitmqctl --quiet --node rabbit@localhost --timeout 30 \
                    list_queues --formatter json name messages";

/// Half of it allows for the session to open and the tool to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is in the queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Every queue and its messages, unacknowledged ones included.
    pub queues: Vec<(String, u64)>,
}

impl Depth {
    /// The messages of all queues.
    pub fn total(&self) -> u64 {
        self.queues.iter().fold(0, |total, (_, messages)| total.saturating_add(*messages))
    }
}

/// Why the depth is not known, for people.
#[derive(Debug, Error)]
pub enum NotChecked {
    #[error("the task is not running")]
    NotRunning,
    #[error("ECS Exec is not enabled in the running task")]
    Disabled,
    #[error("the agent of ECS Exec is not running in the container {0}")]
    NoAgent(String),
    #[error(transparent)]
    Unread(#[from] Failure),
    #[error(transparent)]
    Unsaid(#[from] ExecError),
    #[error("rabbitmqctl did not print a list of queues")]
    NoList,
    #[error("rabbitmqctl does not say how many messages are in the queue {0:?}")]
    NoCount(String),
}

/// Asks the broker in a running task. `cluster` is a name or ARN, `task` an ARN, `container` the broker's.
///
/// # Errors
///
/// Why the number is not known. Nothing was changed, and the call can be repeated.
pub async fn depth(context: &Context, cluster: &str, task: &str, container: &str) -> Result<Depth, NotChecked> {
    let call = context.aws.ecs.describe_tasks().cluster(cluster).tasks(task);
    let answer = call.send().await.answer()?;
    let running = answer.tasks().iter().find(|task| task.last_status() == Some("RUNNING"));
    reachable(running.ok_or(NotChecked::NotRunning)?, container)?;
    let printed = run(&context.aws, &Container { cluster, task, name: container }, LIST, PATIENCE).await?;
    read(&printed)
}

/// ExecuteCommand refuses all of this too, but with a single message for every reason.
fn reachable(task: &Task, container: &str) -> Result<(), NotChecked> {
    if !task.enable_execute_command() {
        return Err(NotChecked::Disabled);
    }
    let named = task.containers().iter().find(|it| it.name() == Some(container));
    let agents = named.map(|it| it.managed_agents()).unwrap_or_default();
    let agent = agents.iter().find(|agent| agent.name() == Some(&ManagedAgentName::ExecuteCommandAgent));
    let runs = agent.is_some_and(|agent| agent.last_status() == Some("RUNNING"));
    if runs { Ok(()) } else { Err(NotChecked::NoAgent(container.to_owned())) }
}

/// Reads `[{"name": "work", "messages": 3}, …]`, before which the tool may have printed warnings.
fn read(printed: &str) -> Result<Depth, NotChecked> {
    let lines = printed.split_inclusive('\n').scan(0, |at, line| Some(std::mem::replace(at, *at + line.len())));
    let texts = lines.map(|at| printed[at..].trim_start_matches(' ')).filter(|text| text.starts_with('['));
    let rows = texts.filter_map(list).next().ok_or(NotChecked::NoList)?;
    let queues = rows.into_iter().map(|row| {
        let name = row["name"].as_str().ok_or(NotChecked::NoList)?;
        let messages = row["messages"].as_u64().ok_or_else(|| NotChecked::NoCount(name.chars().take(100).collect()))?;
        Ok((name.to_owned(), messages))
    });
    Ok(Depth { queues: queues.collect::<Result<_, NotChecked>>()? })
}

/// A list that extends to the end of the text.
fn list(text: &str) -> Option<Vec<Value>> {
    let mut values = Deserializer::from_str(text).into_iter();
    let Some(Ok(Value::Array(rows))) = values.next() else { return None };
    text[values.byte_offset()..].trim().is_empty().then_some(rows)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{self, ManagedAgent};
    use proptest::prelude::*;

    use super::*;

    fn depth_of(printed: &str) -> Result<Vec<(String, u64)>, String> {
        read(printed).map(|depth| depth.queues).map_err(|why| why.to_string())
    }

    fn queue(name: &str, messages: u64) -> (String, u64) {
        (name.to_owned(), messages)
    }

    #[test]
    fn queues_are_read_as_rabbitmqctl_streams_them() {
        assert_eq!(depth_of("[\n]\n"), Ok(vec![]));
        let printed = "[\n{\"name\":\"a\",\"messages\":3}\n,{\"messages\":0,\"name\":\"b c\"}\n]\n";
        assert_eq!(depth_of(printed), Ok(vec![queue("a", 3), queue("b c", 0)]));
        let warned = format!("[warning] old cookie\n[]x\n  {printed}");
        assert_eq!(depth_of(&warned), Ok(vec![queue("a", 3), queue("b c", 0)]));
    }

    #[test]
    fn a_truncated_list_is_none_and_a_missing_count_is_not_zero() {
        let no_list = Err("rabbitmqctl did not print a list of queues".to_owned());
        let cut = "[\n{\"name\":\"a\",\"messages\":3}\n";
        for printed in ["", "[", "[]]", "{}", "[1]", "Error: x\n", "[\n]\nError: timeout\n", cut] {
            assert_eq!(depth_of(printed), no_list, "{printed}");
        }
        let nested = "[".repeat(100_000);
        assert_eq!(depth_of(&nested), no_list);
        for messages in ["\"\"", "-1", "1.5", "null", "99999999999999999999999"] {
            let down = format!("[{{\"name\":\"down\",\"messages\":{messages}}}]");
            let why = "rabbitmqctl does not say how many messages are in the queue \"down\"";
            assert_eq!(depth_of(&down), Err(why.to_owned()), "{messages}");
        }
    }

    #[test]
    fn the_total_is_over_all_queues() {
        let of = |counts: &[u64]| Depth { queues: counts.iter().map(|count| queue("q", *count)).collect() };
        assert_eq!((of(&[]).total(), of(&[2, 3]).total(), of(&[u64::MAX, 1]).total()), (0, 5, u64::MAX));
    }

    #[test]
    fn the_reasons_why_exec_does_not_work_differ() {
        let agent = |status: &str| {
            ManagedAgent::builder().name(ManagedAgentName::ExecuteCommandAgent).last_status(status).build()
        };
        let task = |enabled: bool, agents: Vec<ManagedAgent>| {
            let container = types::Container::builder().name("rabbit").set_managed_agents(Some(agents)).build();
            Task::builder().enable_execute_command(enabled).containers(container).build()
        };
        let why = |task: Task| reachable(&task, "rabbit").map_err(|why| why.to_string());
        assert_eq!(why(task(true, vec![agent("RUNNING")])), Ok(()));
        assert_eq!(why(task(false, vec![])), Err("ECS Exec is not enabled in the running task".to_owned()));
        for agents in [vec![], vec![agent("STOPPED")]] {
            let wanted = "the agent of ECS Exec is not running in the container rabbit";
            assert_eq!(why(task(true, agents)), Err(wanted.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_output_is_read_or_refused(printed in "[\\[\\]{}\",:a-z0-9\n é]{0,200}") {
            let _ = read(&printed);
        }
    }
}
