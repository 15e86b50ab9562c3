//! The one order of lists that AWS keeps without order.
//!
//! A wanted list holds references, sorted before anybody knows the ids; a live list holds ids. Both are put in the
//! order of addresses, so that they are equal when they name the same resources.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::reference::Ref;

use super::resource::Cx;

/// Which id belongs to which address. The empty one is right for wanted specifications.
#[derive(Clone, Debug, Default)]
pub struct Order(BTreeMap<String, String>);

impl Order {
    /// The known resources of a kind.
    pub fn of(cx: &Cx, kind: &str) -> Self {
        let pairs =
            cx.of_kind(kind).filter_map(|(address, outputs)| Some((outputs.get("id")?.clone(), address.clone())));
        pairs.collect()
    }

    /// What to sort a reference by: the address, or the id of what is not ours.
    pub fn key<K>(&self, reference: &Ref<K>) -> String {
        let text = match serde_json::to_value(reference) {
            Ok(Value::Object(map)) => map.get("$ref").and_then(Value::as_str).map(str::to_owned),
            _ => self.0.get(reference.text()).cloned(),
        };
        text.unwrap_or_else(|| reference.text().to_owned())
    }
}

impl FromIterator<(String, Address)> for Order {
    fn from_iter<I: IntoIterator<Item = (String, Address)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(id, address)| (id, address.to_string())).collect())
    }
}
