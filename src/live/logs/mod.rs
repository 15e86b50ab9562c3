//! The lines that a deployment's containers have logged.

pub mod cursor;
pub mod poll;
pub mod selection;
