//! Policies as people read and copy them.

use serde_json::Value;

/// One document under the name that is suggested for it.
pub fn document(name: &str, size: usize, document: &Value) -> String {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    format!("# {name} ({size} characters)\n{text}\n\n")
}
