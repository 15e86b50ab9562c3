//! Security groups.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::rule::Rule;
use super::vpc::Vpc;

/// A security group with its rules. Outputs: `id`, `arn`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub vpc: Ref<Vpc>,
    pub name: String,
    pub description: String,
    /// See [`super::rule::set`].
    pub ingress: Set<Rule>,
    /// AWS gives a new group one rule that allows everything; it is here if it is wanted.
    pub egress: Set<Rule>,
}

impl Spec for SecurityGroup {
    const KIND: Kind = Kind {
        immutable: &["vpc", "name", "description"],
        gone_after: &["service", "load-balancer", "mount-target"],
        security: true,
        ..Kind::new("security-group", Part::Network)
    };
}
