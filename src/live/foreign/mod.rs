//! Resources outside the deployment that would block a teardown, or be deleted with it: in its network, its cluster,
//! its file systems, its vault.
//!
//! AWS refuses to delete what is in use (`DependencyViolation`, `ResourceInUse`) and does not say by whom, so that a
//! teardown would fail part way. One round of reads finds out before anything is changed.

mod interfaces;
mod network;
mod ours;
mod surroundings;
mod users;

pub use interfaces::{Fate, holding};
pub use ours::Ours;
pub use surroundings::{companions, surroundings};
