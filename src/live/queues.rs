//! How many messages RabbitMQ holds. Messages in its queues are lost with the broker's data and cannot be recovered.

use std::time::Duration;

use serde_json::{Deserializer, Value};
use thiserror::Error;

use crate::aws::exec::error::ExecError;
use crate::aws::exec::run::{Container, run};
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

use super::reachable::{Unreachable, describe, reachable};

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
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
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
    let described = describe(context, cluster, task).await?;
    let runtime_id = reachable(described.as_ref(), container)?.runtime_id();
    let at = Container { cluster, task, name: container, runtime_id };
    read(&run(&context.aws, &at, LIST, PATIENCE).await?)
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

    proptest! {
        #[test]
        fn any_output_is_read_or_refused(printed in "[\\[\\]{}\",:a-z0-9\n é]{0,200}") {
            let _ = read(&printed);
        }
    }
}
