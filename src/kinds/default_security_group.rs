//! The security group that every VPC has.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;

use super::order::Order;
use super::rule::{self, Rule};
use super::vpc::Vpc;

/// The rules of a VPC's default security group: of what is started without naming a group. Hardened, it has none.
/// Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultSecurityGroup {
    pub vpc: Ref<Vpc>,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

impl DefaultSecurityGroup {
    /// Without any rule.
    pub fn hardened(vpc: Ref<Vpc>) -> Self {
        Self { vpc, ingress: Vec::new(), egress: Vec::new() }
    }

    /// The form in which wanted and live compare.
    pub fn normal(self) -> Self {
        let order = Order::default();
        Self { ingress: rule::normal(self.ingress, &order), egress: rule::normal(self.egress, &order), ..self }
    }
}

impl Spec for DefaultSecurityGroup {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Intrinsic,
        parent: Some("vpc"),
        immutable: &["vpc"],
        security: true,
        ..Kind::new("default-security-group", Part::Network)
    };
}
