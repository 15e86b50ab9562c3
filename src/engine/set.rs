//! Lists whose order means nothing to AWS: subnets, security groups.
//!
//! They cannot be sorted in advance: a wanted one holds references, and the order of addresses is not that of their
//! ids. So they are `{"$set": [..]}` in JSON, and [`super::compare`] compares members only.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::reference::Ref;

/// A list without order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set<T>(Vec<T>);

impl<T: Ord> Set<T> {
    pub fn new(members: impl IntoIterator<Item = T>) -> Self {
        let mut members: Vec<T> = members.into_iter().collect();
        members.sort();
        members.dedup();
        Self(members)
    }
}

impl<T> Set<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K> Set<Ref<K>> {
    /// The values of references in a resolved specification, see [`Ref::text`].
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|reference| reference.text().to_owned()).collect()
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        Self::new(members)
    }
}

#[derive(Serialize, Deserialize)]
struct Form<T> {
    #[serde(rename = "$set")]
    members: T,
}

impl<T: Serialize> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Form { members: &self.0 }.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Form::<Vec<T>>::deserialize(deserializer)?.members))
    }
}

/// The members of a set in JSON, in an order that depends on nothing but themselves.
pub fn members(value: &Value) -> Option<Vec<&Value>> {
    let mut members: Vec<_> = value.as_object()?.get("$set")?.as_array()?.iter().collect();
    members.sort_by_key(|member| member.to_string());
    Some(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::compare;

    #[test]
    fn order_is_no_difference_and_membership_is() {
        let set = |ids: &[&str]| json!({ "subnets": { "$set": ids } });
        assert!(compare::changes(&set(&["subnet-2", "subnet-1"]), &set(&["subnet-1", "subnet-2"])).is_empty());
        let found = compare::changes(&set(&["subnet-2", "subnet-1"]), &set(&["subnet-1", "subnet-3"]));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].property.as_str(), &found[0].to), ("subnets", &json!(["subnet-1", "subnet-3"])));
    }

    #[test]
    fn survives_json() {
        let set = Set::new(["b".to_owned(), "a".to_owned()]);
        let json = serde_json::to_value(&set).unwrap();
        assert_eq!(json, json!({ "$set": ["a", "b"] }));
        assert_eq!(serde_json::from_value::<Set<String>>(json).unwrap(), set);
    }
}
