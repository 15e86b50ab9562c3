//! Where a session's data channel is, and opening it.

use std::net::IpAddr;

use futures::SinkExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use url::{Host, Url};

use crate::aws::clients::Clients;

use super::error::ExecError;
use super::handshake::VERSION;
use super::message;
use super::signature::Signer;

/// The largest message: the agent's have a kilobyte.
const FRAME: usize = 64 << 10;

/// An open channel.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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

    /// From an answer of AWS, with this caller's signature.
    ///
    /// # Errors
    ///
    /// [`ExecError::Address`], or there are no credentials.
    pub fn of(aws: &Clients, address: Option<&str>, token: Option<String>) -> Result<Self, ExecError> {
        let signer = aws.signer().ok_or_else(|| ExecError::Unsigned { why: "there are no credentials".to_owned() })?;
        Self::new(address.unwrap_or_default(), SecretString::from(token.unwrap_or_default()), signer)
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

    /// Opens the channel. The connection does not use proxies.
    ///
    /// # Errors
    ///
    /// It cannot be reached, or may not be opened.
    pub async fn connect(&self) -> Result<Socket, ExecError> {
        let limits = WebSocketConfig::default().max_message_size(Some(FRAME)).max_frame_size(Some(FRAME));
        let unreachable = |error: tungstenite::Error| match error {
            tungstenite::Error::Http(answer) if answer.status() == StatusCode::FORBIDDEN => {
                ExecError::Forbidden { host: self.host() }
            }
            error => ExecError::Unreachable { host: self.host(), why: error.to_string() },
        };
        let opened = connect_async_with_config(self.upgrade().await?, Some(limits), true).await;
        let (mut socket, _) = opened.map_err(unreachable)?;
        socket.send(Frame::text(opening(self))).await.map_err(unreachable)?;
        Ok(socket)
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

#[cfg(test)]
pub(super) mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;

    pub fn endpoint(address: &str) -> Result<Endpoint, ExecError> {
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
}
