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
    #[error("the request that opens the data channel could not be signed: {why}")]
    Unsigned { why: String },
    /// The permission is missing, or something in between has changed what was signed.
    #[error("the data channel at {host} was not opened (HTTP 403): the caller needs ssmmessages:OpenDataChannel")]
    Forbidden { host: String },
    #[error("ExecuteCommand returned no usable address")]
    Address,
    #[error("the cluster requires sessions to be encrypted with a KMS key, which is not supported")]
    Encrypted,
    #[error("the agent in the container asks for something unsupported: {0}")]
    Handshake(String),
    #[error("the command has not ended after {} s", .0.as_secs())]
    TooLong(Duration),
    /// With the first line of the output, which often has the reason.
    #[error("the session ended before the command did{}", after(.0))]
    CutOff(String),
    #[error("the data channel delivered an unreadable message: {0}")]
    Unreadable(Unreadable),
    #[error("the command printed more than 1 MiB")]
    TooMuch,
    /// Only the first line of the output is shown: the rest may hold secrets.
    #[error("the command ended with exit code {}{}", .0.code, after(&text::first_line(&.0.output)))]
    Failed(Ended),
}

fn after(output: &str) -> String {
    if output.is_empty() { String::new() } else { format!(": {output}") }
}

/// Where a session's data channel is, the secret that opens it, once, and whose signature opens it.
#[derive(Debug)]
pub struct Endpoint {
    pub address: Url,
    pub token: SecretString,
    pub signer: Signer,
}

impl Endpoint {
    /// With a usable address: over TLS, or on this machine (the emulator).
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

