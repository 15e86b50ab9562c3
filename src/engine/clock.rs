//! AWS time: real time, or faster against an emulator.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

/// The environment variable by which waiting is divided, for emulators whose clock runs faster.
pub const SCALE_VARIABLE: &str = "CE_AWS_TIME_SCALE";

/// Seconds of AWS time since the clock was made.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    scale: f64,
}

/// An invalid value of [`SCALE_VARIABLE`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{SCALE_VARIABLE} is {0:?}, expected a number from 0.001 to 100000")]
pub struct InvalidScale(pub String);

impl Clock {
    /// A clock that runs `scale` times as fast as real time.
    pub fn new(scale: f64) -> Self {
        Self { start: Instant::now(), scale }
    }

    /// The clock of [`SCALE_VARIABLE`], real time by default.
    pub fn from_env() -> Result<Self, InvalidScale> {
        let text = std::env::var(SCALE_VARIABLE).unwrap_or_else(|_| "1".to_owned());
        match text.parse::<f64>() {
            Ok(scale) if (0.001..=100_000.0).contains(&scale) => Ok(Self::new(scale)),
            _ => Err(InvalidScale(text)),
        }
    }

    /// How many times as fast as real time it runs.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Seconds of AWS time since the start.
    pub fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64() * self.scale
    }

    /// The real time that `seconds` of AWS time take.
    pub fn real(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.scale).clamp(0.0, 86_400.0))
    }
}

/// RFC 3339 in whole seconds, which sorts as time does, of seconds since 1970: `2026-11-29T14:02:05Z`.
pub fn timestamp(seconds: f64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds as i64).map(|at| format!("{}Z", to_the_second(at))).unwrap_or_default()
}

/// The same in milliseconds, of milliseconds since 1970: `2026-11-29T14:02:05.120Z`.
pub fn timestamp_in_milliseconds(milliseconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    at.map(|at| format!("{}.{:03}Z", to_the_second(at), at.millisecond())).unwrap_or_default()
}

fn to_the_second(at: OffsetDateTime) -> String {
    format!("{}T{:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
}

/// A time or a duration that can be sorted.
#[derive(Clone, Copy, Debug)]
pub struct Ordered(pub f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_milliseconds() {
        assert_eq!(timestamp_in_milliseconds(1_764_424_925_007), "2025-11-29T14:02:05.007Z");
        assert_eq!(timestamp_in_milliseconds(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp_in_milliseconds(i64::MAX), "");
    }
}
