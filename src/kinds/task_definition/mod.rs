//! The task definition, its containers and its volumes.

pub mod container;
mod kind;
mod properties;
mod revision;
mod volume;

pub use properties::TaskDefinition;
pub use revision::{active, in_force, note, number, read};
pub use volume::{BindMount, EfsVolume, TaskVolume};
