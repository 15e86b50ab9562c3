//! Tags: the only state there is.

mod address;
pub mod backup;
pub mod elb;
mod form;
pub mod s3;
mod set;

pub use address::{address, address_of};
pub use form::{pairs, read, write};
pub use set::{Tagging, set};
