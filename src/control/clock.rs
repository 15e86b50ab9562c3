//! The clock of leases, which keeps running while the machine sleeps.

use std::time::Duration;

use crate::aws::permit::awake;

/// How much faster than real time a lease's clock may run in a test environment. Beyond that, a lease would expire
/// while this program and the emulator work.
pub const FASTEST: f64 = 4.0;

/// A clock for leases.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    scale: f64,
}

impl Clock {
    /// A clock that runs `scale` times as fast as real time, [`FASTEST`] times at most.
    pub fn new(scale: f64) -> Self {
        Self { scale: scale.min(FASTEST) }
    }

    /// Seconds since an arbitrary moment.
    pub fn now(&self) -> f64 {
        awake().as_secs_f64() * self.scale
    }

    /// The real time that this many seconds take.
    pub fn real(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64((seconds / self.scale).clamp(0.0, 1e9))
    }
}
