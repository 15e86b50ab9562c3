//! Digests from registries without credentials, over the protocol of all registries (OCI distribution specification).

use std::error::Error;
use std::net::IpAddr;

use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciEnvelope, OciErrorCode};
use oci_client::secrets::RegistryAuth;

use super::answer::{CONNECT, Resolved, Trouble, WHOLE};

/// The digest of one image's tag, requested without credentials.
pub async fn digest(reference: &Reference) -> Resolved {
    let host = reference.resolve_registry();
    let config = ClientConfig {
        protocol: if is_loopback(host) { ClientProtocol::Http } else { ClientProtocol::Https },
        connect_timeout: Some(CONNECT),
        ..ClientConfig::default()
    };
    let client = Client::new(config);
    match tokio::time::timeout(WHOLE, client.fetch_manifest_digest(reference, &RegistryAuth::Anonymous)).await {
        Ok(Ok(digest)) if is_digest(&digest) => Ok(digest),
        Ok(Ok(other)) => Err(Trouble::Unreachable(format!("{host} returned {other:?} as a digest"))),
        Ok(Err(error)) => Err(trouble(host, &error)),
        Err(_) => Err(Trouble::Unreachable(format!("{host} did not answer within {} s", WHOLE.as_secs()))),
    }
}

/// As for Docker, a registry on this machine needs no TLS.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether it is a SHA-256 digest, which is what ECS can pull by.
fn is_digest(text: &str) -> bool {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(hexadecimal))
}

fn trouble(host: &str, error: &OciDistributionError) -> Trouble {
    let (kind, said) = match error {
        OciDistributionError::RegistryError { envelope, .. } => reported(envelope),
        OciDistributionError::ImageManifestNotFoundError(said) => (404, said.clone()),
        OciDistributionError::UnauthorizedError { .. } => (401, "not authorized".to_owned()),
        OciDistributionError::AuthenticationFailure(said) => (401, format!("not authorized: {said}")),
        OciDistributionError::ServerError { code, message, .. } => (*code, format!("{code} {message}")),
        other => (0, innermost(other)),
    };
    let said = format!("{host} answered: {}", said.trim());
    match kind {
        404 => Trouble::NotFound(said),
        401 | 403 => Trouble::Denied(said),
        0 => Trouble::Unreachable(format!("{host}: {}", innermost(error))),
        _ => Trouble::Unreachable(said),
    }
}

/// The registry's error code as the corresponding HTTP status, and its message.
fn reported(envelope: &OciEnvelope) -> (u16, String) {
    let status = envelope.errors.first().map(|error| match error.code {
        OciErrorCode::ManifestUnknown | OciErrorCode::NameUnknown | OciErrorCode::NotFound => 404,
        OciErrorCode::Unauthorized | OciErrorCode::Denied => 403,
        _ => 400,
    });
    let words = envelope.errors.iter().map(|error| match &error.message {
        empty if empty.is_empty() => format!("{:?}", error.code),
        message => message.clone(),
    });
    (status.unwrap_or(400), words.collect::<Vec<_>>().join("; "))
}

/// The innermost error: the outer ones only say that a request failed.
fn innermost(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_on_this_machine_uses_http() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1:5000", "127.0.0.1.example:5000", "index.docker.io"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_a_sha256_digest_is_a_digest() {
        assert!(is_digest(&format!("sha256:{}", "0a".repeat(32))));
        for other in ["", "sha256:", "sha256:00", &format!("sha512:{}", "0".repeat(128)), &"0".repeat(64)] {
            assert!(!is_digest(other), "{other}");
        }
    }

    #[test]
    fn the_error_codes_of_registries_are_told_apart() {
        let of = |text: &str| {
            let envelope = serde_json::from_str(text).unwrap();
            trouble("host", &OciDistributionError::RegistryError { envelope, url: String::new() })
        };
        let unknown = of(r#"{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}"#);
        assert_eq!(unknown, Trouble::NotFound("host answered: manifest unknown".to_owned()));
        let denied = of(r#"{"errors": [{"code": "DENIED"}]}"#);
        assert_eq!(denied, Trouble::Denied("host answered: Denied".to_owned()));
        let busy = of(r#"{"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}"#);
        assert_eq!(busy, Trouble::Unreachable("host answered: slow down".to_owned()));
        let broken = OciDistributionError::ServerError { code: 502, url: String::new(), message: "bad\n".to_owned() };
        assert_eq!(trouble("host", &broken), Trouble::Unreachable("host answered: 502 bad".to_owned()));
    }
}
