//! Why a file did not arrive.

use thiserror::Error;

use crate::aws::exec::error::ExecError;

/// Why a file did not arrive. Whatever has arrived of it counts for nothing.
#[derive(Debug, Error)]
pub enum TransferError {
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// What the container said last, usually the reason.
    #[error("the container ended with exit code {code}{}", after(.said))]
    Failed { code: u8, said: String },
    #[error("the file has {size} bytes, and the limit is {limit}")]
    TooLarge { size: u64, limit: u64 },
    #[error("what arrived is not what the container has sent: {0}")]
    Damaged(String),
    /// The file here cannot be read or written.
    #[error("{0}")]
    Local(#[from] std::io::Error),
}

fn after(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
