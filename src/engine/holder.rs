//! What others have put where it holds a resource of the deployment.

use serde::{Deserialize, Serialize};

use super::address::Address;

/// Something of others without whose end AWS does not delete a resource of ours, or that would end with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Holder {
    /// What it is: `network interface`.
    pub what: String,
    /// As AWS calls it: `eni-0a1b`.
    pub id: String,
    /// Whose it is and what it is for, as far as AWS says; may be empty.
    pub whose: String,
    /// The resources of ours that it holds, the nearest first.
    pub holds: Vec<Address>,
    /// What takes it away: `delete the peering connection`.
    pub remedy: String,
}

impl Holder {
    /// In words, as part of a sentence.
    pub fn words(&self) -> String {
        let Self { what, id, whose, .. } = self;
        if whose.is_empty() { format!("{what} {id}") } else { format!("{what} {id} ({whose})") }
    }
}

/// Everything of others around a deployment, as far as it may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Sorted.
    pub holders: Vec<Holder>,
    /// What could not be read: the sort of thing, and what AWS said.
    pub unread: Vec<(String, String)>,
}
