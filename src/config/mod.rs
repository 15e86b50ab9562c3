//! The plan file: what one deployment of Cloud Exchange shall be.
//!
//! [`load`] turns the text of a TOML file into a [`PlanFile`], whose types cannot hold an invalid value, or into
//! [`Problems`] that point at each wrong line and say what would be right. No AWS, no terminal; besides the text it
//! reads only the files that [ca] and [ui_certificate] name, and the time, by which certificates expire. Secrets are
//! never in a plan file.
//!
//! Each table of the file is one `table!`: its fields are the keys, with their types, defaults and the descriptions of
//! the JSON Schema ([`schema`]); each value of which there are a few is one `choice!`. The readers, the did-you-mean
//! and the schema come from these. The `read` of a table has the rules that concern several keys.

mod access;
mod alarms;
mod aws_name;
mod ca;
mod choice;
mod cidr;
mod client_vpn;
mod collision;
mod conceal;
mod cover;
mod dns;
pub mod edit;
mod existing;
mod file;
mod findings;
mod images;
mod key_pair;
mod keys;
mod limits;
mod load;
mod load_balancer;
mod name;
mod network;
mod pem;
mod plan_file;
mod ports;
mod problem;
mod proxy;
mod reach;
mod region;
mod route;
mod schema;
mod section;
mod syntax;
mod tag;
mod task;
mod text;
mod traffic;
mod ui_certificate;
mod unknown;
mod value;

#[cfg(test)]
mod tests;

pub use crate::partition::Partition;

pub use access::Access;
pub use alarms::{Alarms, EmailAddress, HttpsEndpoint};
pub use aws_name::{
    CertificateArn, ClusterName, KmsKey, LoadBalancerArn, PolicyArn, RoleArn, SecretArn, SubnetId, TargetGroupArn,
    TopicArn, VpcId,
};
pub use ca::CaCertificate;
pub use choice::{Nat, RetentionDays, SslPolicy, Throughput, TlsVersion};
pub use cidr::{Cidr, NetworkCidr, overlap};
pub use client_vpn::{ClientCidr, ClientVpn, SessionHours, VpnPort, VpnSubnets, VpnTransport};
pub use collision::{Collision, collisions};
pub use cover::{beside, cover};
pub use dns::{Dns, DnsName, ZoneName, ZoneRef};
pub use existing::Existing;
pub use images::{Images, RegistryPrefix, image_options};
pub use key_pair::{KeyPair, PrivateKey};
pub use limits::{Limits, MOST_GROUPS, MOST_RULES};
pub use load::{Examined, examine, load};
pub use load_balancer::{Front, IdleTimeout, LoadBalancer, LogDays};
pub use name::{Name, NetworkName};
pub use network::Network;
pub use pem::Pem;
pub use plan_file::PlanFile;
pub use ports::PortRange;
pub use problem::{Problem, Problems, Severity};
pub use proxy::{NoProxyHost, Proxy, ProxyUrl};
pub use reach::Reach;
pub use region::{Region, Zone};
pub use route::{Destination, NetworkRoute, RouteTarget};
pub use schema::{SCHEMA_FILE, SCHEMA_LINE, schema};
pub use tag::{MAX_USER_TAGS, OUR_TAGS, TagKey, TagValue, Tags};
pub use task::{Identity, Logs, Secrets, Service, Storage};
pub use text::Invalid;
pub use traffic::{GroupIngress, GroupTarget, NetworkIngress, Protocol, RuleDescription, Traffic};
pub use ui_certificate::UiCertificate;
