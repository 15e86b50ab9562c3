//! What others have put into the deployment's network, and beside what it runs: whatever would stop a teardown, or end with it.
//!
//! AWS refuses to delete what others use (`DependencyViolation`, `ResourceInUse`) and does not say who they are, so that a
//! teardown would find out half way. One round of reads tells before anything is changed.

mod interfaces;
mod look;
mod network;
mod ours;
mod users;

pub use interfaces::{Fate, holding};
pub use look::{COMPANIONS, companions, surroundings};
pub use ours::Ours;
