//! References between resources, and how they become values.
//!
//! A specification says `vpc: vpc.id()` long before there is a VPC. That is a [`Ref`]: either a known value, or an
//! output of another resource together with what must be true of it first. The edges of the graph are these references
//! and the few explicit orderings of [`crate::engine::graph`].

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use imbl::OrdMap;
use serde::de::{self, Deserializer};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::address::Address;

/// What must be true of a resource before the one that refers to it may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// AWS has accepted its creation: it has an id.
    Exists,
    /// It does what it is for: a NAT gateway forwards, a mount target mounts.
    Ready,
}

/// What other resources may refer to, by name: `id`, `arn`, `dns`, ...
pub type Outputs = BTreeMap<String, String>;

/// The outputs of every resource known so far. A copy shares what is in it, so that every call can have one.
pub type Known = OrdMap<Address, Outputs>;

/// A text that is known, or an output of another resource of kind `K`.
///
/// In JSON a known value is a plain string; an output is `{"$ref": "vpc/main", "output": "id", "need": "exists"}`.
/// `K` is for the compiler: a subnet cannot be passed where a VPC is expected.
pub struct Ref<K = ()> {
    source: Source,
    kind: PhantomData<fn() -> K>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Value(String),
    Output { address: Address, output: String, need: Need },
}

impl<K> Ref<K> {
    fn from_source(source: Source) -> Self {
        Self { source, kind: PhantomData }
    }

    /// A plain value: of an existing resource, or read from AWS.
    pub fn value(value: impl Into<String>) -> Self {
        Self::from_source(Source::Value(value.into()))
    }

    /// `output` of the resource at `address`, once `need` holds.
    pub fn output(address: Address, output: &str, need: Need) -> Self {
        Self::from_source(Source::Output { address, output: output.to_owned(), need })
    }

    /// The value in a resolved specification. An unresolved reference gives the empty string, which no AWS call
    /// accepts; the executor resolves every specification before it is used.
    pub fn text(&self) -> &str {
        match &self.source {
            Source::Value(value) => value,
            Source::Output { .. } => "",
        }
    }

    /// The same reference where any kind will do.
    pub fn any(&self) -> Ref {
        Ref::from_source(self.source.clone())
    }
}

impl<K> Clone for Ref<K> {
    fn clone(&self) -> Self {
        Self::from_source(self.source.clone())
    }
}

impl<K> fmt::Debug for Ref<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl<K> PartialEq for Ref<K> {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<K> Eq for Ref<K> {}

impl<K> PartialOrd for Ref<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Ref<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.source.cmp(&other.source)
    }
}

impl<K> From<&str> for Ref<K> {
    fn from(value: &str) -> Self {
        Self::value(value)
    }
}

impl<K> From<String> for Ref<K> {
    fn from(value: String) -> Self {
        Self::value(value)
    }
}

impl<K> Serialize for Ref<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.source {
            Source::Value(value) => serializer.serialize_str(value),
            Source::Output { address, output, need } => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("$ref", address)?;
                map.serialize_entry("output", output)?;
                map.serialize_entry("need", need)?;
                map.end()
            }
        }
    }
}

impl<'de, K> Deserialize<'de> for Ref<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let source = match value {
            Value::String(text) => Some(Source::Value(text)),
            other => parse(&other),
        };
        source.map(Self::from_source).ok_or_else(|| de::Error::custom("expected a string or a reference"))
    }
}

fn parse(value: &Value) -> Option<Source> {
    let map = value.as_object()?;
    Some(Source::Output {
        address: map.get("$ref")?.as_str()?.parse().ok()?,
        output: map.get("output")?.as_str()?.to_owned(),
        need: serde_json::from_value(map.get("need")?.clone()).ok()?,
    })
}

/// The resource that a value refers to, if it is a reference and nothing else.
pub fn target(value: &Value) -> Option<Address> {
    match parse(value) {
        Some(Source::Output { address, .. }) => Some(address),
        _ => None,
    }
}

/// Every reference inside a specification, in order of appearance, also inside a longer text (see [`join`]).
pub fn references(value: &Value) -> Vec<(Address, Need)> {
    let mut found = Vec::new();
    walk(value, &mut found);
    found
}

fn walk(value: &Value, found: &mut Vec<(Address, Need)>) {
    match value {
        Value::Object(map) => match parse(value) {
            Some(Source::Output { address, need, .. }) => found.push((address, need)),
            _ => map.values().for_each(|inner| walk(inner, found)),
        },
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        _ => {}
    }
}

/// The specification with every reference replaced by its output. One that is unknown or empty stays a reference, so
/// that a plan can show it as "known after apply".
pub fn resolve(value: &Value, known: &Known) -> Value {
    match value {
        Value::Object(map) => match parse(value) {
            Some(Source::Output { address, output, .. }) => match known.get(&address).and_then(|o| o.get(&output)) {
                Some(text) if !text.is_empty() => Value::String(text.clone()),
                _ => value.clone(),
            },
            _ => joined(map, known).unwrap_or_else(|| {
                Value::Object(map.iter().map(|(key, inner)| (key.clone(), resolve(inner, known))).collect())
            }),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| resolve(item, known)).collect()),
        other => other.clone(),
    }
}

/// True when the specification has no reference to another resource.
pub fn is_resolved(value: &Value) -> bool {
    references(value).is_empty()
}

/// A text with references inside, as `{"$join": [piece, piece, ...]}`; [`resolve`] turns it into one string when every
/// piece is known. Policies need it: `arn:...:file-system/` + id.
pub fn join(pieces: Vec<Ref>) -> Value {
    serde_json::json!({ "$join": pieces })
}

fn joined(map: &serde_json::Map<String, Value>, known: &Known) -> Option<Value> {
    let pieces = map.get("$join")?.as_array()?;
    let texts: Vec<Value> = pieces.iter().map(|piece| resolve(piece, known)).collect();
    match texts.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>() {
        Some(texts) => Some(Value::String(texts.concat())),
        None => Some(serde_json::json!({ "$join": texts })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vpc_id() -> Ref {
        Ref::output(Address::new("vpc", "main"), "id", Need::Exists)
    }

    #[test]
    fn a_reference_survives_json() {
        let value = serde_json::to_value(vpc_id()).unwrap();
        assert_eq!(serde_json::from_value::<Ref<()>>(value).unwrap(), vpc_id());
        assert_eq!(serde_json::from_value::<Ref<()>>(json!("vpc-1")).unwrap(), Ref::value("vpc-1"));
    }

    #[test]
    fn resolves_inside_lists_and_joined_texts() {
        let known = Known::from_iter([(Address::new("vpc", "main"), Outputs::from([("id".into(), "vpc-1".into())]))]);
        let spec = json!({ "vpcs": [vpc_id()], "text": join(vec!["a/".into(), vpc_id()]), "n": 3 });
        assert_eq!(references(&spec).len(), 2);
        assert_eq!(resolve(&spec, &known), json!({ "vpcs": ["vpc-1"], "text": "a/vpc-1", "n": 3 }));
        assert!(!is_resolved(&resolve(&spec, &Known::new())));
    }
}
