//! Service-linked roles: one an account and service, shared with everything else in the account.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};

/// The role that an AWS service works with. Outputs: `id` (the name), `name`, `arn`.
///
/// Address by service: `service-linked-role/ecs`, `service-linked-role/elasticloadbalancing`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceLinkedRole {
    /// `ecs.amazonaws.com` or `elasticloadbalancing.amazonaws.com`.
    pub service: String,
}

impl Spec for ServiceLinkedRole {
    const KIND: Kind =
        Kind { lifecycle: Lifecycle::Shared, tagged: false, ..Kind::new("service-linked-role", Part::Identity) };
}
