//! The differences of one resource, property by property.

use serde_json::Value;

use crate::engine::compare::Change;

use super::text::{brief, clean, value};

/// One line for each difference, without indentation. `all` shows long values whole.
pub fn lines(change: &Change, all: bool) -> Vec<String> {
    let show = if all { value } else { brief };
    let property = clean(&change.property);
    match (&change.from, &change.to) {
        (Value::Array(from), Value::Array(to)) if differ_as_sets(from, to) => {
            let gone = from.iter().filter(|item| !to.contains(item)).map(|item| ("remove", item));
            let new = to.iter().filter(|item| !from.contains(item)).map(|item| ("add", item));
            gone.chain(new).map(|(what, item)| format!("{property}: {what} {}", show(item))).collect()
        }
        (from, Value::Null) => vec![format!("{property}: {} → (removed)", show(from))],
        (from, to) => vec![format!("{property}: {} → {}", show(from), show(to))],
    }
}

/// False when they differ in order or repetition only, which two lists of additions and removals would not show.
fn differ_as_sets(from: &[Value], to: &[Value]) -> bool {
    from.iter().any(|item| !to.contains(item)) || to.iter().any(|item| !from.contains(item))
}
