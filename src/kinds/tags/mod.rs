//! Tags: the only state there is.

mod calls;
mod form;

pub use calls::{Tagging, by_arn, of_backup, of_balancing, of_bucket, set};
pub use form::{address, address_of, read, write};
