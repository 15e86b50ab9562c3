//! What the agent asks before it runs the command, and our answer.
//!
//! Source: `HandshakeRequestPayload` and `HandshakeResponsePayload` of `aws/amazon-ssm-agent`
//! (`agent/session/contracts`).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::failure::Failure;

use super::encryption::{DataKey, KeyRequest};

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

/// What an agent may ask for.
const SESSION_TYPE: &str = "SessionType";
const ENCRYPTION: &str = "KMSEncryption";

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

/// What the agent asks for and this side does not support, or has not got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Encryption, for which KMS has made no data key.
    NoKey(Failure),
    /// Encryption: something that was sent is not encrypted with the data key.
    Undecipherable,
    /// Less than it can: an agent of this version does not carry several connections at a time.
    OldAgent(String),
    /// Something else, in the agent's words.
    Other(String),
}

/// A request of an agent, judged.
#[derive(Debug)]
pub struct Handshake {
    /// The types of what it asks for, and what is unsupported in each.
    actions: Vec<(String, Option<Demand>)>,
    unmet: Option<Demand>,
    key: Option<KeyRequest>,
}

impl Handshake {
    /// # Errors
    ///
    /// The request is not JSON of the expected shape.
    pub fn read(request: &[u8], sort: Sort) -> Result<Self, serde_json::Error> {
        let request: Request = serde_json::from_slice(request)?;
        let is_old = sort == Sort::Port && numbers(&request.agent_version) <= OLD_AGENT;
        let mut unmet = is_old.then(|| Demand::OldAgent(request.agent_version.clone()));
        let (mut actions, mut key) = (Vec::new(), None);
        for Requested { action_type, action_parameters } in request.requested_client_actions {
            let parameter = |name: &str| action_parameters[name].as_str().unwrap_or_default().to_owned();
            let demand = match action_type.as_str() {
                SESSION_TYPE => {
                    let wanted = parameter(SESSION_TYPE);
                    (!sort.names().contains(&wanted.as_str())).then(|| Demand::Other(format!("session type {wanted}")))
                }
                ENCRYPTION => {
                    let request = KeyRequest { key: parameter("KMSKeyId"), challenge: parameter("Challenge") };
                    let is_nameless = request.key.is_empty();
                    key = Some(request);
                    is_nameless.then(|| Demand::Other("encryption with a KMS key that it does not name".to_owned()))
                }
                other => Some(Demand::Other(other.to_owned())),
            };
            unmet = demand.clone().or(unmet);
            actions.push((action_type, demand));
        }
        Ok(Self { actions, unmet, key })
    }

    /// What is not supported.
    pub fn unmet(&self) -> Option<&Demand> {
        self.unmet.as_ref()
    }

    /// The data key that it asks for, where everything else is supported.
    pub fn wanted_key(&self) -> Option<&KeyRequest> {
        self.key.as_ref().filter(|_| self.unmet.is_none())
    }

    /// The response, with the data key if it is asked for.
    pub fn response(&self, key: Option<&DataKey>) -> Vec<u8> {
        let (mut processed, mut errors) = (Vec::new(), Vec::new());
        for (action_type, demand) in &self.actions {
            let given = self.key.as_ref().filter(|_| action_type == ENCRYPTION);
            let result = given.and_then(|request| Some(key?.response(request)));
            let is_known = given.is_some() || action_type == SESSION_TYPE;
            let error = match demand {
                Some(_) => format!("unsupported: {action_type}"),
                None if given.is_some() && result.is_none() => "there is no data key".to_owned(),
                None => String::new(),
            };
            let status = match (error.is_empty(), is_known) {
                (true, _) => SUCCESS,
                (false, true) => FAILED,
                (false, false) => UNSUPPORTED,
            };
            processed.push(json!({
                "ActionType": action_type,
                "ActionStatus": status,
                "ActionResult": result,
                "Error": error,
            }));
            errors.extend(Some(error).filter(|error| !error.is_empty()));
        }
        let response = json!({ "ClientVersion": VERSION, "ProcessedClientActions": processed, "Errors": errors });
        response.to_string().into_bytes()
    }
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
    use crate::aws::exec::encryption::tests::shared;

    use super::*;

    fn asked(actions: Value) -> (Value, Option<Demand>) {
        by("3.3.0.0", Sort::Command, actions)
    }

    fn by(agent: &str, sort: Sort, actions: Value) -> (Value, Option<Demand>) {
        let asked = read(agent, sort, &actions);
        (serde_json::from_slice(&asked.response(None)).unwrap(), asked.unmet().cloned())
    }

    fn read(agent: &str, sort: Sort, actions: &Value) -> Handshake {
        let request = json!({"AgentVersion": agent, "RequestedClientActions": actions});
        Handshake::read(request.to_string().as_bytes(), sort).unwrap()
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
        let (response, unmet) = asked(json!([{"ActionType": "Dance"}, port]));
        assert_eq!(unmet, Some(Demand::Other("session type Port".to_owned())));
        assert_eq!(response["Errors"], json!(["unsupported: Dance", "unsupported: SessionType"]));
        let statuses = response["ProcessedClientActions"].as_array().unwrap().iter();
        assert_eq!(statuses.map(|one| one["ActionStatus"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(asked(json!([{"ActionType": "Dance"}])).1, Some(Demand::Other("Dance".to_owned())));
        assert!(Handshake::read(b"not JSON", Sort::Command).is_err());
    }

    #[test]
    fn encryption_is_answered_with_the_data_key_where_there_is_one() {
        let session = json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}});
        let kms = |parameters: Value| json!({"ActionType": "KMSEncryption", "ActionParameters": parameters});
        let of = |parameters: Value| read("3.3.0.0", Sort::Command, &json!([session, kms(parameters)]));
        let handshake = of(json!({"KMSKeyId": "arn", "Challenge": "abc="}));
        let wanted = KeyRequest { key: "arn".to_owned(), challenge: "abc=".to_owned() };
        assert_eq!((handshake.wanted_key(), handshake.unmet()), (Some(&wanted), None));
        let answered = |handshake: &Handshake, key: Option<&DataKey>| -> Value {
            let response: Value = serde_json::from_slice(&handshake.response(key)).unwrap();
            response["ProcessedClientActions"][1].clone()
        };
        let (key, _) = shared();
        let with = answered(&handshake, Some(&key));
        assert_eq!(with["ActionStatus"], 1);
        let result = json!({"KMSCipherTextKey": "YXMgS01TIGhhcyBpdA==", "KMSCipherTextHash": null,
            "ChallengeAcknowledgement": true});
        assert_eq!(with["ActionResult"], result);
        let without = answered(&handshake, None);
        assert_eq!((&without["ActionStatus"], &without["ActionResult"]), (&json!(2), &json!(null)));
        assert_eq!(without["Error"], "there is no data key");
        // An older agent knows of no random text.
        let older = of(json!({"KMSKeyId": "arn"}));
        assert_eq!(answered(&older, Some(&key))["ActionResult"]["ChallengeAcknowledgement"], false);
        assert!(of(json!({})).unmet().is_some() && of(json!({})).wanted_key().is_none());
        // No data key is made for a session that cannot be.
        let port = json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port"}});
        let other = read("3.3.0.0", Sort::Command, &json!([kms(json!({"KMSKeyId": "arn"})), port]));
        assert!(other.wanted_key().is_none() && other.unmet().is_some());
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
