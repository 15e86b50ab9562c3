//! Security groups: the deployment's own, and the default one that every VPC has.

mod default;
mod kind;
mod rule;
mod rules;

pub use default::DefaultSecurityGroup;
pub use kind::SecurityGroup;
pub use rule::{ANYWHERE, ANYWHERE_IPV6, Peer, Rule, set};
pub use rules::split;
