//! The differences of one resource, in lines without indentation.

use serde_json::Value;

use crate::ui::text::{clean, value};

use super::plain::plain;
use super::{containers, policy};

/// One property. `all` shows long values whole.
pub fn lines(property: &str, from: &Value, to: &Value, all: bool) -> Vec<String> {
    let special = policy::lines(property, from, to).or_else(|| containers::lines(property, from, to, all));
    special.unwrap_or_else(|| plain(property, from, to, all))
}

/// One property of what is created.
pub fn values(property: &str, wanted: &Value) -> Vec<String> {
    let special = policy::lines(property, &Value::Null, wanted);
    let special = special.or_else(|| containers::lines(property, &Value::Null, wanted, true));
    special.unwrap_or_else(|| match wanted {
        // Policies by name.
        Value::Object(map) if map.values().any(|inner| inner.get("Statement").is_some()) => {
            map.iter().flat_map(|(name, inner)| values(&format!("{property}.{name}"), inner)).collect()
        }
        _ => vec![format!("{}: {}", clean(property), value(wanted))],
    })
}
