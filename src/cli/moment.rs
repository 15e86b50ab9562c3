//! The time of this machine, as checks and records take it, and the clock that AWS's times are told by.

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::engine::clock::Clock;

use super::error::CommandError;

/// Seconds since 1970.
pub fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// RFC 3339 in whole seconds, which sorts as time does: `2026-11-22T04:05:06Z`.
pub fn text() -> String {
    DateTime::from_secs(seconds()).fmt(Format::DateTime).unwrap_or_default()
}

/// The clock that the environment asks for.
///
/// # Errors
///
/// It asks for none that there is.
pub fn clock() -> Result<Clock, CommandError> {
    Clock::from_env().map_err(|error| CommandError::usage("usage/time-scale", error.to_string()))
}