    /// The upgrade to a WebSocket, signed now.
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

/// Follows the script to its end, for at most `patience`.
///
/// The connection does not use proxies. Ending early only closes our connection: Systems Manager ends a session without
/// a listener.
///
/// # Errors
///
/// All but a refusal of ExecuteCommand.
pub async fn follow(endpoint: &Endpoint, script: &Script, patience: Duration) -> Result<Ended, ExecError> {
    let mut unreadable = None;
    let ended = timeout(patience, conversation(endpoint, script, &mut unreadable)).await;
    match (ended.unwrap_or(Err(ExecError::TooLong(patience))), unreadable) {
        (Err(ExecError::TooLong(_) | ExecError::CutOff(_)), Some(unreadable)) => Err(ExecError::Unreadable(unreadable)),
        (other, _) => other,
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn conversation(
    endpoint: &Endpoint,
    script: &Script,
    unreadable: &mut Option<Unreadable>,
) -> Result<Ended, ExecError> {
    let limits = WebSocketConfig::default().max_message_size(Some(FRAME)).max_frame_size(Some(FRAME));
    let unreachable = |error: tungstenite::Error| match error {
        tungstenite::Error::Http(answer) if answer.status() == StatusCode::FORBIDDEN => {
            ExecError::Forbidden { host: endpoint.host() }
        }
        error => ExecError::Unreachable { host: endpoint.host(), why: error.to_string() },
    };
    let opened = connect_async_with_config(endpoint.upgrade().await?, Some(limits), true).await;
    let (mut socket, _) = opened.map_err(unreachable)?;
    socket.send(Frame::text(opening(endpoint))).await.map_err(unreachable)?;
    let outcome = listen(&mut socket, script, unreadable).await;
    // The outcome is known: a failure to close changes nothing.
    let _ = timeout(SILENCE, socket.close(None)).await;
    outcome
}

async fn listen(socket: &mut Socket, script: &Script, unreadable: &mut Option<Unreadable>) -> Result<Ended, ExecError> {
    let mut channel = Channel::new(stamp);
    let mut output = Vec::new();
    let cut_off = |output: &[u8], why: &str| {
        let output = text::first_line(&text::plain(output));
        ExecError::CutOff(if output.is_empty() { text::first_line(why) } else { output })
    };
    loop {
        let frame = match timeout(SILENCE, socket.next()).await {
            Ok(Some(Ok(Frame::Binary(frame)))) => frame,
            Ok(Some(Ok(Frame::Close(_)) | Err(_)) | None) => return Err(cut_off(&output, "")),
            Ok(Some(Ok(_))) => continue,
            Err(_) => {
                for frame in channel.unacknowledged() {
                    socket.send(Frame::binary(frame.clone())).await.map_err(|_| cut_off(&output, ""))?;
                }
                continue;
            }
        };
        let steps = match channel.receive(&frame) {
            Ok(steps) => steps,
            Err(error) => {
                *unreadable = Some(error);
                continue;
            }
        };
        for step in steps {
            match step {
                Step::Send(frame) => socket.send(Frame::binary(frame)).await.map_err(|_| cut_off(&output, ""))?,
                Step::Unmet(Demand::Encryption) => return Err(ExecError::Encrypted),
                Step::Unmet(Demand::Other(what)) => return Err(ExecError::Handshake(text::first_line(&what))),
                Step::Closed(why) => return Err(cut_off(&output, &why)),
                Step::Output(bytes) => {
                    output.extend_from_slice(&bytes);
                    if script.may_have_ended(&output, bytes.len())
                        && let Some(ended) = script.ended(&output)
                    {
                        return Ok(ended);
                    }
                    if output.len() > OUTPUT {
                        return Err(ExecError::TooMuch);
                    }
                }
            }
        }
    }
}

/// The first message on the channel. Source: `OpenDataChannelInput` of `aws/session-manager-plugin`.
fn opening(endpoint: &Endpoint) -> String {
    let opening = json!({
        "MessageSchemaVersion": "1.0",
        "RequestId": message::uuid(rand::random()),
        "TokenValue": endpoint.token.expose_secret(),
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

    fn endpoint(address: &str) -> Result<Endpoint, ExecError> {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let credentials = SharedCredentialsProvider::new(credentials);
        Endpoint::new(address, SecretString::from("hush"), Signer { credentials, region: "us-east-1".to_owned() })
    }

    #[test]
    fn without_tls_only_on_this_machine() {
        for allowed in
            ["wss://ssmmessages.us-east-1.amazonaws.com/v1/x", "ws://127.0.0.1:1/x", "ws://[::1]:1/", "ws://localhost"]
        {
            assert!(endpoint(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "ws://ssmmessages.us-east-1.amazonaws.com/",
            "ws://10.0.0.1/",
            "ws://127.0.0.1.example.com/",
            "http://localhost/",
            "x",
        ] {
            assert!(matches!(endpoint(refused), Err(ExecError::Address)), "{refused}");
        }
    }

    #[test]
    fn the_token_is_in_the_opening_and_nowhere_else() {
        let endpoint = endpoint("wss://example.com/").unwrap();
        assert!(opening(&endpoint).contains(r#""TokenValue":"hush""#));
        assert!(opening(&endpoint).contains(r#""ClientVersion":"1.2.764.0""#));
        assert!(!format!("{endpoint:?}").contains("hush"));
    }

    #[tokio::test]
    async fn a_refused_connection_is_reported_at_once_with_tls_and_without() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        for scheme in ["ws", "wss"] {
            let endpoint = endpoint(&format!("{scheme}://127.0.0.1:{port}/x")).unwrap();
            let error = follow(&endpoint, &Script::new("true", 1), Duration::from_secs(20)).await.unwrap_err();
            assert!(matches!(&error, ExecError::Unreachable { host, .. } if host == "127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for scheme in ["ws", "wss"] {
            let endpoint = endpoint(&format!("{scheme}://127.0.0.1:{port}/x")).unwrap();
            let error = follow(&endpoint, &Script::new("true", 1), Duration::from_millis(300)).await.unwrap_err();
            assert!(matches!(error, ExecError::TooLong(_)), "{error}");
        }
    }
}
