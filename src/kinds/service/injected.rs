//! Containers that others have injected into our tasks: a failure of one is worth a warning, and no more.

use crate::engine::address::Address;
use crate::engine::event::Event;

use super::view::{ContainerView, TaskView};

/// What the name of GuardDuty's agent begins with; six or more characters of the task's own follow (aws/aws-cdk#32877).
const GUARDDUTY: &str = "aws-guardduty-agent";

/// What the subject of an incident about one begins with.
const SUBJECT: &str = "injected ";

/// The failures of those of a task that should run, as subjects of incidents. A subject names the deployment and not
/// the task, so that it is reported once a deployment.
pub fn subjects(task: &TaskView) -> impl Iterator<Item = String> {
    task.injected.iter().filter_map(said_of).map(|said| format!("{SUBJECT}{} {said}", task.started_by))
}

/// The warning about such a subject; `None` for any other subject.
pub fn warning(address: &Address, subject: &str) -> Option<Event> {
    let (_deployment, said) = subject.strip_prefix(SUBJECT)?.split_once(' ')?;
    let title =
        format!("a container injected into the task has failed; nothing of Cloud Exchange depends on it: {said}");
    Some(Event::Warning { address: address.clone(), title, hints: hints(said) })
}

/// What to do about those of a task that have failed.
pub fn advice(task: &TaskView) -> Vec<String> {
    let mut all: Vec<String> = task.injected.iter().filter_map(said_of).flat_map(|said| hints(&said)).collect();
    all.dedup();
    all
}

/// The name and the failure of one that has failed.
fn said_of(container: &ContainerView) -> Option<String> {
    Some(format!("{}: {}", plain_name(&container.name), trouble(container)?))
}

/// The failure of one, if any. One that has ended with exit code 0 has not failed.
fn trouble(container: &ContainerView) -> Option<String> {
    let reason = container.reason.as_deref();
    match (container.status.as_str(), container.exit_code) {
        ("STOPPED", Some(0)) => None,
        ("STOPPED", Some(code)) => Some(match reason {
            Some(reason) => format!("exited with {code}: {reason}"),
            None => format!("exited with {code}"),
        }),
        ("STOPPED", None) => Some(format!("STOPPED: {}", reason.unwrap_or("no reason given"))),
        _ if container.health == "UNHEALTHY" => Some("UNHEALTHY".to_owned()),
        _ => None,
    }
}

/// Without the part that differs from task to task.
fn plain_name(name: &str) -> &str {
    match name.strip_prefix(GUARDDUTY) {
        Some(rest) if rest.starts_with('-') => GUARDDUTY,
        _ => name,
    }
}

fn hints(said: &str) -> Vec<String> {
    if !(said.starts_with(GUARDDUTY) && said.contains("CannotPull")) {
        return Vec::new();
    }
    vec![
        "if the execution role may not pull it: `guardduty_agent = true` under [identity] allows that, for tasks \
         that are started afterwards; a role of yours needs the permissions of \
         AmazonECSTaskExecutionRolePolicy"
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str, status: &str, exit_code: Option<i32>, reason: Option<&str>) -> ContainerView {
        let (name, status, reason) = (name.into(), status.into(), reason.map(str::to_owned));
        ContainerView { name, status, exit_code, reason, health: "UNKNOWN".into() }
    }

    fn task(injected: Vec<ContainerView>) -> TaskView {
        TaskView { injected, started_by: "ecs-svc/2".into(), ..TaskView::default() }
    }

    #[test]
    fn only_failures_are_reported() {
        let unhealthy = ContainerView { health: "UNHEALTHY".into(), ..container("agent", "RUNNING", None, None) };
        let all = task(vec![
            container("installer", "STOPPED", Some(0), None),
            container("agent", "RUNNING", None, None),
            container("agent", "PENDING", None, None),
            container("agent", "STOPPED", Some(1), None),
            unhealthy,
        ]);
        let subjects: Vec<_> = subjects(&all).collect();
        assert_eq!(subjects, ["injected ecs-svc/2 agent: exited with 1", "injected ecs-svc/2 agent: UNHEALTHY"]);
        assert_eq!(advice(&all), [""; 0]);
    }

    #[test]
    fn the_same_failure_in_every_task_is_one_subject_and_names_the_option() {
        let refused = "CannotPullContainerError: pull image manifest has been retried 1 time(s)";
        let of = |suffix: &str| {
            let name = format!("aws-guardduty-agent-{suffix}");
            task(vec![container(&name, "STOPPED", None, Some(refused))])
        };
        let subject = subjects(&of("mfjGLB")).next().unwrap();
        assert_eq!(subjects(&of("r2GqQRp")).next().unwrap(), subject);
        let address = Address::new("service", "main");
        let Some(Event::Warning { title, hints, .. }) = warning(&address, &subject) else { panic!("{subject}") };
        assert!(title.ends_with(refused), "{title}");
        assert!(hints[0].contains("guardduty_agent = true"), "{hints:?}");
        assert!(warning(&address, "(service ce-x) was unable to place a task").is_none());
    }
}
