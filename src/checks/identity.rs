//! IAM roles and policies of the user's.

use crate::borrowed::Named;
use crate::borrowed::identity::{Policy, Role};
use crate::engine::plan::Finding;

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What the containers do.
    Task,
    /// What ECS does before the containers run.
    Execution,
}

/// A role that ECS is to run tasks with.
pub fn role(named: &Named<Role>, which: Which) -> Vec<Finding> {
    let _ = (named, which);
    Vec::new()
}

/// A policy that is to be attached, or to be a permissions boundary.
pub fn policy(named: &Named<Policy>) -> Vec<Finding> {
    let _ = named;
    Vec::new()
}
