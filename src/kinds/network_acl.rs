//! The network ACL that every VPC has.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;

use super::acl_entry::{self, Entry};
use super::vpc::Vpc;

/// The entries of a VPC's default network ACL, which all subnets without another one use. The final refusal (32767)
/// is AWS's and not listed. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultNetworkAcl {
    pub vpc: Ref<Vpc>,
    /// By number.
    pub ingress: Vec<Entry>,
    /// By number.
    pub egress: Vec<Entry>,
}

impl DefaultNetworkAcl {
    /// The form in which wanted and live compare.
    pub fn normal(self) -> Self {
        Self { ingress: acl_entry::normal(self.ingress), egress: acl_entry::normal(self.egress), ..self }
    }
}

impl Spec for DefaultNetworkAcl {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Intrinsic,
        parents: &["vpc"],
        immutable: &["vpc"],
        security: true,
        ..Kind::new("default-network-acl", Part::Network)
    };
}
