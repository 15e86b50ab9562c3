//! NAT gateways.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;

use super::elastic_ip::ElasticIp;
use super::subnet::Subnet;

/// A public NAT gateway. The VPC's internet gateway must be attached before. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// A public subnet.
    pub subnet: Ref<Subnet>,
    /// The address that the internet sees, by its allocation.
    pub address: Ref<ElasticIp>,
}

impl Spec for NatGateway {
    const KIND: Kind = Kind {
        immutable: &["subnet", "address"],
        replaceable: true,
        // Seen in public provider logs: 84 to 125 s until available (16 gateways), 37 to 79 s until deleted (9).
        seconds: Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 900.0 },
        ..Kind::new("nat-gateway", Part::Network)
    };
}
