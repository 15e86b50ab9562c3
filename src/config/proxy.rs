//! The `[proxy]` table: internet access through a proxy.

use std::net::Ipv4Addr;

use super::{
    aws_name::SecretArn,
    cidr::Cidr,
    problem::SECRET_IN_FILE,
    section::table,
    text::{Invalid, quoted},
    traffic::refuse_twins,
    value::string,
};

table! {
    /// A proxy between Cloud Exchange and the internet.
    pub struct Proxy / ProxyKeys {
        /// Proxy for http addresses, without user and password.
        pub http: Option<ProxyUrl> = None,
        /// Proxy for https addresses, without user and password; usually the same as `http`.
        pub https: Option<ProxyUrl> = None,
        /// Hosts that are reached without the proxy, in addition to the task itself and to AWS.
        pub no_proxy: Vec<NoProxyHost> = Vec::new(),
        /// A JSON secret of your own, in the plan's region, with the keys `http_proxy` and `https_proxy`: for proxies
        /// that ask for user and password. Instead of `http` and `https`.
        pub secret: Option<SecretArn> = None,
    }
}

impl Proxy {
    pub(super) fn read(keys: &ProxyKeys<'_>) -> Self {
        if keys.secret.is_there() {
            for proxy in [&keys.http, &keys.https] {
                proxy.refuse_futile("the proxies are those that `secret` names");
            }
        } else if keys.http.is_missing() && keys.https.is_missing() {
            keys.no_proxy.refuse_futile("there is no proxy: neither `http` nor `https` nor `secret` is set");
        }
        refuse_twins(&keys.no_proxy, Clone::clone, "this host");
        keys.values()
    }
}

string! {
    /// `http://host:port` or `https://host:port`, and nothing else: no user, no path.
    ProxyUrl,
    expected: "an address such as \"http://proxy.example.com:3128\"",
    pattern: r"^https?://[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[1-9][0-9]{0,4})?$",
    check: check_url
}

fn check_url(text: &str) -> Result<(), Invalid> {
    // First of all, and without a word of the text: whatever is before the sign may be a password.
    if text.contains('@') {
        return Err(Invalid::new(
            SECRET_IN_FILE,
            "the proxy's user and password do not belong in the plan file",
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
        Some(_) => return invalid("is not a proxy that Cloud Exchange can use: it speaks http or https to it"),
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
        return invalid("has an invalid port");
    }
    Ok(())
}

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

string! {
    /// What is reached without the proxy: a host name, all names that end in a `.suffix`, an IPv4 address or network.
    NoProxyHost,
    expected: "a host such as \"wiki.example.com\" or \".example.com\"",
    pattern: r"^(\.?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9.]+/[0-9]{1,2})$",
    check: check_host
}

fn check_host(text: &str) -> Result<(), Invalid> {
    if text.contains('/') && !text.contains("://") {
        return text.parse::<Cidr>().map(|_| ());
    }
    if is_host(text.strip_prefix('.').unwrap_or(text)) {
        return Ok(());
    }
    let hint = if let Some(suffix) = text.strip_prefix('*').filter(|suffix| suffix.starts_with('.')) {
        format!("for all names that end so, write \"{suffix}\"")
    } else if text.contains(',') {
        "give each host an element of its own: [\"one.example.com\", \"two.example.com\"]".to_owned()
    } else {
        "write a host name, a suffix such as \".example.com\", or an IPv4 address or network, without scheme and port"
            .to_owned()
    };
    Err(Invalid::new("plan-file/bad-no-proxy", format!("{} is not a host", quoted(text)), hint))
}
