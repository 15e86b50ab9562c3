//! Elastic IP addresses.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};

/// A public IPv4 address. Outputs: `id` (the allocation), `address`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ElasticIp {}

impl Spec for ElasticIp {
    const KIND: Kind = Kind { gone_after: &["nat-gateway"], ..Kind::new("elastic-ip", Part::Network) };
}
