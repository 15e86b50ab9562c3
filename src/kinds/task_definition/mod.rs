//! The task definition, its containers and its volumes.

pub mod container;
mod kind;
mod volume;

pub use kind::{TaskDefinition, active, in_force, number, read};
pub use volume::{BindMount, EfsVolume, TaskVolume};
