//! A property of no special form.

use serde_json::Value;

use crate::ui::text::{brief, clean, value};

/// Its lines: what is added to a list and removed from it, or both values. `all` shows long values whole.
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
