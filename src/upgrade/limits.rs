//! How long an upgrade, a restore or a rollback may take.

use crate::planners::intent::Intent;
use crate::planners::upgrade::Upgrade;
use crate::session::consent::Consent;

/// Seconds in which a task has to become healthy by default: the vendor's own scripts give a migration 15 minutes; a
/// start takes some.
pub const DEADLINE: u32 = 1200;
/// Seconds for which it has to stay healthy by default: long enough for several health checks.
pub const WATCH: u32 = 60;

/// Seconds, and what may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// In which a new task has to become healthy.
    pub deadline: f64,
    /// For which it has to stay healthy.
    pub watch: f64,
    /// Whether a rollback keeps the current data, even if the new release may have changed them.
    pub keeps_data: bool,
}

impl Limits {
    pub fn new(deadline: Option<u32>, watch: Option<u32>) -> Self {
        Self { deadline: deadline.unwrap_or(DEADLINE).into(), watch: watch.unwrap_or(WATCH).into(), keeps_data: false }
    }

    pub fn of(consent: &Consent) -> Self {
        Self::new(consent.deadline, consent.watch)
    }

    /// An upgrade without recovery point and data steps, whose intent is on the service already.
    pub fn upgrade(self, intent: Intent) -> Upgrade {
        Upgrade {
            intent,
            opens: false,
            point: None,
            data_tasks: Vec::new(),
            deadline: self.deadline,
            watch: self.watch,
            consequence: None,
        }
    }
}
