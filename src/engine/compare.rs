//! Comparing wanted and live specifications, and their fingerprints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::set;

/// One property that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The property, dotted inside: `policy.Statement`, `tags.team`.
    pub property: String,
    /// The live value; null when there is none.
    pub from: Value,
    /// The wanted value; null when there should be none. May hold references not known yet.
    pub to: Value,
}

impl Change {
    /// The top-level property this belongs to.
    pub fn top(&self) -> &str {
        self.property.split('.').next().unwrap_or_default()
    }
}

/// The differences between two specifications of one kind. A wanted null means "left to AWS" and is not compared.
pub fn changes(live: &Value, wanted: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    descend("", live, wanted, &mut found);
    found
}

fn descend(path: &str, live: &Value, wanted: &Value, found: &mut Vec<Change>) {
    if wanted.is_null() || live == wanted {
        return;
    }
    if let (Some(left), Some(right)) = (set::members(live), set::members(wanted)) {
        if left != right {
            let list = |members: Vec<&Value>| members.into_iter().cloned().collect();
            found.push(Change { property: path.to_owned(), from: list(left), to: list(right) });
        }
        return;
    }
    match (live, wanted) {
        (Value::Object(left), Value::Object(right)) if !wanted_is_reference(right) => {
            let dotted = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            for (key, to) in right {
                descend(&dotted(key), left.get(key).unwrap_or(&Value::Null), to, found);
            }
            for (key, from) in left {
                if !right.contains_key(key) && !from.is_null() {
                    found.push(Change { property: dotted(key), from: from.clone(), to: Value::Null });
                }
            }
        }
        _ => found.push(Change { property: path.to_owned(), from: live.clone(), to: wanted.clone() }),
    }
}

fn wanted_is_reference(map: &serde_json::Map<String, Value>) -> bool {
    map.contains_key("$ref") || map.contains_key("$join")
}

/// JSON with the keys of every object in order.
#[derive(Serialize)]
#[serde(untagged)]
enum Canonical<'a> {
    Object(BTreeMap<&'a str, Canonical<'a>>),
    Array(Vec<Canonical<'a>>),
    Other(&'a Value),
}

impl<'a> From<&'a Value> for Canonical<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Object(map) => Self::Object(map.iter().map(|(key, inner)| (key.as_str(), inner.into())).collect()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            other => Self::Other(other),
        }
    }
}

/// A fingerprint: the first 16 hexadecimal digits of the SHA-256 of the canonical JSON. Fits a tag.
///
/// Callers never pass a secret value: a specification only names where secrets are.
pub fn digest(value: &Value) -> String {
    fingerprint(&Canonical::from(value))
}

/// The fingerprint of a specification together with its tags.
pub fn digest_with_tags(spec: &Value, tags: &BTreeMap<String, String>) -> String {
    #[derive(Serialize)]
    struct Both<'a> {
        spec: Canonical<'a>,
        tags: &'a BTreeMap<String, String>,
    }
    fingerprint(&Both { spec: spec.into(), tags })
}

fn fingerprint(canonical: &impl Serialize) -> String {
    // Texts, numbers, lists and maps by text are always JSON.
    let json = serde_json::to_vec(canonical).unwrap_or_default();
    hex(&Sha256::digest(json)[..8])
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_the_innermost_difference() {
        let live = json!({ "cidr": "10.0.0.0/16", "dns": { "support": true, "hostnames": false } });
        let wanted = json!({ "cidr": "10.0.0.0/16", "dns": { "support": true, "hostnames": true } });
        let found = changes(&live, &wanted);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].property.as_str(), found[0].top()), ("dns.hostnames", "dns"));
    }

    #[test]
    fn a_wanted_null_is_left_to_aws_and_a_live_extra_is_not() {
        assert!(changes(&json!({ "key": "aws/default" }), &json!({ "key": null })).is_empty());
        let found = changes(&json!({ "a": 1, "b": 2, "c": null }), &json!({ "a": 1 }));
        assert_eq!(found, [Change { property: "b".into(), from: json!(2), to: Value::Null }]);
    }

    #[test]
    fn a_reference_not_known_yet_is_a_change() {
        let wanted = json!({ "vpc": { "$ref": "vpc/main", "output": "id", "need": "exists" } });
        assert_eq!(changes(&json!({ "vpc": "vpc-1" }), &wanted).len(), 1);
    }

    #[test]
    fn digests_do_not_depend_on_key_order() {
        assert_eq!(digest(&json!({ "a": 1, "b": [1, 2] })), digest(&json!({ "b": [1, 2], "a": 1 })));
        assert_ne!(digest(&json!({ "b": [1, 2] })), digest(&json!({ "b": [2, 1] })));
    }

    /// They stand in tags: what an older build has written must be the same.
    #[test]
    fn digests_stay_what_they_are() {
        let (spec, tags) =
            (json!({ "b": [1, { "d": null, "c": "ä" }], "a": true }), [("t".to_owned(), "v".to_owned())]);
        assert_eq!(digest(&json!({ "spec": spec, "tags": { "t": "v" } })), digest_with_tags(&spec, &tags.into()));
        assert_eq!(digest(&spec), "984a84d42eabe78e");
        assert_eq!(hex(&[0, 9, 160, 255]), "0009a0ff");
    }
}
