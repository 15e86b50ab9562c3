//! The engine's nouns in words.

use crate::engine::kind::Part;
use crate::engine::plan::{Action, Purpose, Reason, Stage, Step};

use super::text::clean;

/// What a plan is for.
pub struct Work {
    /// Before the deployment's name, on the screen of a plan: `Upgrade of`.
    pub title: &'static str,
    /// The command that does it: `upgrade`.
    pub command: &'static str,
    /// `upgrading`.
    pub doing: &'static str,
}

pub fn purpose(purpose: Purpose) -> Work {
    let (title, command, doing) = match purpose {
        Purpose::Apply => ("Plan for", "apply", "applying"),
        Purpose::Upgrade => ("Upgrade of", "upgrade", "upgrading"),
        Purpose::Rollback => ("Rollback of", "rollback", "rolling back"),
        Purpose::Restore => ("Restore of", "restore", "restoring"),
        Purpose::Stop => ("Plan to stop", "stop", "stopping"),
        Purpose::Start => ("Plan to start", "start", "starting"),
        Purpose::Backup => ("Backup of", "backup", "backing up"),
        Purpose::Destroy => ("Plan to destroy", "destroy", "destroying"),
    };
    Work { title, command, doing }
}

/// What a step does, before, during and after it.
pub struct Verb {
    /// `create`.
    pub plain: &'static str,
    /// `creating`.
    pub doing: &'static str,
    /// `created`.
    pub done: &'static str,
}

pub fn action(action: Action) -> Verb {
    let (plain, doing, done) = match action {
        Action::Create => ("create", "creating", "created"),
        Action::Update => ("change", "changing", "changed"),
        Action::Delete => ("delete", "deleting", "deleted"),
        Action::Unprotect => ("unprotect", "unprotecting", "unprotected"),
        Action::Restore => ("restore", "restoring", "restored"),
        Action::Run => ("run", "running", "ran"),
        Action::Promote => ("promote", "promoting", "promoted"),
        Action::Prune => ("clean up", "cleaning up", "cleaned up"),
        Action::Stop => ("stop", "stopping", "stopped"),
        Action::Verify => ("wait for", "verifying", "verified"),
    };
    Verb { plain, doing, done }
}

/// What a step will do: `create`.
pub fn step(step: &Step) -> &'static str {
    if step.action == Action::Verify && step.is_recheck() { "verify" } else { action(step.action).plain }
}

/// Why a step is in the plan.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Missing => "does not exist".to_owned(),
        Reason::Changed => "changed in the plan file".to_owned(),
        Reason::Drifted => "drifted in AWS".to_owned(),
        Reason::Unrecorded => "up to date, but its tags are not".to_owned(),
        Reason::Unhealthy(seen) => format!("not healthy: {}", clean(seen)),
        Reason::Replaced(properties) if properties.is_empty() => "replaced: AWS cannot change it in place".to_owned(),
        Reason::Replaced(properties) => {
            let names: Vec<_> = properties.iter().map(|name| clean(name)).collect();
            format!("replaced: AWS cannot change {} in place", names.join(", "))
        }
        Reason::Unfinished(seen) => format!("unfinished from an earlier run: {}", clean(seen)),
        Reason::Recoverable => "scheduled for deletion, and needed again".to_owned(),
        Reason::Twin => "duplicate, left by an interrupted run".to_owned(),
        Reason::Unwanted => "no longer part of the deployment".to_owned(),
        Reason::Teardown => "deployment is being destroyed".to_owned(),
        Reason::OneWriter => "the old task must be confirmed stopped before a new one starts".to_owned(),
        Reason::Renewal(why) | Reason::Upgrade(why) => clean(why),
        Reason::Afterwards => "still healthy after the other changes".to_owned(),
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
        Part::Alarms => "Alarms",
    }
}

/// The title of a stage of an upgrade, and how it is undone.
pub fn stage(stage: Stage) -> (&'static str, &'static str) {
    const RESTART: &str = "undo: stop again, and start the earlier revision";
    match stage {
        Stage::Prepare => ("Prepare", "undo: delete what was created"),
        Stage::Record => ("Record the operation", "undo: remove the record"),
        Stage::Fence => ("Stop, and confirm that everything has stopped", "undo: start the earlier revision"),
        Stage::Backup => ("Back up", "undo: not needed; the recovery point is kept"),
        Stage::Data => ("Data steps", "undo: restore the recovery point if a step changes data"),
        Stage::Restore => ("Restore", "undo: use the earlier file system again, which is kept"),
        Stage::Start => ("Start", RESTART),
        Stage::Verify => ("Verify", RESTART),
        Stage::Commit => ("Commit", "no undo from here on"),
    }
}
