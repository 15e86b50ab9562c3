//! IAM roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::kind::{Kind, Part, Spec};

use super::document;

/// A role under the deployment's own path. Outputs: `id` (the name), `name`, `arn`.
///
/// Policy documents are in normal form ([`document::normal`]); see [`Role::normal`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    /// `/ce-aws/<deployment>/<region>/`.
    pub path: String,
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// Inline policies by name; a document may hold references.
    pub inline: BTreeMap<String, Value>,
    /// ARNs of attached managed policies, sorted.
    pub managed: Vec<String>,
    /// ARN of the permissions boundary; `None` leaves whatever an administrator has set.
    pub boundary: Option<String>,
}

impl Spec for Role {
    const KIND: Kind = Kind { immutable: &["name", "path"], security: true, ..Kind::new("role", Part::Identity) };
}

impl Role {
    /// The same role as reading it from AWS gives it.
    pub fn normal(mut self) -> Self {
        self.trust = document::normal(&self.trust);
        self.inline = self.inline.into_iter().map(|(name, policy)| (name, document::normal(&policy))).collect();
        self.managed.sort();
        self.managed.dedup();
        self
    }
}
