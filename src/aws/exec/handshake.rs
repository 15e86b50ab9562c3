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

/// The kinds of session whose output is that of a command.
const SESSIONS: [&str; 3] = ["Standard_Stream", "InteractiveCommands", "NonInteractiveCommands"];

const SUCCESS: u8 = 1;
const FAILED: u8 = 2;
const UNSUPPORTED: u8 = 3;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
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
    /// Encryption with a KMS key, on top of TLS: a setting of the cluster.
    Encryption,
    /// Something else, in the agent's words.
    Other(String),
}

/// The response to a request, and what in it is not supported.
///
/// # Errors
///
/// The request is not JSON of the expected shape.
pub fn answer(request: &[u8]) -> Result<(Vec<u8>, Option<Demand>), serde_json::Error> {
    let request: Request = serde_json::from_slice(request)?;
    let mut unmet = None;
    let (mut processed, mut errors) = (Vec::new(), Vec::new());
    for Requested { action_type, action_parameters } in request.requested_client_actions {
        let (status, demand) = match action_type.as_str() {
            "SessionType" => {
                let wanted = action_parameters["SessionType"].as_str().unwrap_or_default();
                let demand = (!SESSIONS.contains(&wanted)).then(|| Demand::Other(format!("session type {wanted}")));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(actions: Value) -> (Value, Option<Demand>) {
        let request = json!({"AgentVersion": "3.3.0.0", "RequestedClientActions": actions});
        let (response, unmet) = answer(request.to_string().as_bytes()).unwrap();
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
        assert!(answer(b"not JSON").is_err());
    }
}
