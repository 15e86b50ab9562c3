//! The time of this machine, for checks and records, and the clock of the engine.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use time::{Date, OffsetDateTime};
use tokio::time::Instant;

use crate::engine::clock::{Clock, timestamp};

use super::error::CommandError;

/// A moment that can be postponed, never moved forward.
#[derive(Debug, Default)]
pub struct NotBefore(Mutex<Option<Instant>>);

impl NotBefore {
    /// Not before this much time has passed.
    pub fn postpone(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut moment = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *moment = (*moment).max(Some(until));
    }

    /// The time left until then.
    pub fn left(&self) -> Duration {
        let moment = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moment.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}

/// Seconds since 1970.
pub fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// The day in UTC, by which ends of support count.
pub fn today() -> Date {
    // A clock that is centuries off has no valid date.
    OffsetDateTime::from_unix_timestamp(seconds()).map_or(Date::MAX, OffsetDateTime::date)
}

/// As [`timestamp`] writes it.
pub fn text() -> String {
    timestamp(seconds() as f64)
}

/// The clock that the environment asks for.
///
/// # Errors
///
/// The variable holds no valid scale.
pub fn clock() -> Result<Clock, CommandError> {
    Clock::from_env().map_err(|error| CommandError::usage("usage/time-scale", error.to_string()))
}
