//! Security groups.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::order::Order;
use super::rule::{self, Rule};
use super::vpc::Vpc;

/// A security group with its rules. Outputs: `id`, `arn`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub vpc: Ref<Vpc>,
    pub name: String,
    pub description: String,
    /// In the order of [`SecurityGroup::normal`].
    pub ingress: Vec<Rule>,
    /// AWS gives a new group one rule that allows everything; it is here if it is wanted.
    pub egress: Vec<Rule>,
}

impl SecurityGroup {
    /// The form in which wanted and live compare.
    pub fn normal(self) -> Self {
        let order = Order::default();
        Self { ingress: rule::normal(self.ingress, &order), egress: rule::normal(self.egress, &order), ..self }
    }
}

impl Spec for SecurityGroup {
    const KIND: Kind = Kind {
        immutable: &["vpc", "name", "description"],
        gone_after: &["service", "load-balancer", "mount-target"],
        security: true,
        ..Kind::new("security-group", Part::Network)
    };
}
