//! The variables by which a container learns of a proxy and of its certificate authority.

use std::collections::BTreeSet;

/// URL of the proxy for `http://` addresses.
pub const HTTP_PROXY: &str = "HTTP_PROXY";
/// URL of the proxy for `https://` addresses.
pub const HTTPS_PROXY: &str = "HTTPS_PROXY";
/// What is reached without the proxy, see [`no_proxy`].
pub const NO_PROXY: &str = "NO_PROXY";
/// The variables of a container that uses the proxy. The vendor's template, CE 5.0.0, sets the first two, of the
/// core and of MongoDB.
pub const PROXY: [&str; 3] = [HTTP_PROXY, HTTPS_PROXY, NO_PROXY];

/// The variable that holds the certificates, as PEM.
pub const CA_CERTIFICATE: &str = "CA_CERTIFICATE";

/// The containers of one task reach each other as localhost; the two addresses are those of the task's credentials and
/// of the instance's metadata, which the Amazon ECS developer guide asks for ("HTTP proxy configuration").
const ALWAYS: [&str; 5] = ["localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.169.254"];

/// The value of [`NO_PROXY`]: the task's own addresses, the endpoints of AWS in its region, and what the user adds. No
/// entry is there twice.
///
/// `dns_suffix` is `amazonaws.com`, in China `amazonaws.com.cn`.
pub fn no_proxy<'a>(region: &str, dns_suffix: &str, own: impl IntoIterator<Item = &'a str>) -> String {
    let aws = format!(".{region}.{dns_suffix}");
    let mut seen = BTreeSet::new();
    let all = ALWAYS.into_iter().chain(own).map(str::to_owned).chain([aws]);
    all.filter(|host| seen.insert(host.to_ascii_lowercase())).collect::<Vec<_>>().join(",")
}
