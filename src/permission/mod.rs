//! IAM policies with the minimum permissions for a command. Pure.
//!
//! Each kind, and each room that calls AWS, lists its permissions beside its calls ([`crate::aws::grant`]); here they
//! are selected by command, merged into statements, and split into documents of a size that AWS accepts.

mod documents;
mod purpose;

pub use documents::{LARGEST, MOST, Policy, TooMany, policies};
pub use purpose::Purpose;

#[cfg(test)]
mod tests;
