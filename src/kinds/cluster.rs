//! The ECS cluster.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};

/// A cluster. Outputs: `id` and `arn` (the ARN), `name`.
///
/// Its name must be `cx.names.stack()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cluster {
    pub name: String,
    pub container_insights: bool,
}

impl Spec for Cluster {
    const KIND: Kind = Kind { immutable: &["name"], gone_after: &["service"], ..Kind::new("cluster", Part::Service) };
}
