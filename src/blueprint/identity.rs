//! Who may do what: one role starts the task, another runs in it.

use serde_json::Value;

use crate::config::RoleArn;
use crate::engine::graph::Handle;
use crate::kinds::log_group::LogGroup;
use crate::kinds::role::Role;
use crate::kinds::service_linked_role::ServiceLinkedRole;
use crate::partition::principals;

use super::outside::Injected;
use super::policies::{self, SecretGrant};
use super::stack::Stack;
use super::storage::Storage;

/// What other parts of the stack refer to.
pub struct Identity {
    /// Pulls images, reads the secrets, writes logs, before the task runs.
    pub execution_role: Handle<Role>,
    /// What the containers may do: mount the file system, and serve ECS Exec.
    pub task_role: Handle<Role>,
    /// The containers' log group.
    pub logs: Handle<LogGroup>,
    /// ECS cannot start services without it.
    pub ecs: Handle<ServiceLinkedRole>,
}

/// Adds the roles, as far as the user brings none, and the log group that one of them may write to.
pub fn add(stack: &mut Stack<'_>, storage: &Storage, injected: &[Injected]) -> Identity {
    let retention_days = Some(stack.plan.logs.retention_days.days());
    let logs = stack.add("task", &LogGroup { name: stack.names().log_group("task"), retention_days });
    let existing = &stack.plan.existing;
    let (task, execution) = (existing.task_role.clone(), existing.execution_role.clone());
    let trust = policies::task_trust(stack.names());
    let execution_role = match execution {
        Some(arn) => existing_role(&arn),
        None => {
            let secrets = secrets(stack, storage, injected);
            let guardduty = stack.plan.identity.guardduty_agent;
            let (repositories, logs) = (stack.repositories(), logs.arn().any());
            let inline = policies::execution_role(&repositories, logs, &secrets, guardduty, stack.names());
            role(stack, "execution", "starts Cloud Exchange tasks", trust.clone(), Some(inline), &[])
        }
    };
    let task_role = match task {
        Some(arn) => existing_role(&arn),
        None => {
            let wanted = &stack.plan.identity.task_policy_arns;
            let managed: Vec<String> = wanted.iter().map(|policy| policy.as_str().to_owned()).collect();
            let inline = policies::task_role(storage.file_system.arn().any());
            role(stack, "task", "runs in Cloud Exchange tasks", trust, Some(inline), &managed)
        }
    };
    let ecs = stack.add("ecs", &ServiceLinkedRole { service: principals::ECS.to_owned() });
    Identity { execution_role, task_role, logs, ecs }
}

fn existing_role(arn: &RoleArn) -> Handle<Role> {
    Handle::existing([("arn".to_owned(), arn.as_str().to_owned())])
}

/// The secrets that ECS injects.
fn secrets(stack: &Stack<'_>, storage: &Storage, injected: &[Injected]) -> Vec<SecretGrant> {
    let own = SecretGrant { id: "ReadSecret".to_owned(), arn: storage.secret.arn().any(), key: None };
    let more = injected.iter().map(|secret| SecretGrant {
        id: secret.grant.to_owned(),
        arn: secret.arn.clone(),
        key: secret.existing.as_deref().and_then(|arn| stack.facts.existing.key_of_secret(arn)),
    });
    std::iter::once(own).chain(more).collect()
}

/// Adds a role, with an inline policy if it is given one.
pub fn role(
    stack: &mut Stack<'_>,
    purpose: &str,
    words: &str,
    trust: Value,
    inline: Option<Value>,
    managed: &[String],
) -> Handle<Role> {
    let mut managed = managed.to_vec();
    managed.sort();
    managed.dedup();
    let role = Role {
        name: stack.names().role(purpose),
        path: stack.names().role_path(),
        description: format!("Cloud Exchange {}: {words}", stack.names().deployment),
        trust,
        inline: inline.map(|policy| ("cloud-exchange".to_owned(), policy)).into_iter().collect(),
        managed,
        boundary: stack.plan.identity.permissions_boundary.as_ref().map(|policy| policy.as_str().to_owned()),
    };
    stack.add(purpose, &role.normal())
}
