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
    let text = |at: OffsetDateTime| format!("{}T{:02}:{:02}:{:02}Z", at.date(), at.hour(), at.minute(), at.second());
    OffsetDateTime::from_unix_timestamp(seconds as i64).map(text).unwrap_or_default()
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
