//! The control bucket: who is changing a deployment now, and what was done to it before.
//!
//! * [`lease`] decides, as a pure state machine, what a run that wants the lease or holds it does next;
//! * [`keeper`] does it: takes the lease, renews it in the background, releases it;
//! * [`process`] identifies this process, and tells whether a holder on this machine is dead;
//! * [`bucket`] is the bucket and its settings, [`objects`] reading and writing in it, [`date`] S3's own clock;
//! * [`history`] is one record a run. Nothing depends on it: it may be deleted.

pub mod bucket;
pub mod clock;
mod date;
pub mod error;
mod grants;
pub mod history;
pub mod keeper;
pub mod lease;
pub mod objects;
pub mod process;

#[cfg(test)]
mod tests;
