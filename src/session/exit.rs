//! Exit codes. They are part of the contract.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed unexpectedly.
    Failed,
    /// `plan --exit-code`: changes are pending.
    Pending,
    /// Stopped part way, by an interrupt or a failure; running the command again converges.
    PartWay,
    /// Another run holds the lease.
    Leased,
    /// Refused by a check; nothing was changed.
    Refused,
    /// An upgrade failed and was rolled back.
    RolledBack,
    /// An upgrade is stuck: a person must decide.
    Stuck,
    /// Wrong usage or a wrong plan file. clap's own 2 would mean "changes are pending".
    Usage,
    /// That of a command in a container.
    Command(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Pending => 2,
            Self::PartWay => 3,
            Self::Leased => 4,
            Self::Refused => 5,
            Self::RolledBack => 6,
            Self::Stuck => 7,
            Self::Usage => 64,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
