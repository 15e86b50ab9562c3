//! Why the lease could not be taken.

use crate::engine::failure::Failure;

use super::lease::Record;

/// Why the lease could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Another run holds it.
    #[error("{0}")]
    Held(Box<Record>),
    /// The bucket's name belongs to another account.
    #[error("the bucket {bucket}, which should hold the lease, belongs to another account: {failure}")]
    BucketTaken { bucket: String, failure: Failure },
    /// The caller may not use or create the bucket.
    #[error("the lease needs the bucket {bucket}, which the caller may not use: {failure}")]
    Denied { bucket: String, failure: Failure },
    /// Something else is where the lease should be.
    #[error("the lease s3://{bucket}/{key} cannot be read: {why}")]
    Unreadable { bucket: String, key: String, why: String },
    #[error(transparent)]
    Failed(#[from] Failure),
}
