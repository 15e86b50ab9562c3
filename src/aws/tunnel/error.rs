//! Why a tunnel ends.

use thiserror::Error;

use crate::aws::exec::error::ExecError;
use crate::engine::failure::Failure;

use super::smux::Broken;

/// Why a tunnel cannot be built, or cannot go on.
#[derive(Debug, Error)]
pub enum TunnelError {
    /// A refusal of Systems Manager.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The data channel cannot be opened, or the agent asks for something unsupported.
    #[error(transparent)]
    Channel(ExecError),
    /// Not what AWS's agents send: the session cannot go on.
    #[error("the agent in the container sent {0}, not a stream of connections")]
    Broken(#[from] Broken),
    /// This machine refuses connections to its own port.
    #[error("the local port takes no connections any more: {0}")]
    Local(std::io::Error),
}

impl From<ExecError> for TunnelError {
    fn from(error: ExecError) -> Self {
        match error {
            ExecError::Refused(failure) => Self::Refused(failure),
            error => Self::Channel(error),
        }
    }
}
