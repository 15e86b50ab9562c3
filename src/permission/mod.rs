//! From what calls need to the policies that allow it, and nothing else. Pure.
//!
//! What each kind, and each room that calls AWS, needs is said beside its calls ([`crate::aws::grant`]); here it is chosen
//! by command, put together into statements, and cut into documents that AWS stores.

mod documents;
mod purpose;

pub use documents::{LARGEST, MOST, Policy, TooMany, policies};
pub use purpose::Purpose;

#[cfg(test)]
mod tests;
