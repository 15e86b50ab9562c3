//! The engine's nouns in words.

use crate::engine::kind::Part;
use crate::engine::plan::{Action, Reason, Step};

use super::text::clean;

/// What a step will do: `create`.
pub fn action(step: &Step) -> &'static str {
    match step.action {
        Action::Create => "create",
        Action::Update => "change",
        Action::Delete => "delete",
        Action::Unprotect => "unprotect",
        Action::Restore => "restore",
        Action::Run => "run",
        Action::Promote => "promote",
        Action::Prune => "tidy up",
        Action::Stop => "stop",
        Action::Verify if step.is_recheck() => "verify",
        Action::Verify => "wait for",
    }
}

/// What a step has done: `created`.
pub fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "changed",
        Action::Delete => "deleted",
        Action::Unprotect => "unprotected",
        Action::Restore => "restored",
        Action::Run => "run",
        Action::Promote => "promoted",
        Action::Prune => "tidied up",
        Action::Stop => "stopped",
        Action::Verify => "verified",
    }
}

/// What a step is doing: `creating`.
pub fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "changing",
        Action::Delete => "deleting",
        Action::Unprotect => "unprotecting",
        Action::Restore => "restoring",
        Action::Run => "running",
        Action::Promote => "promoting",
        Action::Prune => "tidying up",
        Action::Stop => "stopping",
        Action::Verify => "verifying",
    }
}

/// Why a step is in the plan.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Missing => "missing".to_owned(),
        Reason::Changed => "changed in the plan file".to_owned(),
        Reason::Drifted => "drifted in AWS".to_owned(),
        Reason::Unrecorded => "as it should be, but its tags do not say so".to_owned(),
        Reason::Unhealthy(seen) => format!("not healthy: {}", clean(seen)),
        Reason::Replaced(properties) if properties.is_empty() => "replaced: AWS cannot change it in place".to_owned(),
        Reason::Replaced(properties) => {
            let names: Vec<_> = properties.iter().map(|name| clean(name)).collect();
            format!("replaced: AWS cannot change {} in place", names.join(", "))
        }
        Reason::Unfinished(seen) => format!("unfinished from an earlier run: {}", clean(seen)),
        Reason::Recoverable => "marked for deletion and still wanted".to_owned(),
        Reason::Twin => "a second one, left by a run that was cut off".to_owned(),
        Reason::Unwanted => "no longer part of the deployment".to_owned(),
        Reason::Teardown => "the deployment goes".to_owned(),
        Reason::OneWriter => "the old task must be seen stopped before a new one starts".to_owned(),
        Reason::Renewal(why) | Reason::Upgrade(why) => clean(why),
        Reason::Afterwards => "still well after the other changes?".to_owned(),
    }
}

/// The title of a part of the stack.
pub fn part(part: Part) -> &'static str {
    match part {
        Part::Identity => "Identity",
        Part::Network => "Network",
        Part::Storage => "Storage",
        Part::Secrets => "Secrets",
        Part::Logs => "Logs",
        Part::Ingress => "Load balancer",
        Part::Service => "Service",
    }
}
