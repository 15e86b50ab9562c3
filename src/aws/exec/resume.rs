//! Another connection to a session whose connection was lost: its messages go on where they were.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::engine::failure::Failure;

use super::endpoint::{Endpoint, Socket};
use super::error::ExecError;

/// How long opening the data channel may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pauses between attempts to connect again, in seconds; the last is repeated.
const PAUSES: [u64; 5] = [0, 1, 2, 5, 10];
/// After so many connections in a row that closed at once and brought nothing the session is given up.
const FRUITLESS: usize = 3;
const LASTING: Duration = Duration::from_secs(10);

/// The connections of a session so far, as far as they brought nothing.
#[derive(Debug, Default)]
pub struct Tries {
    fruitless: usize,
}

impl Tries {
    /// Whether to connect again after a connection that lasted so long, and has brought something or not.
    pub fn allow(&mut self, lasted: Duration, has_brought: bool) -> bool {
        self.fruitless = if has_brought || lasted > LASTING { 0 } else { self.fruitless + 1 };
        self.fruitless < FRUITLESS
    }
}

/// Another connection to the session, however long this machine has no network. None if the session has ended.
///
/// # Errors
///
/// Systems Manager refuses, or the data channel cannot be opened.
pub async fn again(aws: &Clients, session: &str) -> Result<Option<Socket>, ExecError> {
    for attempt in 0.. {
        sleep(Duration::from_secs(PAUSES[PAUSES.len().min(attempt + 1) - 1])).await;
        let endpoint = match endpoint(aws, session).await {
            Ok(Some(endpoint)) => endpoint,
            Ok(None) => return Ok(None),
            Err(ExecError::Refused(failure)) if failure.cause.may_pass() => continue,
            Err(error) => return Err(error),
        };
        match connect(&endpoint).await {
            Ok(socket) => return Ok(Some(socket)),
            Err(ExecError::Unreachable { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Opens the data channel, within [`PATIENCE`].
///
/// # Errors
///
/// It cannot be reached, or may not be opened.
pub async fn connect(endpoint: &Endpoint) -> Result<Socket, ExecError> {
    timeout(PATIENCE, endpoint.connect()).await.unwrap_or_else(|_| {
        let host = endpoint.address.host_str().unwrap_or_default().to_owned();
        Err(ExecError::Unreachable { host, why: "no answer".to_owned() })
    })
}

/// The address for another connection; none if the session has ended.
async fn endpoint(aws: &Clients, session: &str) -> Result<Option<Endpoint>, ExecError> {
    let answer = match aws.ssm.resume_session().session_id(session).send().await.answer() {
        Ok(answer) => answer,
        Err(failure) if is_gone(&failure) => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    // Without a token the session has timed out (`ResumeSessionHandler` of `aws/session-manager-plugin`).
    if answer.token_value.as_deref().is_none_or(str::is_empty) {
        return Ok(None);
    }
    Endpoint::of(aws, answer.stream_url.as_deref(), answer.token_value).map(Some)
}

/// Ended sessions are forgotten after a while (Systems Manager API reference, ResumeSession).
pub fn is_gone(failure: &Failure) -> bool {
    failure.code == "DoesNotExistException"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_given_up_after_three_connections_in_a_row_that_brought_nothing() {
        let mut tries = Tries::default();
        let at_once = Duration::from_secs(1);
        let allowed = [(at_once, false), (at_once, false), (at_once, true), (at_once, false), (LASTING * 2, false)];
        assert!(allowed.into_iter().all(|(lasted, brought)| tries.allow(lasted, brought)));
        assert!(tries.allow(at_once, false) && tries.allow(at_once, false));
        assert!(!tries.allow(at_once, false));
    }
}
