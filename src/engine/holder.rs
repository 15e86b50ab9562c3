//! Resources outside the deployment that keep ours from being deleted.

use serde::{Deserialize, Serialize};

use super::address::Address;

/// Something outside the deployment that AWS wants gone before it deletes a resource of ours, or that would go with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holder {
    /// What it is: `network interface`.
    pub what: String,
    /// As AWS calls it: `eni-0a1b`.
    pub id: String,
    /// Its owner and purpose, as far as AWS says; may be empty.
    pub whose: String,
    /// The resources of ours that it holds, the closest first.
    pub holds: Vec<Address>,
    /// How to remove it: `delete the peering connection`.
    pub remedy: String,
}

impl Holder {
    /// In words, as part of a sentence.
    pub fn words(&self) -> String {
        let Self { what, id, whose, .. } = self;
        if whose.is_empty() { format!("{what} {id}") } else { format!("{what} {id} ({whose})") }
    }
}

/// Everything outside a deployment that holds a resource of it, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Sorted.
    pub holders: Vec<Holder>,
    /// What could not be read, and AWS's answer.
    pub unread: Vec<(String, String)>,
}
