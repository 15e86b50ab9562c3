//! What is said before and during an upgrade besides its plan.

use super::finding::{hint, warning};
use super::text::{clean, count};

const QUEUES: &str = "upgrade/queues";

/// How many messages wait in RabbitMQ, which an upgrade may lose.
pub fn queues(total: u64, queues: &[(String, u64)]) -> String {
    if total == 0 {
        return "\nRabbitMQ's queues are empty\n".to_owned();
    }
    let mut largest: Vec<_> = queues.iter().filter(|(_, messages)| *messages > 0).collect();
    largest.sort_by_key(|(_, messages)| std::cmp::Reverse(*messages));
    let named: Vec<_> = largest.iter().take(5).map(|(name, messages)| format!("{} {messages}", clean(name))).collect();
    let messages = count(usize::try_from(total).unwrap_or(usize::MAX), "message");
    let message = format!("{messages} in RabbitMQ's queues cannot be recovered if lost: {}", named.join(", "));
    format!("\n{}{}", warning(QUEUES, &message), hint("upgrade when nothing is being processed"))
}

/// The queues could not be asked.
pub fn queues_not_checked(why: &str) -> String {
    let message = format!("could not check RabbitMQ's queues: {why}");
    let next = "messages in them cannot be recovered if lost: upgrade when nothing is being processed";
    format!("\n{}{}", warning(QUEUES, &message), hint(next))
}

/// What follows when a recovery point has been restored: it can be planned only then.
pub fn after_the_restore(point: &str, created: &str, vault: &str) -> String {
    format!(
        "\nRecovery point {} of {}, in the vault {}.\nAfter the restore, the new file system gets mount targets, \
         access points and a policy, and a task moves the restored files to their places. The same release then starts \
         on it and is verified. Finally the mount targets and access points of the earlier file system are deleted; \
         its data stays until `ce-aws backup drop`.\n",
        clean(point),
        clean(created),
        clean(vault),
    )
}
