//! One session: a script is followed to its end.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::aws::clients::Clients;

use super::conversation::{Ending, Session, converse};
use super::error::ExecError;
use super::script::{Ended, Script};
use super::text;

/// The longest output.
const OUTPUT: usize = 1 << 20;

/// Follows the script to its end, for at most `patience`.
///
/// # Errors
///
/// All but a refusal of ExecuteCommand.
pub async fn follow(aws: &Clients, session: &Session, script: &Script, patience: Duration) -> Result<Ended, ExecError> {
    let (mut unreadable, mut output) = (None, Vec::new());
    let (_, mut no_input) = mpsc::channel(1);
    let take = |bytes: &[u8]| {
        output.extend_from_slice(bytes);
        if script.may_have_ended(&output, bytes.len())
            && let Some(ended) = script.ended(&output)
        {
            return Ok(Some(ended));
        }
        if output.len() > OUTPUT { Err(ExecError::TooMuch) } else { Ok(None) }
    };
    let ended = timeout(patience, converse(aws, session, &mut no_input, &mut unreadable, take)).await;
    match (ended.unwrap_or(Err(ExecError::TooLong(patience))), unreadable) {
        (Ok(Ending::Enough(ended)), _) => Ok(ended),
        (Ok(Ending::Closed(_) | Ending::Lost) | Err(ExecError::TooLong(_)), Some(unreadable)) => {
            Err(ExecError::Unreadable(unreadable))
        }
        (Ok(ending), None) => {
            let why = if let Ending::Closed(why) = ending { why } else { String::new() };
            let output = text::first_line(&text::plain(&output));
            Err(ExecError::CutOff(if output.is_empty() { text::first_line(&why) } else { output }))
        }
        (Err(error), _) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::aws::clients::Access;
    use crate::aws::exec::data_key::KeySource;
    use crate::aws::exec::endpoint::tests::endpoint;

    use super::*;

    /// What happens to a script there.
    async fn followed(address: &str, patience: Duration) -> ExecError {
        let aws = Clients::new(&Access::default()).await;
        let keys = KeySource::new(&aws, "session", None);
        let session = Session { id: "session".to_owned(), endpoint: endpoint(address).unwrap(), keys };
        follow(&aws, &session, &Script::new("true", 1), patience).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_refused_connection_is_reported_at_once_with_tls_and_without() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        for scheme in ["ws", "wss"] {
            let error = followed(&format!("{scheme}://127.0.0.1:{port}/x"), Duration::from_secs(20)).await;
            assert!(matches!(&error, ExecError::Unreachable { host, .. } if host == "127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for scheme in ["ws", "wss"] {
            let error = followed(&format!("{scheme}://127.0.0.1:{port}/x"), Duration::from_millis(300)).await;
            assert!(matches!(error, ExecError::TooLong(_)), "{error}");
        }
    }
}
