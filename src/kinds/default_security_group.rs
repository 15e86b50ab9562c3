//! The security group that every VPC has.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::rule::Rule;
use super::vpc::Vpc;

/// The rules of a VPC's default security group: of what is started without naming a group. Hardened, it has none.
/// Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultSecurityGroup {
    pub vpc: Ref<Vpc>,
    pub ingress: Set<Rule>,
    pub egress: Set<Rule>,
}

impl DefaultSecurityGroup {
    /// Without any rule.
    pub fn hardened(vpc: Ref<Vpc>) -> Self {
        Self { vpc, ingress: Set::new([]), egress: Set::new([]) }
    }
}

impl Spec for DefaultSecurityGroup {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Intrinsic,
        parents: &["vpc"],
        immutable: &["vpc"],
        security: true,
        ..Kind::new("default-security-group", Part::Network)
    };
}
