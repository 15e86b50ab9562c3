//! Container images: which digest a tag stands for, asked of the registry.
//!
//! [`pins()`] says, without asking anybody, whose digest must be looked up and what becomes of a container whose registry
//! gives none; [`resolve()`] asks. A registry that cannot be reached never changes what is deployed.

mod ecr;
mod grants;
mod open;
mod pins;
mod resolve;

pub use grants::grants;
pub use pins::{Deployed, Pins, Unanswered, live, pins};
pub use resolve::{Resolved, Trouble, resolve};
