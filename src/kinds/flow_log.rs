//! Flow logs.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::vpc::Vpc;

/// A log of a VPC's traffic, in CloudWatch Logs. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FlowLog {
    pub vpc: Ref<Vpc>,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: String,
    /// The log group, by name.
    pub log_group: Ref,
    /// The role with which the log is written, by ARN.
    pub role: Ref,
    /// Seconds that are put together in one record: 60 or 600.
    pub aggregation: i32,
}

impl Spec for FlowLog {
    const KIND: Kind = Kind {
        immutable: &["vpc", "traffic", "log_group", "role", "aggregation"],
        replaceable: true,
        ..Kind::new("flow-log", Part::Network)
    };
}
