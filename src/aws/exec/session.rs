//! One session: the data channel on a WebSocket, until the script has ended.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::{Host, Url};

use crate::engine::failure::Failure;

use super::channel::{Channel, Stamp, Step};
use super::handshake::{Demand, VERSION};
use super::message::{self, Unreadable};
use super::script::{Ended, Script};
use super::signature::Signer;
use super::text;

/// The largest message: the agent's have a kilobyte.
const FRAME: usize = 64 << 10;
/// The longest output.
const OUTPUT: usize = 1 << 20;
/// After so long a silence, what is not acknowledged is sent again.
const SILENCE: Duration = Duration::from_secs(1);

/// Why a command gave no output.
#[derive(Debug, Error)]
pub enum ExecError {
    /// ExecuteCommand's own refusal: Exec is off in the task, its agent is not running, the caller may not, ….
    #[error(transparent)]
    Refused(#[from] Failure),
    /// `why` is the network's text.
    #[error("the data channel at {host} could not be reached: {why}")]
    Unreachable { host: String, why: String },
    /// `why` is for people.
    #[error("the opening of the data channel could not be signed: {why}")]
    Unsigned { why: String },
    /// The permission lacks, or something in between has changed what was signed.
    #[error("the data channel at {host} was not opened (HTTP 403): the caller needs ssmmessages:OpenDataChannel")]
    Forbidden { host: String },
    #[error("the answer to ExecuteCommand has no address that may be spoken to")]
    Address,
    #[error("the cluster wants sessions to be encrypted with a KMS key, which is not supported")]
    Encrypted,
    #[error("the agent in the container asks for what is not supported: {0}")]
    Handshake(String),
    #[error("the command has not ended after {} s", .0.as_secs())]
    TooLong(Duration),
    /// Holds the first line of what was said until then, for the reason is often there.
    #[error("the session ended before the command did{}", after(.0))]
    CutOff(String),
    #[error("the data channel carried what cannot be read: {0}")]
    Garbled(Unreadable),
    #[error("the command printed more than 1 MiB")]
    TooMuch,
    /// The output may hold what is not for the screen; its first line is.
    #[error("the command ended with exit code {}{}", .0.code, after(&text::first_line(&.0.output)))]
    Failed(Ended),
}

fn after(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// Where a session's data channel is, the secret that opens it, once, and who signs that he opens it.
#[derive(Debug)]
pub struct Door {
    pub address: Url,
    pub token: SecretString,
    pub signer: Signer,
}

impl Door {
    /// A door whose address may be spoken to: over TLS, or on this machine (a test bed).
    ///
    /// # Errors
    ///
    /// [`ExecError::Address`].
    pub fn new(address: &str, token: SecretString, signer: Signer) -> Result<Self, ExecError> {
        let address = Url::parse(address).map_err(|_| ExecError::Address)?;
        let here = match address.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            None => return Err(ExecError::Address),
        };
        let allowed = address.scheme() == "wss" || (address.scheme() == "ws" && here);
        if allowed { Ok(Self { address, token, signer }) } else { Err(ExecError::Address) }
    }

    /// The upgrade to a WebSocket, signed for this moment.
    async fn upgrade(&self) -> Result<Request<()>, ExecError> {
        let unsigned = |why: String| ExecError::Unsigned { why };
        let mut request = self.address.as_str().into_client_request().map_err(|error| unsigned(error.to_string()))?;
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        for (name, value) in self.signer.headers(&self.address, host).await.map_err(unsigned)? {
            let name: HeaderName = name.parse().map_err(|_| unsigned("a header without a name".to_owned()))?;
            let mut value = HeaderValue::from_str(&value).map_err(|_| unsigned(format!("{name} is no header")))?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn host(&self) -> String {
        self.address.host_str().unwrap_or_default().to_owned()
    }
}

/// Follows the script to its end, or until patience does.
///
/// The connection goes straight to the address; proxies are not asked. Ending early closes our connection and nothing
/// else: Systems Manager ends a session that nobody listens to.
///
/// # Errors
///
/// Everything but a refusal of ExecuteCommand.
pub async fn follow(door: &Door, script: &Script, patience: Duration) -> Result<Ended, ExecError> {
    let mut garbled = None;
    let ended = timeout(patience, conversation(door, script, &mut garbled)).await;
    match (ended.unwrap_or(Err(ExecError::TooLong(patience))), garbled) {
        (Err(ExecError::TooLong(_) | ExecError::CutOff(_)), Some(unreadable)) => Err(ExecError::Garbled(unreadable)),
        (other, _) => other,
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn conversation(door: &Door, script: &Script, garbled: &mut Option<Unreadable>) -> Result<Ended, ExecError> {
    let limits = WebSocketConfig::default().max_message_size(Some(FRAME)).max_frame_size(Some(FRAME));
    let unreachable = |error: tungstenite::Error| match error {
        tungstenite::Error::Http(answer) if answer.status() == StatusCode::FORBIDDEN => {
            ExecError::Forbidden { host: door.host() }
        }
        error => ExecError::Unreachable { host: door.host(), why: error.to_string() },
    };
    let opened = connect_async_with_config(door.upgrade().await?, Some(limits), true).await;
    let (mut socket, _) = opened.map_err(unreachable)?;
    socket.send(Frame::text(opening(door))).await.map_err(unreachable)?;
    let outcome = listen(&mut socket, script, garbled).await;
    // The outcome is known: how the farewell goes changes nothing.
    let _ = timeout(SILENCE, socket.close(None)).await;
    outcome
}

async fn listen(socket: &mut Socket, script: &Script, garbled: &mut Option<Unreadable>) -> Result<Ended, ExecError> {
    let mut channel = Channel::new(stamp);
    let mut said = Vec::new();
    let cut_off = |said: &[u8], why: &str| {
        let said = text::first_line(&text::plain(said));
        ExecError::CutOff(if said.is_empty() { text::first_line(why) } else { said })
    };
    loop {
        let frame = match timeout(SILENCE, socket.next()).await {
            Ok(Some(Ok(Frame::Binary(frame)))) => frame,
            Ok(Some(Ok(Frame::Close(_)) | Err(_)) | None) => return Err(cut_off(&said, "")),
            Ok(Some(Ok(_))) => continue,
            Err(_) => {
                for frame in channel.unacknowledged() {
                    socket.send(Frame::binary(frame.clone())).await.map_err(|_| cut_off(&said, ""))?;
                }
                continue;
            }
        };
        let steps = match channel.receive(&frame) {
            Ok(steps) => steps,
            Err(unreadable) => {
                *garbled = Some(unreadable);
                continue;
            }
        };
        for step in steps {
            match step {
                Step::Send(frame) => socket.send(Frame::binary(frame)).await.map_err(|_| cut_off(&said, ""))?,
                Step::Unmet(Demand::Encryption) => return Err(ExecError::Encrypted),
                Step::Unmet(Demand::Other(what)) => return Err(ExecError::Handshake(text::first_line(&what))),
                Step::Closed(why) => return Err(cut_off(&said, &why)),
                Step::Output(bytes) => {
                    said.extend_from_slice(&bytes);
                    if script.may_have_ended(&said, bytes.len())
                        && let Some(ended) = script.ended(&said)
                    {
                        return Ok(ended);
                    }
                    if said.len() > OUTPUT {
                        return Err(ExecError::TooMuch);
                    }
                }
            }
        }
    }
}

/// The first words on the channel. Source: `OpenDataChannelInput` of `aws/session-manager-plugin`.
fn opening(door: &Door) -> String {
    let opening = json!({
        "MessageSchemaVersion": "1.0",
        "RequestId": message::uuid(rand::random()),
        "TokenValue": door.token.expose_secret(),
        "ClientId": message::uuid(rand::random()),
        "ClientVersion": VERSION,
    });
    opening.to_string()
}

fn stamp() -> Stamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp { now: u64::try_from(now.as_millis()).unwrap_or(u64::MAX), id: rand::random() }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;

    fn door(address: &str) -> Result<Door, ExecError> {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        Door::new(address, SecretString::from("hush"), Signer { credentials, region: "us-east-1".to_owned() })
    }

    #[test]
    fn in_the_clear_only_on_this_machine() {
        for allowed in
            ["wss://ssmmessages.us-east-1.amazonaws.com/v1/x", "ws://127.0.0.1:1/x", "ws://[::1]:1/", "ws://localhost"]
        {
            assert!(door(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "ws://ssmmessages.us-east-1.amazonaws.com/",
            "ws://10.0.0.1/",
            "ws://127.0.0.1.example.com/",
            "http://localhost/",
            "x",
        ] {
            assert!(matches!(door(refused), Err(ExecError::Address)), "{refused}");
        }
    }

    #[test]
    fn the_token_is_in_the_opening_and_nowhere_else() {
        let door = door("wss://example.com/").unwrap();
        assert!(opening(&door).contains(r#""TokenValue":"hush""#));
        assert!(opening(&door).contains(r#""ClientVersion":"1.2.764.0""#));
        assert!(!format!("{door:?}").contains("hush"));
    }

    #[tokio::test]
    async fn nobody_there_is_said_at_once_with_tls_and_without() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        for scheme in ["ws", "wss"] {
            let door = door(&format!("{scheme}://127.0.0.1:{port}/x")).unwrap();
            let error = follow(&door, &Script::new("true", 1), Duration::from_secs(20)).await.unwrap_err();
            assert!(matches!(&error, ExecError::Unreachable { host, .. } if host == "127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn whoever_answers_no_greeting_is_left() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for scheme in ["ws", "wss"] {
            let door = door(&format!("{scheme}://127.0.0.1:{port}/x")).unwrap();
            let error = follow(&door, &Script::new("true", 1), Duration::from_millis(300)).await.unwrap_err();
            assert!(matches!(error, ExecError::TooLong(_)), "{error}");
        }
    }
}
