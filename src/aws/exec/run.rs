//! Running scripts and commands in a container.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::aws::error::reported;

use super::conversation::{Ending, Input, Session, converse};
use super::data_key::KeySource;
use super::endpoint::Endpoint;
use super::error::ExecError;
use super::script::{Script, quoted};
use super::session;
use super::streamed::Streamed;
use super::text::first_line;

/// A container of a running task.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The cluster's name or ARN.
    pub cluster: &'a str,
    /// The task's ARN.
    pub task: &'a str,
    /// The container's name in the task definition.
    pub name: &'a str,
    /// What its runtime calls it (`Container` of the ECS API reference), once it has one.
    pub runtime_id: Option<&'a str>,
}

impl Container<'_> {
    /// How Systems Manager names it: `ecs:<cluster>_<task>_<runtime id>`, with the cluster's name and the task's id
    /// (ECS developer guide, "Using ECS Exec"; Systems Manager API reference, StartSession). None while it has no
    /// runtime id.
    pub fn target(&self) -> Option<String> {
        let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let runtime_id = self.runtime_id.filter(|id| !id.is_empty())?;
        Some(format!("ecs:{}_{}_{runtime_id}", last(self.cluster), last(self.task)))
    }
}

/// Runs a script with the container's `sh` as its root user, and returns what it prints: standard output and standard
/// error, without terminal control. The script must not contain secrets: CloudTrail records it.
///
/// # Errors
///
/// There is no session, or the script does not end with exit code 0 within `patience`.
pub async fn run(aws: &Clients, at: &Container<'_>, script: &str, patience: Duration) -> Result<String, ExecError> {
    let script = Script::new(script, rand::random());
    let session = open(aws, at, script.command()).await?;
    let ended = session::follow(aws, &session, &script, patience).await?;
    if ended.code == 0 { Ok(ended.output) } else { Err(ExecError::Failed(ended)) }
}

/// Runs a command without input. `show` is given its output as it comes, and says whether anybody still reads it.
/// Returns the exit code, if anybody waited for it.
///
/// # Errors
///
/// There is no session, or it ended before the command did.
pub async fn stream(
    aws: &Clients,
    at: &Container<'_>,
    command: &[String],
    input: &mut Receiver<Input>,
    show: impl FnMut(&[u8]) -> bool,
) -> Result<Option<u8>, ExecError> {
    let words = quoted(command.iter().map(String::as_str));
    stream_script(aws, at, &format!("{words} </dev/null"), input, show).await
}

/// The same with a script, which may read what is typed. The script must not contain secrets: CloudTrail records it.
///
/// # Errors
///
/// As [`stream`].
pub async fn stream_script(
    aws: &Clients,
    at: &Container<'_>,
    script: &str,
    input: &mut Receiver<Input>,
    mut show: impl FnMut(&[u8]) -> bool,
) -> Result<Option<u8>, ExecError> {
    let script = Script::new(script, rand::random());
    let session = open(aws, at, script.command()).await?;
    let mut streamed = Streamed::new(&script);
    let mut unreadable = None;
    let take = |bytes: &[u8]| {
        let (shown, code) = streamed.push(bytes);
        Ok(if show(&shown) { code.map(Some) } else { Some(None) })
    };
    match converse(aws, &session, input, &mut unreadable, take).await? {
        Ending::Enough(code) => Ok(code),
        ending => {
            show(&streamed.rest());
            let why = if let Ending::Closed(why) = ending { first_line(&why) } else { String::new() };
            Err(unreadable.map_or(ExecError::CutOff(why), ExecError::Unreadable))
        }
    }
}

/// Runs a command on a terminal of its own until the session ends: what it prints goes to `show` as it is. Returns what
/// the service said at the end, which is usually nothing. A terminal's session has no exit code.
///
/// # Errors
///
/// There is no session, or the connection to it is lost.
pub async fn interact(
    aws: &Clients,
    at: &Container<'_>,
    command: &[String],
    input: &mut Receiver<Input>,
    mut show: impl FnMut(&[u8]) -> bool,
) -> Result<String, ExecError> {
    let session = open(aws, at, quoted(command.iter().map(String::as_str))).await?;
    let take = |bytes: &[u8]| Ok(if show(bytes) { None } else { Some(()) });
    match converse(aws, &session, input, &mut None, take).await? {
        Ending::Enough(()) => Ok(String::new()),
        Ending::Closed(why) => Ok(first_line(&why)),
        Ending::Lost => Err(ExecError::Lost),
    }
}

async fn open(aws: &Clients, at: &Container<'_>, command: String) -> Result<Session, ExecError> {
    let call = aws.ecs.execute_command().cluster(at.cluster).task(at.task).container(at.name).interactive(true);
    let answer = call.command(command).send().await.answer()?;
    let begun = answer.session.ok_or_else(|| reported("ecs ExecuteCommand", "", "the answer has no session"))?;
    let id = begun.session_id.unwrap_or_default();
    let keys = KeySource::new(aws, &id, at.target());
    Ok(Session { id, endpoint: Endpoint::of(aws, begun.stream_url.as_deref(), begun.token_value)?, keys })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_manager_names_a_container_by_cluster_task_and_runtime_id() {
        let at = Container {
            cluster: "arn:aws:ecs:eu-west-1:111122223333:cluster/shared",
            task: "arn:aws:ecs:eu-west-1:111122223333:task/shared/0a1b",
            name: "ui",
            runtime_id: Some("0a1b-7"),
        };
        assert_eq!(at.target().as_deref(), Some("ecs:shared_0a1b_0a1b-7"));
        assert_eq!(Container { cluster: "shared", ..at }.target(), at.target());
        for none in [None, Some("")] {
            assert_eq!(Container { runtime_id: none, ..at }.target(), None);
        }
    }
}
