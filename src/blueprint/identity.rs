//! Who may do what: one role starts the task, another runs in it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::graph::Handle;
use crate::kinds::log_group::LogGroup;
use crate::kinds::role::Role;
use crate::kinds::service_linked_role::ServiceLinkedRole;

use super::policies;
use super::stack::Stack;
use super::storage::Storage;

/// What other parts of the stack refer to.
pub struct Identity {
    /// Pulls images, reads the secret, writes logs, before the task runs.
    pub execution_role: Handle<Role>,
    /// What the containers may do: mount the file system, and serve ECS Exec.
    pub task_role: Handle<Role>,
    /// The containers' log group.
    pub logs: Handle<LogGroup>,
    /// ECS cannot start services without it.
    pub ecs: Handle<ServiceLinkedRole>,
    /// Nor Elastic Load Balancing load balancers.
    pub load_balancing: Handle<ServiceLinkedRole>,
}

/// Adds the roles, and the log group that one of them may write to.
pub fn add(stack: &mut Stack<'_>, storage: &Storage) -> Identity {
    let retention_days = Some(stack.plan.logs.retention_days.days());
    let logs = stack.add("task", &LogGroup { name: stack.names().log_group("task"), retention_days });
    let repositories: Vec<String> =
        stack.facts.release.ecr_repositories().iter().map(|repository| repository.arn()).collect();
    let inline = policies::execution_role(&repositories, logs.arn().any(), storage.secret.arn().any());
    let trust = policies::task_trust(stack.names());
    let execution_role = role(stack, "execution", "starts Cloud Exchange tasks", trust.clone(), inline, &[]);
    let managed: Vec<String> =
        stack.plan.identity.task_policy_arns.iter().map(|policy| policy.as_str().to_owned()).collect();
    let inline = policies::task_role(storage.file_system.arn().any());
    let task_role = role(stack, "task", "runs in Cloud Exchange tasks", trust, inline, &managed);
    let shared = |service: &str| ServiceLinkedRole { service: service.to_owned() };
    let ecs = stack.add("ecs", &shared("ecs.amazonaws.com"));
    let load_balancing = stack.add("elasticloadbalancing", &shared("elasticloadbalancing.amazonaws.com"));
    Identity { execution_role, task_role, logs, ecs, load_balancing }
}

/// Adds a role with one inline policy.
pub fn role(
    stack: &mut Stack<'_>,
    purpose: &str,
    words: &str,
    trust: Value,
    inline: Value,
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
        inline: BTreeMap::from([("cloud-exchange".to_owned(), inline)]),
        managed,
        boundary: None,
    };
    stack.add(purpose, &role.normal())
}
