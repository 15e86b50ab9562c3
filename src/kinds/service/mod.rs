//! The ECS service that keeps the one task of Cloud Exchange running.
//!
//! `read` asks AWS and gives a `view`, plain data, by which `health` judges. `diagnosis` explains what went wrong, with
//! `hints` on what to check.

mod containers;
pub mod diagnosis;
pub mod health;
mod hints;
pub mod injected;
mod kind;
pub mod probe;
mod properties;
pub mod read;
pub mod view;

pub use kind::found;
pub use properties::{Registration, Service, network};
