//! Internet gateways.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::vpc::Vpc;

/// An internet gateway, attached to its VPC once it exists. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC it is attached to; empty for a live one that is attached to none.
    pub vpc: Ref<Vpc>,
}

impl Spec for InternetGateway {
    /// Public addresses in use keep a gateway from being detached.
    const KIND: Kind = Kind {
        gone_after: &["nat-gateway", "elastic-ip", "service", "load-balancer"],
        ..Kind::new("internet-gateway", Part::Network)
    };
}
