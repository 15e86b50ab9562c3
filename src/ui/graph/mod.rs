//! Pictures of what a deployment is made of: the resources by part of the stack, and what waits for what.

mod layers;
mod picture;
mod svg;
mod text;

pub use svg::svg;
pub use text::{dot, mermaid};
