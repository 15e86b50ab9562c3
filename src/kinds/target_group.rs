//! The load balancer's target group.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::vpc::Vpc;

/// A target group. Outputs: `id` and `arn` (the ARN), `name`, `full_name` (`targetgroup/<name>/<id>`).
///
/// Its name must be `cx.names.part(<name of its address>)`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetGroup {
    pub name: String,
    pub vpc: Ref<Vpc>,
    pub port: u16,
    /// `HTTP`.
    pub protocol: String,
    /// `HTTP1`.
    pub protocol_version: String,
    /// `ip`: tasks of Fargate are registered by address.
    pub target_type: String,
    pub health: Health,
    /// Seconds between the end of new requests to a target and the end of it.
    pub deregistration_delay: u32,
    /// Whether a client stays with its target.
    pub stickiness: bool,
    /// Seconds during which a new target gets a growing share; 0 is off.
    pub slow_start: u32,
    /// `round_robin`.
    pub algorithm: String,
}

/// The load balancer's own health check. Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub protocol: String,
    /// A number, or `traffic-port`.
    pub port: String,
    pub path: String,
    pub interval: u32,
    pub timeout: u32,
    /// Successes in a row.
    pub healthy: u32,
    /// Failures in a row.
    pub unhealthy: u32,
    /// Status codes that count as success: `200`, `200-299`.
    pub matcher: String,
}

impl TargetGroup {
    /// As the vendor's template has it (CE 5.0.0): HTTP to addresses, `GET /` every 30 s, 200 within 10 s, healthy
    /// after 2, unhealthy after 3, deregistration within 30 s.
    pub fn http(name: &str, vpc: Ref<Vpc>, port: u16) -> Self {
        Self {
            name: name.to_owned(),
            vpc,
            port,
            protocol: "HTTP".to_owned(),
            protocol_version: "HTTP1".to_owned(),
            target_type: "ip".to_owned(),
            health: Health {
                protocol: "HTTP".to_owned(),
                port: "traffic-port".to_owned(),
                path: "/".to_owned(),
                interval: 30,
                timeout: 10,
                healthy: 2,
                unhealthy: 3,
                matcher: "200".to_owned(),
            },
            deregistration_delay: 30,
            stickiness: false,
            slow_start: 0,
            algorithm: "round_robin".to_owned(),
        }
    }
}

impl Spec for TargetGroup {
    const KIND: Kind = Kind {
        immutable: &["name", "vpc", "port", "protocol", "protocol_version", "target_type"],
        gone_after: &["listener", "service"],
        ..Kind::new("target-group", Part::Ingress)
    };
}
