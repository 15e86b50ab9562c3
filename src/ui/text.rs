//! Values and times as people read them, safe to print.

use serde_json::Value;

use crate::engine::address::Address;

/// The text with everything that a terminal would act on, or that would not be visible, spelled out.
///
/// Whatever was read from AWS, from tags or from a file goes through here before it is printed.
pub fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// How much of a value is shown, in characters, unless everything is asked for.
const LONGEST: usize = 160;

/// A value cut to a bearable length.
pub fn brief(value: &Value) -> String {
    let text = self::value(value);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… (-v shows all)", &text[..end]),
        None => text,
    }
}

/// A value on one line: `10.0.0.0/16`, `[a, b]`, `{port: 80}`, `(vpc/main id, known after apply)`.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => word(text),
        Value::Array(items) => format!("[{}]", items.iter().map(self::value).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => special(map).unwrap_or_else(|| {
            let entries = map.iter().filter(|(_, inner)| !inner.is_null());
            let entries: Vec<_> =
                entries.map(|(key, inner)| format!("{}: {}", word(key), self::value(inner))).collect();
            format!("{{{}}}", entries.join(", "))
        }),
    }
}

/// What specifications write as objects and mean otherwise: references, texts with references inside, sets.
fn special(map: &serde_json::Map<String, Value>) -> Option<String> {
    if let Some((address, output)) = reference(map) {
        return Some(format!("({address} {}, known after apply)", clean(output)));
    }
    if let Some(pieces) = map.get("$join").and_then(Value::as_array) {
        return Some(pieces.iter().map(value).collect());
    }
    map.get("$set").map(value)
}

fn reference(map: &serde_json::Map<String, Value>) -> Option<(Address, &str)> {
    Some((map.get("$ref")?.as_str()?.parse().ok()?, map.get("output")?.as_str()?))
}

/// A text as it is where that cannot be misread, else in quotes.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=*$ ".contains(c);
    if !text.is_empty() && text.trim() == text && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.escape_debug())
    }
}

/// A duration in its two largest units: `8s`, `4m 12s`, `1h 5m`, `2d 3h`.
pub fn duration(seconds: f64) -> String {
    // `as` saturates: an absurd number is no reason to fail.
    let whole = seconds.max(0.0).round() as u64;
    let parts = [(whole / 86400, 'd'), (whole / 3600 % 24, 'h'), (whole / 60 % 60, 'm'), (whole % 60, 's')];
    let first = parts.iter().position(|(number, _)| *number > 0).unwrap_or(parts.len() - 1);
    let shown = parts[first..].iter().take(2).enumerate().filter(|(place, (number, _))| *place == 0 || *number > 0);
    shown.map(|(_, (number, unit))| format!("{number}{unit}")).collect::<Vec<_>>().join(" ")
}

/// `2026-11-29 14:02`, in UTC, of a [`timestamp`](crate::engine::clock::timestamp).
pub fn minute(timestamp: &str) -> String {
    timestamp.get(..16).map_or_else(|| timestamp.to_owned(), |start| start.replace('T', " "))
}

/// `account 111122223333, region us-east-1`.
pub fn place(account: &str, region: &str) -> String {
    format!("account {}, region {}", clean(account), clean(region))
}

/// `1 step`, `2 steps`.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_act_on() {
        let hostile = "a\u{1b}[2Jb\r\n\u{9b}31m\u{202e}\u{200b}\u{7f}é\"";
        let shown = clean(hostile);
        assert_eq!(shown, "a\\u{1b}[2Jb\\r\\n\\u{9b}31m\\u{202e}\\u{200b}\\u{7f}é\"");
        let nested = value(&json!({ "k\u{1b}": [hostile] }));
        assert!(!nested.chars().any(char::is_control), "{nested}");
    }

    #[test]
    fn values_are_short_and_unambiguous() {
        assert_eq!(value(&json!({ "port": 80, "from": "10.0.0.0/16", "to": null })), "{port: 80, from: 10.0.0.0/16}");
        assert_eq!(value(&json!(["a, b", "", "c"])), "[\"a, b\", \"\", c]");
        let id = json!({ "$ref": "vpc/main", "output": "id", "need": "exists" });
        assert_eq!(value(&id), "(vpc/main id, known after apply)");
        assert_eq!(value(&json!({ "$join": ["arn:aws:x/", id] })), "arn:aws:x/(vpc/main id, known after apply)");
        assert_eq!(value(&json!({ "$set": ["b", "a"] })), "[b, a]");
        assert!(brief(&json!("x".repeat(500))).ends_with("x… (-v shows all)"));
    }

    #[test]
    fn durations() {
        let shown: Vec<_> = [-1.0, 8.4, 60.0, 252.0, 3600.0, 3900.0, 183_600.0].into_iter().map(duration).collect();
        assert_eq!(shown, ["0s", "8s", "1m", "4m 12s", "1h", "1h 5m", "2d 3h"]);
    }
}
