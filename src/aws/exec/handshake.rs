//! What the agent asks before it runs the command, and our answer.
//!
//! Source: `HandshakeRequestPayload` and `HandshakeResponsePayload` of `aws/amazon-ssm-agent`
//! (`agent/session/contracts`).

use serde::Deserialize;
use serde_json::{Value, json};

/// The version of AWS's client whose behaviour this side has. It matters: the service supports none below 1.2.764.0
/// (Systems Manager user guide, "Session Manager plugin version history"), and the agent chooses its protocol by it
/// (`aws/amazon-ssm-agent`, `agent/session/plugins`). Four numbers, whatever the version of this program.
pub const VERSION: &str = "1.2.764.0";

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Command,
    /// Connections to a port, several at a time.
    Port,
}

impl Sort {
    /// The agent's names of such sessions.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Command => &["Standard_Stream", "InteractiveCommands", "NonInteractiveCommands"],
            Self::Port => &["Port"],
        }
    }
}

/// Newer agents than this carry several connections at a time and leave it to us to keep an idle session: smux without
/// keepalive (`src/sessionmanagerplugin/session/portsession` of `aws/session-manager-plugin`). AWS had newer ones on
/// Fargate in 2022 (kayac/ecspresso#414).
const OLD_AGENT: [u64; 4] = [3, 1, 1511, 0];

const SUCCESS: u8 = 1;
const FAILED: u8 = 2;
const UNSUPPORTED: u8 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(default)]
    agent_version: String,
    #[serde(default)]
    requested_client_actions: Vec<Requested>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Requested {
    action_type: String,
    #[serde(default)]
    action_parameters: Value,
}

/// What the agent asks for and this side does not support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Encryption with a KMS key, on top of TLS: a setting of the cluster, or of the account's sessions.
    Encryption,
    /// Less than it can: an agent of this version does not carry several connections at a time.
    OldAgent(String),
    /// Something else, in the agent's words.
    Other(String),
}

/// The response to a request, and what in it is not supported.
///
/// # Errors
///
/// The request is not JSON of the expected shape.
pub fn answer(request: &[u8], sort: Sort) -> Result<(Vec<u8>, Option<Demand>), serde_json::Error> {
    let request: Request = serde_json::from_slice(request)?;
    let is_old = sort == Sort::Port && numbers(&request.agent_version) <= OLD_AGENT;
    let mut unmet = is_old.then(|| Demand::OldAgent(request.agent_version.clone()));
    let (mut processed, mut errors) = (Vec::new(), Vec::new());
    for Requested { action_type, action_parameters } in request.requested_client_actions {
        let (status, demand) = match action_type.as_str() {
            "SessionType" => {
                let wanted = action_parameters["SessionType"].as_str().unwrap_or_default();
                let is_ours = sort.names().contains(&wanted);
                let demand = (!is_ours).then(|| Demand::Other(format!("session type {wanted}")));
                (if demand.is_none() { SUCCESS } else { FAILED }, demand)
            }
            "KMSEncryption" => (FAILED, Some(Demand::Encryption)),
            other => (UNSUPPORTED, Some(Demand::Other(other.to_owned()))),
        };
        let error = demand.as_ref().map(|_| format!("unsupported: {action_type}"));
        processed.push(json!({
            "ActionType": action_type,
            "ActionStatus": status,
            "ActionResult": null,
            "Error": error.as_deref().unwrap_or_default(),
        }));
        errors.extend(error);
        // Encryption is reported first: the user can change that.
        if unmet != Some(Demand::Encryption) {
            unmet = demand.or(unmet);
        }
    }
    let response = json!({ "ClientVersion": VERSION, "ProcessedClientActions": processed, "Errors": errors });
    Ok((response.to_string().into_bytes(), unmet))
}

/// A version as four numbers; what is missing or no number counts as 0.
fn numbers(version: &str) -> [u64; 4] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or_default());
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}

/// What the agent says to people at the end of the handshake, if anything.
pub fn notice(complete: &[u8]) -> Option<String> {
    let complete: Value = serde_json::from_slice(complete).ok()?;
    complete["CustomerMessage"].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(actions: Value) -> (Value, Option<Demand>) {
        by("3.3.0.0", Sort::Command, actions)
    }

    fn by(agent: &str, sort: Sort, actions: Value) -> (Value, Option<Demand>) {
        let request = json!({"AgentVersion": agent, "RequestedClientActions": actions});
        let (response, unmet) = answer(request.to_string().as_bytes(), sort).unwrap();
        (serde_json::from_slice(&response).unwrap(), unmet)
    }

    #[test]
    fn a_session_for_commands_is_accepted() {
        let session = json!({"SessionType": "InteractiveCommands", "Properties": {}});
        let (response, unmet) = asked(json!([{"ActionType": "SessionType", "ActionParameters": session}]));
        assert_eq!(unmet, None);
        assert_eq!(response["Errors"], json!([]));
        let done = json!({"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": null, "Error": ""});
        assert_eq!(response["ProcessedClientActions"], json!([done]));
    }

    #[test]
    fn what_is_not_supported_is_reported_to_the_agent_and_to_the_caller() {
        let port = json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port"}});
        let key = json!({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "arn"}});
        let (response, unmet) = asked(json!([key, port]));
        assert_eq!(unmet, Some(Demand::Encryption));
        assert_eq!(response["Errors"], json!(["unsupported: KMSEncryption", "unsupported: SessionType"]));
        assert_eq!(asked(json!([port])).1, Some(Demand::Other("session type Port".to_owned())));
        assert_eq!(asked(json!([{"ActionType": "Dance"}])).1, Some(Demand::Other("Dance".to_owned())));
        assert!(answer(b"not JSON", Sort::Command).is_err());
    }

    #[test]
    fn connections_to_a_port_need_an_agent_that_carries_several() {
        let port = json!([{"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port"}}]);
        for agent in ["3.1.1511.1", "3.1.1732.0", "3.3.3572.0", "10.0.0.0"] {
            assert_eq!(by(agent, Sort::Port, port.clone()).1, None, "{agent}");
        }
        for agent in ["3.1.1511.0", "3.0.9999.0", "2.3", "", "x"] {
            assert_eq!(by(agent, Sort::Port, port.clone()).1, Some(Demand::OldAgent(agent.to_owned())), "{agent}");
            assert_ne!(by(agent, Sort::Command, port.clone()).1, Some(Demand::OldAgent(agent.to_owned())), "{agent}");
        }
        let command =
            json!([{"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}]);
        let other = Some(Demand::Other("session type InteractiveCommands".to_owned()));
        assert_eq!(by("3.3.0.0", Sort::Port, command).1, other);
    }

    #[test]
    fn what_the_account_tells_people_is_passed_on() {
        assert_eq!(notice(br#"{"CustomerMessage": "be careful"}"#), Some("be careful".to_owned()));
        assert_eq!(notice(br#"{"CustomerMessage": ""}"#), None);
        assert_eq!(notice(b"{}"), None);
        assert_eq!(notice(b""), None);
    }
}
