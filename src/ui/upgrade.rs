//! What is said before and during an upgrade besides its plan.

use crate::engine::plan::Stage;

use super::style::{HINT, WARNING, paint};
use super::text::{clean, count};

/// The title of a stage, and how it is undone.
pub fn stage(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Prepare => ("Prepare", "undo: what was made is removed"),
        Stage::Record => ("Write down what is under way", "undo: the note is removed"),
        Stage::Fence => ("Stop, and see everything stopped", "undo: the revision before is started"),
        Stage::Backup => ("Back up", "undo: none needed; the recovery point is kept"),
        Stage::Data => ("Data steps", "undo: the recovery point is restored where a step changes data"),
        Stage::Restore => ("Restore", "undo: the file system before, which is kept, is used again"),
        Stage::Start => ("Start", "undo: stopped again, and the revision before is started"),
        Stage::Verify => ("Prove", "undo: as for the start"),
        Stage::Commit => ("Commit", "from here on nothing is undone"),
    }
}

/// How many messages wait in RabbitMQ, which an upgrade may lose.
pub fn queues(total: u64, queues: &[(String, u64)]) -> String {
    if total == 0 {
        return "\nRabbitMQ's queues are empty\n".to_owned();
    }
    let mut largest: Vec<_> = queues.iter().filter(|(_, messages)| *messages > 0).collect();
    largest.sort_by_key(|(_, messages)| std::cmp::Reverse(*messages));
    let named: Vec<_> = largest.iter().take(5).map(|(name, messages)| format!("{} {messages}", clean(name))).collect();
    let messages = count(usize::try_from(total).unwrap_or(usize::MAX), "message");
    format!(
        "\n{}: {messages} in RabbitMQ's queues, which cannot be recovered if they are lost: {}\n{}: upgrade when nothing is \
         being processed\n",
        paint(WARNING, "warning[upgrade/queues]"),
        named.join(", "),
        paint(HINT, "hint"),
    )
}

/// The queues could not be asked.
pub fn queues_not_checked(why: &str) -> String {
    format!(
        "\n{}: RabbitMQ's queues were not checked: {}\n{}: what is in them cannot be recovered if it is lost: upgrade when \
         nothing is being processed\n",
        paint(WARNING, "warning[upgrade/queues]"),
        clean(why),
        paint(HINT, "hint"),
    )
}

/// What follows when a recovery point has been restored: it can be planned only then.
pub fn after_the_restore(point: &str, created: &str, vault: &str) -> String {
    format!(
        "\nRecovery point {} of {}, in the vault {}.\nWhen it is restored, the new file system gets mount targets, access \
         points and a policy, a task moves everything\nto where it was, and the same release starts on it and is proven. \
         Then the mount targets and access points of the\nfile system before go; its data stays until `ce-aws backup drop`.\n",
        clean(point),
        clean(created),
        clean(vault),
    )
}
