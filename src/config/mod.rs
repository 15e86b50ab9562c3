//! The plan file: what one deployment of Cloud Exchange shall be.
//!
//! [`load`] turns the text of a TOML file into a [`PlanFile`], whose types cannot hold an invalid
//! value, or into [`Problems`] that point at each wrong line and say what would be right. No AWS, no
//! terminal; of the rest of the world only the file that [ca] names, and the time, which tells whether its certificates
//! have expired. Secrets are never in a plan file.
//!
//! Each table of the file is one struct: its fields are the keys, its `Default` the defaults, its
//! doc comments the descriptions in the JSON Schema ([`schema`]), and its `read` the rules. A key
//! that is read is known; nothing else says which keys there are.

mod access;
mod arn;
mod bound;
mod ca;
mod choice;
mod cidr;
mod collision;
mod conceal;
mod cover;
pub mod edit;
mod existing;
mod found;
mod id;
mod image_option;
mod images;
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
mod reader;
mod region;
mod render;
mod schema;
mod sections;
mod syntax;
mod tag;
mod text;
mod traffic;
mod unknown;

#[cfg(test)]
mod tests;

pub use crate::partition::Partition;

pub use access::Access;
pub use arn::{CertificateArn, LoadBalancerArn, PolicyArn, RoleArn, SecretArn, TargetGroupArn};
pub use ca::CaCertificate;
pub use choice::{Nat, RetentionDays, SslPolicy, Throughput, TlsVersion};
pub use cidr::{Cidr, NetworkCidr};
pub use collision::{Collision, collisions};
pub use cover::{beside, cover};
pub use existing::Existing;
pub use id::{ClusterName, KmsKey, SubnetId, VpcId};
pub use image_option::image_options;
pub use images::{Images, RegistryPrefix};
pub use load::{Examined, examine, load};
pub use load_balancer::{IdleTimeout, LoadBalancer, LogDays};
pub use name::{Name, NetworkName};
pub use network::Network;
pub use pem::Pem;
pub use plan_file::PlanFile;
pub use ports::PortRange;
pub use problem::{Problem, Problems, Severity};
pub use proxy::{NoProxyHost, Proxy, ProxyUrl};
pub use reach::{Limits, MOST_GROUPS, MOST_RULES, Reach};
pub use region::{Region, Zone};
pub use schema::{SCHEMA_FILE, SCHEMA_LINE, schema};
pub use sections::{Identity, Logs, Secrets, Service, Storage};
pub use tag::{MAX_USER_TAGS, OUR_TAGS, TagKey, TagValue, Tags};
pub use text::Invalid;
pub use traffic::{GroupIngress, GroupTarget, NetworkIngress, RuleDescription, Traffic};
