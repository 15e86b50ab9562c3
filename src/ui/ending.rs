//! What is said when a change of the running task has ended: what runs now, and the commands that go on from there.

use crate::engine::plan::Purpose;

/// How a run of plans ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// It is over and verified; a step of the cleanup failed.
    CleanupLeft,
    /// The new task is verified; a step before the end of the upgrade failed.
    Verified,
    Interrupted,
    LeaseLost,
    Failed,
    /// Failed, and left as it is on request.
    Kept,
    /// Failed before anything was stopped.
    NothingStopped,
}

/// What a person reads then, ended by a newline; empty where the screen has said it all. `file` is the plan file.
pub fn text(purpose: Purpose, ending: Ending, file: &str) -> String {
    let command = if purpose == Purpose::Restore { "backup restore" } else { "upgrade" };
    let resume = format!("ce-aws {command} {file} --resume");
    let rollback = format!("ce-aws {command} {file} --rollback");
    let left = |what: &str, command: &str| format!("\n{what}; finish what is left with: ce-aws {command} {file}\n");
    match (purpose, ending) {
        (Purpose::Rollback, Ending::Done) => "\nrolled back: what ran before runs again, and is healthy\n".to_owned(),
        (_, Ending::Done) => String::new(),
        (Purpose::Rollback, Ending::CleanupLeft) => left("rolled back: what ran before runs again", "apply"),
        (_, Ending::CleanupLeft) => left("the new task runs and is verified", "apply"),
        (_, Ending::Verified) => {
            format!("\nthe new task runs and is verified; finish what is left with: {resume}\n")
        }
        (_, Ending::NothingStopped) => left("nothing was stopped, and what ran before still runs", "apply"),
        (Purpose::Rollback, Ending::Interrupted) => {
            format!("\nstopped on request; continue the rollback with:\n  {rollback}\n")
        }
        (_, Ending::Interrupted) => format!(
            "\nstopped on request; if anything was changed, the service records what is under way:\n  \
             continue:   {resume}\n  roll back:  {rollback}\n"
        ),
        (Purpose::Rollback, Ending::LeaseLost) => format!(
            "\nstopped: another run may be at work on this deployment; once there is none, continue the rollback \
             with:\n  {rollback}\n"
        ),
        (_, Ending::LeaseLost) => format!(
            "\nstopped without rolling back: another run may be at work on this deployment; once there is none:\n  \
             see what runs:  ce-aws status {file}\n  continue:       {resume}\n  roll back:      {rollback}\n"
        ),
        (Purpose::Rollback, Ending::Failed) => format!(
            "\nthe rollback has failed and needs your decision; ce-aws does nothing more, and no data is deleted:\n  \
             see what runs:             ce-aws status {file}\n  try the rollback again:    {rollback}\n  \
             use another backup:        ce-aws backup list {file}, then ce-aws backup restore {file} POINT\n"
        ),
        (Purpose::Restore, Ending::Failed) => "\nthe restore has failed, see above; rolling back\n".to_owned(),
        (_, Ending::Failed) => "\nthe upgrade has failed, see above; rolling back\n".to_owned(),
        (_, Ending::Kept) => format!(
            "\nthe upgrade has failed and everything is left as it is, as you asked:\n  \
             try again from here:  {resume}\n  roll back:            {rollback}\n"
        ),
    }
}

/// Before a first apply that is to be undone when it fails.
pub const UNDO_ANNOUNCED: &str =
    "\nIf a step fails, everything that this run has created is deleted again, the file system included.\n";

/// When a first apply has failed and is undone.
pub const UNDOING: &str = "\nthe apply has failed, see above; deleting what this run has created\n";

/// When it has been undone.
pub const UNDONE: &str = "\nnothing of this run is left\n";

/// When it could not be undone completely.
pub fn undo_incomplete(file: &str) -> String {
    format!("\nsome of it is left, see above: `ce-aws destroy {file}` deletes it, or `ce-aws apply {file}` continues\n")
}

/// When the plan file has been changed.
pub fn plan_file_updated(file: &str) -> String {
    format!("\n{file} updated to match the running version\n")
}

/// Before the first of several upgrades: their releases.
pub fn chain(releases: &[String]) -> String {
    format!(
        "The upgrade path is {}: {} upgrades, each verified before the next. The first one:\n\n",
        releases.join(" → "),
        releases.len() - 1
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn every_ending_says_what_runs_and_what_to_do_next() {
        use Ending::{CleanupLeft, Failed, Interrupted, Kept, LeaseLost, NothingStopped, Verified};
        let all = [
            (Purpose::Upgrade, [CleanupLeft, Verified, Interrupted, LeaseLost, Failed, Kept].as_slice()),
            (Purpose::Restore, &[CleanupLeft, Interrupted, LeaseLost, Failed]),
            (Purpose::Rollback, &[Ending::Done, CleanupLeft, Interrupted, LeaseLost, Failed, NothingStopped]),
        ];
        let all = all.into_iter().flat_map(|(purpose, endings)| {
            endings
                .iter()
                .map(move |ending| format!("--- {purpose:?}, {ending:?}{}", text(purpose, *ending, "prod.toml")))
        });
        assert_snapshot!(all.collect::<Vec<_>>().join("\n"));
        assert_eq!(text(Purpose::Upgrade, Ending::Done, "prod.toml"), "");
    }
}
