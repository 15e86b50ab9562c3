//! Listeners of the load balancer.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::load_balancer::LoadBalancer;
use super::target_group::TargetGroup;

/// A listener. Outputs: `id` and `arn` (the ARN).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    pub load_balancer: Ref<LoadBalancer>,
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// ARN of the certificate; HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Security policy; HTTPS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_policy: Option<String>,
    pub action: Action,
}

/// What a listener does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Forward {
        target_group: Ref<TargetGroup>,
    },
    /// Permanently (301), host, path and query kept.
    Redirect {
        protocol: String,
        port: u16,
    },
    /// Anything that this program does not make, as AWS calls it: `fixed-response`.
    Other(String),
}

impl Spec for Listener {
    const KIND: Kind = Kind {
        parents: &["load-balancer"],
        immutable: &["load_balancer"],
        replaceable: true,
        ..Kind::new("listener", Part::Ingress)
    };
}
