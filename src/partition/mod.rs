//! What differs between AWS partitions, and what is the same in all.

mod facts;
pub mod principals;

pub use facts::Partition;
