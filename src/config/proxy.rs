//! The `[proxy]` table: the way to the internet through a proxy.

use std::{net::Ipv4Addr, str::FromStr};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arn::SecretArn,
    bound::{Bound, Home},
    cidr::Cidr,
    problem::SECRET_IN_FILE,
    reader::Section,
    text::{Invalid, quoted, text_value},
    traffic::refuse_twins,
};

/// A proxy between Cloud Exchange and the internet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// Proxy for http addresses, without user and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<ProxyUrl>,
    /// Proxy for https addresses, without user and password; usually the same as `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https: Option<ProxyUrl>,
    /// Hosts that are reached without the proxy, in addition to the task itself and to AWS.
    pub no_proxy: Vec<NoProxyHost>,
    /// A JSON secret of your own, in the plan's region, with the keys `http_proxy` and `https_proxy`: for proxies that
    /// ask for user and password. Instead of `http` and `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretArn>,
}

impl Proxy {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let http = section.optional("http");
        let https = section.optional("https");
        let no_proxy = section.list::<NoProxyHost>("no_proxy");
        let secret = section.optional::<SecretArn>("secret");
        if let Some(secret) = &secret {
            section.bind(Bound::new(secret, Home::Arn("secret", secret.value.region().to_owned())));
        }
        if section.has("secret") {
            section.refuse_futile(&["http", "https"], "the proxies are those that `secret` names");
        } else if !section.has("http") && !section.has("https") {
            section.refuse_futile(&["no_proxy"], "there is no proxy, neither `http` or `https` nor `secret`");
        }
        let no_proxy = no_proxy.map(|list| list.value).unwrap_or_default();
        refuse_twins(section, &no_proxy, Clone::clone, "this host");
        Self {
            http: http.map(|url| url.value),
            https: https.map(|url| url.value),
            no_proxy: no_proxy.into_iter().map(|host| host.value).collect(),
            secret: secret.map(|secret| secret.value),
        }
    }
}

/// `http://host:port` or `https://host:port`, and nothing else: no user, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl(String);

impl ProxyUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProxyUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // First of all, and without a word of the text: whatever is before the sign may be a password.
        if text.contains('@') {
            return Err(Invalid::new(
                SECRET_IN_FILE,
                "a proxy's user and password do not belong in the plan file",
                "put both addresses into a secret of AWS Secrets Manager, as JSON with the keys `http_proxy` and \
                 `https_proxy`, and name its ARN as `secret` in [proxy]",
            ));
        }
        let invalid = |why: &str| {
            let hint = "write scheme, host and port, such as \"http://proxy.example.com:3128\"";
            Err(Invalid::new("plan-file/bad-proxy", format!("{} {why}", quoted(text)), hint))
        };
        let authority = match text.split_once("://") {
            Some(("http" | "https", authority)) => authority,
            Some(_) => return invalid("is no proxy that Cloud Exchange can use: it speaks http or https to it"),
            None => return invalid("has no scheme"),
        };
        if authority.contains(['/', '?', '#']) {
            return invalid("has a path: a proxy has none");
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if !is_host(host) {
            return invalid("has no host");
        }
        if port.is_some_and(|port| {
            !port.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(port.parse(), Ok(1..=u16::MAX))
        }) {
            return invalid("has a port that is none");
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(ProxyUrl, expected: "an address such as \"http://proxy.example.com:3128\"", schema: {
    "pattern": r"^https?://[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?$",
});

/// A host name or an IPv4 address.
fn is_host(text: &str) -> bool {
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if numeric { text.parse::<Ipv4Addr>().is_ok() } else { text.len() <= 253 && text.split('.').all(is_label) }
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let hyphen = text.starts_with('-') || text.ends_with('-');
    (1..=63).contains(&text.len()) && !hyphen && text.bytes().all(allowed)
}

/// What is reached without the proxy: a host name, all names that end in a `.suffix`, an IPv4 address or network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoProxyHost(String);

impl NoProxyHost {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NoProxyHost {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.contains('/') && !text.contains("://") {
            return text.parse::<Cidr>().map(|_| Self(text.to_owned()));
        }
        if is_host(text.strip_prefix('.').unwrap_or(text)) {
            return Ok(Self(text.to_owned()));
        }
        let hint = if let Some(suffix) = text.strip_prefix('*').filter(|suffix| suffix.starts_with('.')) {
            format!("for all names that end so, write \"{suffix}\"")
        } else if text.contains(',') {
            "give each host an element of its own: [\"one.example.com\", \"two.example.com\"]".to_owned()
        } else {
            "write a host name, a suffix such as \".example.com\", or an IPv4 address or network, without scheme and port"
                .to_owned()
        };
        Err(Invalid::new("plan-file/bad-no-proxy", format!("{} is no host", quoted(text)), hint))
    }
}

text_value!(NoProxyHost, expected: "a host such as \"wiki.example.com\" or \".example.com\"", schema: {
    "pattern": r"^(\.?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9.]+/[0-9]{1,2})$",
});
