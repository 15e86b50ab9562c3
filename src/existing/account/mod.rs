//! What in the account decides whether a plan can be applied: quotas, what counts against them, and names in use. Only
//! what the plan would create is read; that something may not be read is an answer too.

mod counts;
pub mod grants;
mod limited;
pub mod names;
pub mod quota;
pub mod strays;
pub mod support;
