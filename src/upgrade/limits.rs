//! How long an upgrade, a restore or a rollback may take.

use crate::planners::intent::Intent;
use crate::planners::upgrade::Upgrade;

/// Seconds in which a task has to become healthy, where nobody says otherwise: the vendor's own scripts give a migration
/// 15 minutes; a start takes some.
pub const DEADLINE: u32 = 1200;
/// Seconds for which it has to stay so: long enough for the health checks to come round several times.
pub const WATCH: u32 = 60;

/// How long it may take, in seconds, and what may be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub deadline: f64,
    pub watch: f64,
    /// Go back on the data as they are, even if the new release may have changed them.
    pub as_they_are: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: DEADLINE.into(), watch: WATCH.into(), as_they_are: false }
    }
}

impl Limits {
    /// Those of an upgrade.
    pub fn of(upgrade: &Upgrade) -> Self {
        Self { deadline: upgrade.deadline, watch: upgrade.watch, as_they_are: false }
    }
}

/// Without recovery point, data steps, and note.
pub fn simple(intent: Intent, limits: Limits) -> Upgrade {
    Upgrade {
        intent,
        opens: false,
        point: None,
        data_tasks: Vec::new(),
        deadline: limits.deadline,
        watch: limits.watch,
        consequence: None,
    }
}
