//! Sessions in the containers of a user's cluster that encrypts them with a KMS key.

use serde_json::{Value, json};

use crate::kinds::names::{SESSION_TARGET, session_targets};

use super::policies::allow;
use super::stack::Stack;

/// What the task role needs for them: the agent in the container lets KMS decrypt their data keys with it (ECS
/// developer guide, "Using ECS Exec"). None where they are not encrypted.
pub fn decrypt(stack: &Stack<'_>) -> Option<Value> {
    let cluster = stack.facts.existing.cluster.as_ref()?.found()?;
    let key = stack.names().key_arn(cluster.session_key.as_ref()?);
    let mut decrypt = allow("DecryptSessions", &["kms:Decrypt"], json!(key));
    decrypt["Condition"] = json!({ "StringLike": { SESSION_TARGET: session_targets(&cluster.name) } });
    Some(decrypt)
}
