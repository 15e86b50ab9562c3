//! Keys and secrets of the user's.

use crate::borrowed::Named;
use crate::borrowed::storage::{Key, Secret};
use crate::engine::plan::Finding;

/// The key of the new file system.
pub fn key(named: &Named<Key>) -> Vec<Finding> {
    let _ = named;
    Vec::new()
}

/// A secret that the task, or ce-aws, is to read.
pub fn secret(named: &Named<Secret>) -> Vec<Finding> {
    let _ = named;
    Vec::new()
}
