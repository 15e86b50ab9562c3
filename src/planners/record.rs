//! The record, in a resource's tags, of the specification last applied to it.
//!
//! The tag `ce-aws:digest` holds the digest of that specification, followed by four hexadecimal digits for the key of
//! each tag in the plan file: `0123456789abcdef+a1b2+c3d4`. So a tag that is deleted from the plan file is removed from
//! the resource, and a tag that somebody else has added is left alone.

use std::collections::BTreeMap;

use crate::engine::compare;
use crate::engine::graph::Node;
use crate::kinds::names;

/// The tags a resource should have, except the run that creates it.
pub fn tags(node: &Node, deployment: &str) -> BTreeMap<String, String> {
    let mut tags = node.tags.clone();
    tags.insert(names::DEPLOYMENT.to_owned(), deployment.to_owned());
    tags.insert(names::ADDRESS.to_owned(), node.address.to_string());
    let keys = node.tags.keys().map(|key| format!("+{}", mark(key)));
    tags.insert(names::DIGEST.to_owned(), format!("{}{}", node.digest(), keys.collect::<String>()));
    tags
}

/// The digest in a resource's tags.
pub fn digest(tags: &BTreeMap<String, String>) -> Option<&str> {
    tags.get(names::DIGEST).map(|text| text.split('+').next().unwrap_or_default())
}

/// True when a tag of this key was in the plan file when the record was written.
pub fn asked_for(tags: &BTreeMap<String, String>, key: &str) -> bool {
    let recorded = tags.get(names::DIGEST).map(|text| text.split('+').skip(1));
    recorded.is_some_and(|mut marks| marks.any(|known| known == mark(key)))
}

/// The tags of the plan file among those of a resource. Temporary resources carry them too, because an organization may
/// require them on everything.
pub fn of_plan_file(tags: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_own = |key: &str| key == "Name" || key.starts_with(names::PREFIX);
    let wanted = tags.iter().filter(|(key, _)| asked_for(tags, key) && !is_own(key));
    wanted.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn mark(key: &str) -> String {
    compare::digest(&serde_json::Value::from(key))[..4].to_owned()
}
