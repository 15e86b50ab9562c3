//! Whether calls that change something may be made, and until when.
//!
//! A lease expires. Its holder checks before every such call that it has not, on a clock that keeps running while the
//! machine sleeps: a laptop that wakes up an hour later must not continue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Shared by all clients and the keeper of the lease. Without a lease it never expires.
#[derive(Clone, Debug)]
pub struct Permit(Arc<AtomicU64>);

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not called: the lease on this deployment is lost, and somebody else may hold it")]
pub struct NotPermitted;

/// It does not expire.
const EVER: u64 = u64::MAX;

impl Default for Permit {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(EVER)))
    }
}

impl Permit {
    /// Expires at this time of [`awake`].
    pub fn until(&self, time: Duration) {
        self.0.store(u64::try_from(time.as_millis()).unwrap_or(EVER - 1), Ordering::SeqCst);
    }

    /// Expires now.
    pub fn revoke(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Does not expire: there is no lease.
    pub fn lift(&self) {
        self.0.store(EVER, Ordering::SeqCst);
    }

    /// # Errors
    ///
    /// It has expired.
    pub fn check(&self) -> Result<(), NotPermitted> {
        match self.0.load(Ordering::SeqCst) {
            EVER => Ok(()),
            until if awake().as_millis() < u128::from(until) => Ok(()),
            _ => Err(NotPermitted),
        }
    }
}

/// The time on a monotonic clock that keeps running while the machine sleeps: Linux's CLOCK_BOOTTIME, Apple's
/// CLOCK_MONOTONIC (clock_gettime(2), clock_gettime(3)).
#[cfg(unix)]
pub fn awake() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(CLOCK);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The time since the first call. Whether it keeps running while the machine sleeps is unverified here.
#[cfg(not(unix))]
pub fn awake() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permit_lasts_for_ever_or_until_its_time_or_is_revoked() {
        let permit = Permit::default();
        assert_eq!(permit.check(), Ok(()));
        permit.until(awake() + Duration::from_secs(60));
        assert_eq!(permit.clone().check(), Ok(()));
        permit.until(awake());
        assert_eq!(permit.check(), Err(NotPermitted));
        permit.revoke();
        assert_eq!(permit.check(), Err(NotPermitted));
        permit.lift();
        assert_eq!(permit.check(), Ok(()));
    }
}
