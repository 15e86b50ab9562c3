//! The control bucket: the lease of the run that is changing a deployment, and the history of runs.
//!
//! * [`lease`] decides, as a pure state machine, what a run that wants or holds the lease does next;
//! * [`keeper`] does it: takes the lease, renews it in the background, releases it;
//! * [`process`] identifies this process, and tells whether a holder on this machine is dead;
//! * [`bucket`] creates the bucket, [`objects`] reads and writes in it, [`date`] is S3's own clock;
//! * [`history`] is one record per run. Nothing depends on it: it may be deleted.

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
