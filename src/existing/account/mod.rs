//! What of the account decides whether something can be made at all: its quotas, what counts against them, and who has
//! the names. Only what a plan would create is asked about; what may not be read is an answer too.

mod counts;
pub mod grants;
pub mod limits;
pub mod names;
pub mod quota;
pub mod strays;
pub mod support;
mod vcpus;
