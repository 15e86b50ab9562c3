//! Pictures of what a deployment is made of: the resources by part of the stack, and what waits for what.

pub mod dot;
mod layers;
pub mod mermaid;
pub mod picture;
pub mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
