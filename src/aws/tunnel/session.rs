//! Sessions of Systems Manager: their begin and their end.

use std::collections::HashMap;

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::aws::error::reported;
use crate::aws::exec::endpoint::Endpoint;
use crate::aws::exec::resume::is_gone;
use crate::engine::failure::Failure;

use super::error::TunnelError;

/// AWS's documents for a port of the target, and for a port of a host that the target reaches.
pub const PORT_DOCUMENT: &str = "AWS-StartPortForwardingSession";
pub const HOST_DOCUMENT: &str = "AWS-StartPortForwardingSessionToRemoteHost";

/// What CloudTrail shows as the session's reason.
const REASON: &str = "ce-aws open";

/// What a tunnel leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// `ecs:<cluster>_<task>_<runtime id>`, names and ids.
    pub target: String,
    /// A host that the task reaches; none for the task itself.
    pub host: Option<String>,
    pub port: u16,
    /// Only told to the agent.
    pub local_port: u16,
}

/// A session that was started.
#[derive(Debug)]
pub struct Session {
    pub id: String,
    /// What it was started with.
    pub target: String,
    /// It opens one connection.
    pub endpoint: Endpoint,
}

impl Destination {
    fn document(&self) -> &'static str {
        if self.host.is_some() { HOST_DOCUMENT } else { PORT_DOCUMENT }
    }

    fn parameters(&self) -> HashMap<String, Vec<String>> {
        let ports = [("portNumber", self.port), ("localPortNumber", self.local_port)];
        let mut all: HashMap<_, _> =
            ports.into_iter().map(|(name, port)| (name.to_owned(), vec![port.to_string()])).collect();
        all.extend(self.host.iter().map(|host| ("host".to_owned(), vec![host.clone()])));
        all
    }
}

/// Starts a session.
///
/// # Errors
///
/// Systems Manager refuses, or answers without a usable address.
pub async fn start(aws: &Clients, to: &Destination) -> Result<Session, TunnelError> {
    let call = aws.ssm.start_session().target(&to.target).document_name(to.document()).reason(REASON);
    let answer = call.set_parameters(Some(to.parameters())).send().await.answer()?;
    let id = answer.session_id.unwrap_or_default();
    if id.is_empty() {
        return Err(reported("ssm StartSession", "", "the answer has no session").into());
    }
    let endpoint = Endpoint::of(aws, answer.stream_url.as_deref(), answer.token_value)?;
    Ok(Session { id, target: to.target.clone(), endpoint })
}

/// Ends a session; one that has ended stays so.
///
/// # Errors
///
/// Systems Manager cannot be asked, or refuses.
pub async fn terminate(aws: &Clients, id: &str) -> Result<(), Failure> {
    aws.ssm.terminate_session().session_id(id).send().await.done_or(is_gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_reached_through_a_document_of_its_own() {
        let task = Destination { target: "ecs:a_b_c".to_owned(), host: None, port: 3000, local_port: 8000 };
        assert_eq!(task.document(), PORT_DOCUMENT);
        let ports = [("portNumber", "3000"), ("localPortNumber", "8000")];
        let wanted = |extra: &[(&str, &str)]| {
            let all = ports.iter().chain(extra);
            all.map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect::<HashMap<_, _>>()
        };
        assert_eq!(task.parameters(), wanted(&[]));
        let host = Destination { host: Some("lb.internal".to_owned()), ..task };
        assert_eq!((host.document(), host.parameters()), (HOST_DOCUMENT, wanted(&[("host", "lb.internal")])));
    }
}
