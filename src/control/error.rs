//! Why there is no lease.

use crate::engine::failure::Failure;

use super::lease::Record;

/// Why a lease could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Somebody else is at work.
    #[error("{} is held by {} on {}: `{}`, run {}, since {}", .0.deployment, .0.user, .0.host, .0.command, .0.run, .0.since)]
    Held(Box<Record>),
    /// The bucket's name is that of somebody else's bucket.
    #[error("the bucket {bucket}, which is to hold the lease, belongs to another account: {failure}")]
    BucketTaken { bucket: String, failure: Failure },
    /// The caller may not use, or make, the bucket.
    #[error("the lease needs the bucket {bucket}, and the caller may not use it: {failure}")]
    Denied { bucket: String, failure: Failure },
    /// Something else is where the lease should be.
    #[error("the lease s3://{bucket}/{key} cannot be read: {why}")]
    Unreadable { bucket: String, key: String, why: String },
    #[error(transparent)]
    Failed(#[from] Failure),
}
