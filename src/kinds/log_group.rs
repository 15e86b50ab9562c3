//! CloudWatch log groups.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};

/// A log group. Outputs: `id` (the name), `name`, `arn` (without the trailing `:*`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroup {
    pub name: String,
    /// Days until an entry is deleted, one of the numbers that CloudWatch Logs accepts. Live `None`: never.
    pub retention_days: Option<i32>,
}

impl Spec for LogGroup {
    const KIND: Kind = Kind {
        immutable: &["name"],
        // Whoever still writes would lose its last words.
        gone_after: &["service", "flow-log"],
        ..Kind::new("log-group", Part::Logs)
    };
}
