//! Container images: the digests of their tags, as registries return them.
//!
//! [`pins()`] decides whose digest is looked up, and what happens if a registry returns none; [`resolve()`] asks the
//! registries. A registry that cannot be reached never changes what is deployed.

mod answer;
mod ecr;
mod open;
mod pins;
mod resolve;

pub use answer::{Resolved, Trouble};
pub use ecr::grants;
pub use pins::{Deployed, Pins, Unanswered, live, pins};
pub use resolve::resolve;
