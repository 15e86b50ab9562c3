//! The steps of an upgrade, and how one follows another.

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::{Action, Plan, Reason, Stage, Step, Until};
use crate::kinds::names;
use crate::planners::intent::Intent;

/// Why the intent is recorded.
pub const RECORD: &str = "so that it can be resumed or rolled back after a failure";

/// Steps of a plan that follow one another.
pub struct Chain<'a> {
    pub plan: &'a mut Plan,
    pub last: Option<usize>,
}

impl Chain<'_> {
    /// Adds a step after the last one and gives its index.
    pub fn then(&mut self, step: Step) -> usize {
        let step = self.plan.push(step.after(self.last));
        self.last = Some(step);
        step
    }
}

pub fn staged(address: Address, action: Action, stage: Stage, why: impl Into<String>) -> Step {
    Step { stage: Some(stage), ..Step::new(address, action, Reason::Upgrade(why.into())) }
}

pub fn of_service(service: &Live, action: Action, stage: Stage, why: impl Into<String>) -> Step {
    Step { id: Some(service.id.clone()), ..staged(service.address.clone(), action, stage, why) }
}

/// The step after which no task runs.
pub fn fence(service: &Live) -> Step {
    let action = if service.phase == Phase::Idle { Action::Verify } else { Action::Stop };
    let mut fence = of_service(service, action, Stage::Fence, "every task must be confirmed stopped");
    fence.until = Until::Idle;
    if action == Action::Stop {
        fence.consequences.push("Cloud Exchange is down until the new task is healthy".to_owned());
    }
    fence
}

/// A step that records the intent on the service, or clears it.
pub fn note(service: &Live, from: Option<&Intent>, to: Option<&Intent>, stage: Stage, why: &str) -> Step {
    let value = |intent: Option<&Intent>| intent.map_or(Value::Null, |intent| Value::from(intent.to_string()));
    let property = format!("tags.{}", names::INTENT);
    let mut note = of_service(service, Action::Update, stage, why);
    note.changes.push(Change { property, from: value(from), to: value(to) });
    note.tags.extend(to.map(|intent| (names::INTENT.to_owned(), intent.to_string())));
    note
}

/// Deletes what was created for a release that is no longer wanted.
pub fn delete(live: &Live) -> Step {
    let delete = Step::new(live.address.clone(), Action::Delete, Reason::Unwanted);
    Step { until: Until::Gone, id: Some(live.id.clone()), ..delete }
}
