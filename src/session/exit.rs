//! Exit codes. They are part of the contract.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed unexpectedly.
    Failed = 1,
    /// `plan --exit-code`: changes are pending.
    Pending = 2,
    /// Stopped part way, by an interrupt or a failure; running the command again converges.
    PartWay = 3,
    /// Another run holds the lease.
    Leased = 4,
    /// Refused by a check; nothing was changed.
    Refused = 5,
    /// An upgrade failed and was rolled back.
    RolledBack = 6,
    /// An upgrade is stuck: a person must decide.
    Stuck = 7,
    /// Wrong usage or a wrong plan file. clap's own 2 would mean "changes are pending".
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
