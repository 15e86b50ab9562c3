//! What differs from one partition of AWS to another, and what does not, in one place.

mod facts;
pub mod principals;

pub use facts::Partition;
