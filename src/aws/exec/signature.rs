//! The signature that opens a data channel: Signature Version 4 of the WebSocket's upgrade.
//!
//! Source: `aws/session-manager-plugin` (`src/communicator/websocketchannel.go`), which signs since 1.2.764.0: a GET of
//! the whole URL for the service `ssmmessages`, before the WebSocket's own headers are added, and nothing where the URL
//! is signed already.

use std::time::SystemTime;

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use url::Url;

const SERVICE: &str = "ssmmessages";

/// Signs with these credentials, for this region.
#[derive(Clone, Debug)]
pub struct Signer {
    pub credentials: SharedCredentialsProvider,
    pub region: String,
}

impl Signer {
    /// The headers that sign a GET of this address now; every connection needs its own. None for an address that has a
    /// signature.
    ///
    /// # Errors
    ///
    /// There are no credentials, or the address cannot be signed; the text is for people.
    pub async fn headers(&self, address: &Url, host: &str) -> Result<Vec<(String, String)>, String> {
        if is_signed(address) {
            return Ok(Vec::new());
        }
        let credentials = self.credentials.provide_credentials().await.map_err(|error| error.to_string())?;
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?;
        let headers = std::iter::once(("host", host));
        let body = SignableBody::Bytes(&[]);
        let request =
            SignableRequest::new("GET", address.as_str(), headers, body).map_err(|error| error.to_string())?;
        let (signed, _) = sign(request, &params.into()).map_err(|error| error.to_string())?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Whether the address itself carries the signature.
fn is_signed(address: &Url) -> bool {
    address.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("X-Amz-Signature"))
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;

    use super::*;

    const ADDRESS: &str =
        "wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/ecs-execute-command-0a1b?role=publish_subscribe";
    const HOST: &str = "ssmmessages.eu-west-1.amazonaws.com";

    fn signer(token: Option<&str>) -> Signer {
        let credentials = Credentials::new("AKIDEXAMPLE", "hush", token.map(str::to_owned), None, "test");
        Signer { credentials: SharedCredentialsProvider::new(credentials), region: "eu-west-1".to_owned() }
    }

    async fn headers(signer: &Signer, address: &str) -> Vec<(String, String)> {
        signer.headers(&Url::parse(address).unwrap(), HOST).await.unwrap()
    }

    #[tokio::test]
    async fn host_and_date_are_signed_for_the_message_service() {
        let headers = headers(&signer(None), ADDRESS).await;
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["x-amz-date", "authorization"]);
        let form = &headers[1].1;
        assert!(form.contains("/eu-west-1/ssmmessages/aws4_request"), "{form}");
        assert!(form.contains("SignedHeaders=host;x-amz-date,"), "{form}");
        assert!(!form.contains("hush"), "{form}");
    }

    #[tokio::test]
    async fn a_session_token_is_sent_and_signed() {
        let headers = headers(&signer(Some("of-the-session")), ADDRESS).await;
        assert!(headers.contains(&("x-amz-security-token".to_owned(), "of-the-session".to_owned())));
        let form = &headers.iter().find(|(name, _)| name == "authorization").unwrap().1;
        assert!(form.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"), "{form}");
    }

    #[tokio::test]
    async fn a_signed_address_gets_no_headers() {
        let signed = format!("{ADDRESS}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=abc");
        assert_eq!(headers(&signer(None), &signed).await, []);
    }
}
