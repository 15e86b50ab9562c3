//! Who may do what: one role starts the task, another runs in it.

use crate::config::RoleArn;
use crate::engine::graph::Handle;
use crate::engine::reference::Need;
use crate::kinds::file_system_policy::FileSystemPolicy;
use crate::kinds::log_group::LogGroup;
use crate::kinds::role::Role;
use crate::kinds::service_linked_role::ServiceLinkedRole;
use crate::partition::principals;

use super::images::repositories;
use super::policies::{self, SecretGrant};
use super::sessions;
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
pub fn add(stack: &mut Stack<'_>, storage: &Storage, injected: &[SecretGrant]) -> Identity {
    let retention_days = Some(stack.plan.logs.retention_days.days());
    let logs = stack.add("task", &LogGroup { name: stack.names().log_group("task"), retention_days });
    let existing = &stack.plan.existing;
    let (task, execution) = (existing.task_role.clone(), existing.execution_role.clone());
    let trust = policies::task_trust(stack.names());
    let execution_role = match execution {
        Some(arn) => existing_role(&arn),
        None => {
            let own = SecretGrant { id: "ReadSecret", arn: storage.secret.arn().any(), key: None };
            let secrets = [&[own], injected].concat();
            let guardduty = stack.plan.identity.guardduty_agent;
            let (repositories, logs) = (repositories(stack.plan, stack.facts.release), logs.arn().any());
            let inline = policies::execution_role(&repositories, logs, &secrets, guardduty, stack.names());
            stack.add_role("execution", "starts Cloud Exchange tasks", trust.clone(), Some(inline), &[])
        }
    };
    let task_role = match task {
        Some(arn) => existing_role(&arn),
        None => {
            let wanted = &stack.plan.identity.task_policy_arns;
            let managed: Vec<String> = wanted.iter().map(|policy| policy.as_str().to_owned()).collect();
            let inline = policies::task_role(storage.file_system.arn().any(), sessions::decrypt(stack));
            stack.add_role("task", "runs in Cloud Exchange tasks", trust, Some(inline), &managed)
        }
    };
    let ecs = stack.add("ecs", &ServiceLinkedRole { service: principals::ECS.to_owned() });
    Identity { execution_role, task_role, logs, ecs }
}

fn existing_role(arn: &RoleArn) -> Handle<Role> {
    Handle::existing([("arn", arn.as_str())])
}

/// Lets only the task mount the file system, and only encrypted.
pub fn protect(stack: &mut Stack<'_>, storage: &Storage, identity: &Identity) {
    let role = identity.task_role.arn().any();
    let policy = policies::file_system(storage.file_system.arn().any(), role);
    let policy = FileSystemPolicy { file_system: storage.file_system.ready(), policy };
    let handle = stack.add("main", &policy.normal());
    // EFS refuses a policy that names a role it cannot find.
    stack.graph.order(&handle, &identity.task_role, Need::Ready);
}
