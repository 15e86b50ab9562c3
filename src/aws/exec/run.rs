//! Running a script in a container.

use std::time::Duration;

use secrecy::SecretString;

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::aws::error::reported;

use super::script::Script;
use super::session::{self, Endpoint, ExecError};

/// A container of a running task.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The cluster's name or ARN.
    pub cluster: &'a str,
    /// The task's ARN.
    pub task: &'a str,
    /// The container's name in the task definition.
    pub name: &'a str,
}

/// Runs a script with the container's `sh` as its root user, and returns what it prints: standard output and standard
/// error, without terminal control. The script must not contain secrets: CloudTrail records it.
///
/// # Errors
///
/// There is no session, or the script does not end with exit code 0 within `patience`.
pub async fn run(aws: &Clients, at: &Container<'_>, script: &str, patience: Duration) -> Result<String, ExecError> {
    let script = Script::new(script, rand::random());
    let call = aws.ecs.execute_command().cluster(at.cluster).task(at.task).container(at.name).interactive(true);
    let answer = call.command(script.command()).send().await.answer()?;
    let session = answer.session().ok_or_else(|| reported("ecs ExecuteCommand", "", "the answer has no session"))?;
    let token = SecretString::from(session.token_value().unwrap_or_default());
    let signer = aws.signer().ok_or_else(|| ExecError::Unsigned { why: "there are no credentials".to_owned() })?;
    let endpoint = Endpoint::new(session.stream_url().unwrap_or_default(), token, signer)?;
    let ended = session::follow(&endpoint, &script, patience).await?;
    if ended.code == 0 { Ok(ended.output) } else { Err(ExecError::Failed(ended)) }
}
