//! The differences of one resource, in lines without indentation.

use serde_json::Value;

use crate::ui::text::{brief, clean, value};

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

/// One property of no special form.
pub fn plain(property: &str, from: &Value, to: &Value, all: bool) -> Vec<String> {
    let show = if all { value } else { brief };
    let property = clean(property);
    match (from, to) {
        (Value::Array(from), Value::Array(to)) if differ_as_sets(from, to) => {
            let gone = from.iter().filter(|item| !to.contains(item)).map(|item| ('-', item));
            let new = to.iter().filter(|item| !from.contains(item)).map(|item| ('+', item));
            gone.chain(new).map(|(sign, item)| format!("{property}: {sign} {}", show(item))).collect()
        }
        (from, Value::Null) => vec![format!("{property}: {} → (removed)", show(from))],
        (from, to) => vec![format!("{property}: {} → {}", show(from), show(to))],
    }
}

/// False when they differ in order or repetition only, which two lists of additions and removals would not show.
fn differ_as_sets(from: &[Value], to: &[Value]) -> bool {
    from.iter().any(|item| !to.contains(item)) || to.iter().any(|item| !from.contains(item))
}
