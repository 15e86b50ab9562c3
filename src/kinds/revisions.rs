//! What is known of revisions of task definitions. They never change, so each is asked for once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The containers of a revision, by name: whether the health of the task depends on it.
pub type Revision = BTreeMap<String, bool>;

/// Revisions by ARN.
#[derive(Clone, Debug, Default)]
pub struct Revisions(Arc<Mutex<BTreeMap<String, Arc<Revision>>>>);

impl Revisions {
    pub fn get(&self, arn: &str) -> Option<Arc<Revision>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }

    pub fn put(&self, arn: &str, revision: Revision) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(arn.to_owned(), Arc::new(revision));
    }
}
