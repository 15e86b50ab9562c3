//! The containers of a task definition: a line for each image, variable, secret and mount that differs.

use serde_json::{Map, Value};

use crate::ui::text::{clean, value, word};

use super::plain::plain;

/// Digits of an image's digest that people compare.
const DIGEST: usize = "sha256:".len() + 12;

/// The lines; `None` if the property is not about containers. A new container is one line unless `all` is asked for.
pub fn lines(property: &str, from: &Value, to: &Value, all: bool) -> Option<Vec<String>> {
    let mut path = property.splitn(4, '.');
    if path.next() != Some("containers") {
        return None;
    }
    Some(match (path.next(), path.next(), path.next()) {
        (None, ..) => each(from, to).flat_map(|(name, from, to)| container(name, from, to, all)).collect(),
        (Some(name), None, _) if from.is_null() || to.is_null() => container(name, from, to, all),
        (Some(name), None, _) => plain(name, from, to, all),
        (Some(name), Some(field), None) => self::field(name, field, from, to, all),
        (Some(name), Some(field), Some(key)) => vec![entry(name, field, key, from, to, all)],
    })
}

/// What either of two objects holds, by key.
fn each<'a>(from: &'a Value, to: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let get = |map: &'a Value, key: &str| map.get(key).unwrap_or(&Value::Null);
    let keys = |map: &'a Value| map.as_object().into_iter().flat_map(Map::keys);
    let new = keys(to).filter(move |key| from.get(key.as_str()).is_none());
    keys(from).chain(new).map(move |key| (key.as_str(), get(from, key), get(to, key)))
}

fn container(name: &str, from: &Value, to: &Value, all: bool) -> Vec<String> {
    let (sign, whole) = if from.is_null() { ('+', to) } else { ('-', from) };
    let head = format!("{sign} container {}, image {}", clean(name), value(&whole["image"]));
    let fields = each(from, to).filter(|(field, ..)| all && sign == '+' && *field != "image");
    std::iter::once(head).chain(fields.flat_map(|(field, from, to)| self::field(name, field, from, to, all))).collect()
}

fn field(name: &str, field: &str, from: &Value, to: &Value, all: bool) -> Vec<String> {
    if what(field).is_some() {
        return each(from, to).map(|(key, from, to)| entry(name, field, key, from, to, all)).collect();
    }
    let short = |digest: &Value| match digest.as_str() {
        Some(text) if !all => Value::from(text.chars().take(DIGEST).collect::<String>()),
        _ => digest.clone(),
    };
    match (field, is_nothing(from) && is_nothing(to)) {
        (_, true) => Vec::new(),
        ("image", _) => vec![format!("{} image {} → {}", clean(name), value(from), value(to))],
        ("digest", _) => vec![format!("{} digest {} → {}", clean(name), value(&short(from)), value(&short(to)))],
        _ => plain(&format!("{name} {field}"), from, to, all),
    }
}

/// What the image decides: an empty command, no limit.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// What one entry of a field that holds entries by name is called.
fn what(field: &str) -> Option<&'static str> {
    match field {
        "environment" => Some("env"),
        "secrets" => Some("secret env"),
        "mounts" => Some("mount"),
        "depends_on" => Some("depends on"),
        _ => None,
    }
}

fn entry(name: &str, field: &str, key: &str, from: &Value, to: &Value, all: bool) -> String {
    let Some(what) = what(field) else { return plain(&format!("{name} {field}.{key}"), from, to, all).join("; ") };
    let shown = |value: &Value| match (field, value) {
        ("secrets", Value::Object(map)) if map.contains_key("secret") => {
            let part = map.get("key").and_then(Value::as_str).filter(|key| !key.is_empty());
            format!(
                "{}{}",
                self::value(&map["secret"]),
                part.map(|key| format!(" key {}", clean(key))).unwrap_or_default()
            )
        }
        ("mounts", Value::Object(map)) if map.contains_key("volume") => {
            let read_only = map.get("read_only") == Some(&Value::Bool(true));
            format!("{}{}", self::value(&map["volume"]), if read_only { ", read-only" } else { "" })
        }
        _ => self::value(value),
    };
    let (name, key, equals) = (clean(name), word(key), if field == "environment" { "=" } else { ": " });
    match (from, to) {
        (Value::Null, to) => format!("{name} + {what} {key}{equals}{}", shown(to)),
        (from, Value::Null) => format!("{name} - {what} {key}{equals}{}", shown(from)),
        (from, to) => format!("{name} ~ {what} {key}: {} → {}", shown(from), shown(to)),
    }
}
