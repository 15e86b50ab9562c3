//! Whether a service works, and if not, what it waits for.

use crate::engine::inventory::Phase;

use super::injected;
use super::view::{ContainerView, DeploymentView, ServiceFacts, ServiceView, TaskView};

/// With so many failed tasks a deployment counts as failed. ECS would keep trying.
const ENOUGH_FAILURES: usize = 2;

/// The phase of the service; `None` when there is neither a service nor a task that may still write.
pub fn phase(view: &ServiceView) -> Option<Phase> {
    let Some(service) = &view.service else {
        let writer = view.writers().next()?;
        return Some(Phase::Pending(format!("the service is gone, and {} still runs", describe(writer))));
    };
    Some(match service.status.as_str() {
        "ACTIVE" if service.desired == 0 => at_zero(view, service),
        "ACTIVE" => at_work(view, service),
        _ => Phase::Deleting(match view.writers().next() {
            Some(writer) => describe(writer),
            None => service.status.to_lowercase(),
        }),
    })
}

/// Why tasks of the primary deployment were stopped, the newest first.
pub fn failures(view: &ServiceView) -> impl Iterator<Item = &TaskView> {
    let primary = view.service.as_ref().and_then(ServiceFacts::primary).map(|primary| primary.id.as_str());
    let of_primary = move |task: &&TaskView| primary.is_some_and(|id| task.started_by == id);
    view.tasks.iter().filter(of_primary).filter(|task| task.desired == "STOPPED" && task.has_failed())
}

/// What to report at once, each in a form that [`super::diagnosis`] understands: a failed task by its ARN, an unhealthy
/// container as `<task ARN> <name>`, an injected one as in [`injected::subjects`], a refusal of ECS by its message.
pub fn incidents(view: &ServiceView) -> Vec<String> {
    let Some(primary) = view.service.as_ref().and_then(ServiceFacts::primary) else { return Vec::new() };
    let unhealthy = unhealthy(view, primary).map(|(task, container)| format!("{} {}", task.arn, container.name));
    let injected = wanted(view, primary).flat_map(injected::subjects);
    let refused = view.service.iter().flat_map(|service| refusals(service, primary)).map(str::to_owned);
    failures(view).map(|task| task.arn.clone()).chain(unhealthy).chain(injected).chain(refused).collect()
}

fn at_zero(view: &ServiceView, service: &ServiceFacts) -> Phase {
    match view.writers().next() {
        Some(writer) => Phase::Pending(describe(writer)),
        // The lists of tasks and the counts of the service may disagree for a moment.
        None if service.running + service.pending > 0 => Phase::Pending("ECS still counts a task".to_owned()),
        None => Phase::Idle,
    }
}

fn at_work(view: &ServiceView, service: &ServiceFacts) -> Phase {
    let Some(primary) = service.primary() else { return Phase::Pending("there is no deployment yet".to_owned()) };
    let failures: Vec<_> = failures(view).collect();
    if primary.rollout == "FAILED" {
        let why = failures.first().and_then(|task| task.stopped_reason.as_deref()).unwrap_or(&primary.reason);
        return Phase::Failed(format!("the deployment has failed: {why}"));
    }
    let writers: Vec<_> = view.writers().collect();
    if writers.is_empty() && primary.rollout == "COMPLETED" && failures.is_empty() {
        // There was one. ECS may restart it by itself, but fewer tasks than desired are always a failure.
        let why = refusals(service, primary).next().unwrap_or("the deployment is complete, and no task runs");
        return Phase::Failed(why.to_owned());
    }
    let waits_for = match writers.as_slice() {
        [] => refusals(service, primary).next().unwrap_or("no task yet").to_owned(),
        [task] => match one_task(view, service, primary, task) {
            Some(why) => why,
            None => return Phase::Ready,
        },
        several => {
            let several: Vec<_> = several.iter().map(|task| describe(task)).collect();
            format!("{} tasks overlap: {}", several.len(), several.join(", "))
        }
    };
    match failures.as_slice() {
        [last, _, ..] if failures.len() >= ENOUGH_FAILURES => {
            let why = last.stopped_reason.as_deref().unwrap_or("it stopped");
            Phase::Failed(format!("{} tasks have failed, the last one: {why}", failures.len()))
        }
        [last] => Phase::Degraded(match &last.stopped_reason {
            Some(why) => format!("a task has failed: {why}"),
            None => "a task has failed".to_owned(),
        }),
        _ if unhealthy(view, primary).next().is_some() => Phase::Degraded(waits_for),
        _ => Phase::Pending(waits_for),
    }
}

/// The tasks that should run.
fn wanted<'a>(view: &'a ServiceView, primary: &'a DeploymentView) -> impl Iterator<Item = &'a TaskView> {
    view.writers().filter(|task| task.started_by == primary.id && task.desired == "RUNNING")
}

/// Their unhealthy containers.
fn unhealthy<'a>(
    view: &'a ServiceView,
    primary: &'a DeploymentView,
) -> impl Iterator<Item = (&'a TaskView, &'a ContainerView)> {
    let all = wanted(view, primary).flat_map(|task| task.containers.iter().map(move |container| (task, container)));
    all.filter(|(_, container)| container.health == "UNHEALTHY")
}

/// What the one task still waits for; `None` when it is ready.
fn one_task(view: &ServiceView, service: &ServiceFacts, primary: &DeploymentView, task: &TaskView) -> Option<String> {
    if task.desired != "RUNNING" || task.last != "RUNNING" {
        return Some(describe(task));
    }
    if task.task_definition != primary.task_definition || task.started_by != primary.id {
        return Some(format!("{}, which is to be replaced", describe(task)));
    }
    if let Some(why) = task.containers.iter().find_map(lacks) {
        return Some(why);
    }
    if task.health != "HEALTHY" {
        let unknown = task.containers.iter().filter(|c| c.status == "RUNNING" && c.health != "HEALTHY");
        let names: Vec<_> = unknown.map(|container| container.name.as_str()).collect();
        return Some(format!("health check of {}: {}", names.join(", "), task.health));
    }
    if service.has_load_balancer {
        let address = task.private_ip.as_deref().unwrap_or_default();
        match view.targets.iter().find(|target| target.address == address) {
            Some(target) if target.state == "healthy" => {}
            Some(target) => return Some(format!("target {}: {}", target.state, target.reason)),
            None => return Some("the task is not registered with the load balancer yet".to_owned()),
        }
    }
    if let Some(other) = service.deployments.iter().find(|deployment| deployment.id != primary.id) {
        return Some(format!("deployment {} has not ended", other.id));
    }
    if primary.rollout != "COMPLETED" || service.running != service.desired {
        return Some(format!("deployment {}: {} of {} running", primary.rollout, service.running, service.desired));
    }
    None
}

fn lacks(container: &ContainerView) -> Option<String> {
    let name = &container.name;
    match (container.status.as_str(), container.exit_code) {
        ("RUNNING", _) if container.health == "UNHEALTHY" => Some(format!("{name}: health check UNHEALTHY")),
        ("RUNNING", _) | ("STOPPED", Some(0)) => None,
        ("STOPPED", Some(code)) => Some(format!("{name}: exited with {code}")),
        (status, _) => Some(format!("{name}: {status}")),
    }
}

/// A task in a few words: its status, and what it waits for.
fn describe(task: &TaskView) -> String {
    let name = format!("task {} is {}", task.short_id(), task.last);
    if task.desired == "STOPPED" {
        return name;
    }
    let missing: Vec<_> = task.containers.iter().filter(|c| c.status == "PENDING").map(|c| c.name.as_str()).collect();
    match task.last.as_str() {
        "PENDING" if task.is_pulling => format!("{name}: pulling images"),
        "PENDING" if !missing.is_empty() => format!("{name}: {} to start", missing.join(", ")),
        _ => name,
    }
}

/// ECS's messages on why it cannot start a task, since this deployment began.
fn refusals<'a>(service: &'a ServiceFacts, primary: &DeploymentView) -> impl Iterator<Item = &'a str> {
    let since = primary.created;
    service
        .events
        .iter()
        .filter(move |event| event.at >= since)
        .map(|event| event.message.as_str())
        .filter(|message| message.contains("unable to place a task") || message.contains("failed to launch a task"))
}

#[cfg(test)]
mod tests {
    use super::super::view::{EventView, TargetView};
    use super::*;

    const REVISION: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/ce-x:2";

    fn container(name: &str, status: &str, health: &str, exit_code: Option<i32>) -> ContainerView {
        let (name, status, health) = (name.into(), status.into(), health.into());
        ContainerView { name, status, health, exit_code, reason: None }
    }

    fn task(id: &str) -> TaskView {
        TaskView {
            arn: format!("arn:aws:ecs:us-east-1:123456789012:task/ce-x/{id}"),
            task_definition: REVISION.into(),
            desired: "RUNNING".into(),
            last: "RUNNING".into(),
            health: "HEALTHY".into(),
            started_by: "ecs-svc/2".into(),
            private_ip: Some("10.0.2.7".into()),
            containers: vec![
                container("init", "STOPPED", "UNKNOWN", Some(0)),
                container("core", "RUNNING", "HEALTHY", None),
            ],
            ..TaskView::default()
        }
    }

    fn failed(id: &str, last: &str) -> TaskView {
        TaskView {
            desired: "STOPPED".into(),
            last: last.into(),
            stop_code: Some("TaskFailedToStart".into()),
            stopped_reason: Some("CannotPullContainerError: not found".into()),
            ..task(id)
        }
    }

    fn healthy() -> ServiceView {
        let deployment = DeploymentView {
            id: "ecs-svc/2".into(),
            status: "PRIMARY".into(),
            task_definition: REVISION.into(),
            rollout: "COMPLETED".into(),
            created: 100.0,
            ..DeploymentView::default()
        };
        let service = ServiceFacts {
            status: "ACTIVE".into(),
            desired: 1,
            running: 1,
            has_load_balancer: true,
            deployments: vec![deployment],
            ..ServiceFacts::default()
        };
        let target = TargetView { address: "10.0.2.7".into(), state: "healthy".into(), ..TargetView::default() };
        ServiceView {
            service: Some(service),
            tasks: vec![task("aaaaaaaa1")],
            targets: vec![target],
            ..ServiceView::default()
        }
    }

    fn changed(change: impl FnOnce(&mut ServiceView, &mut ServiceFacts)) -> Option<Phase> {
        let mut view = healthy();
        let mut service = view.service.take().unwrap();
        change(&mut view, &mut service);
        view.service = Some(service);
        phase(&view)
    }

    fn waits_for(change: impl FnOnce(&mut ServiceView, &mut ServiceFacts)) -> String {
        match changed(change) {
            Some(Phase::Pending(why) | Phase::Degraded(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ready_means_everything_at_once() {
        assert_eq!(phase(&healthy()), Some(Phase::Ready));
        let why = [
            waits_for(|view, _| view.tasks[0].last = "PROVISIONING".into()),
            waits_for(|view, _| view.tasks[0].task_definition = "ce-x:1".into()),
            waits_for(|view, _| view.tasks[0].health = "UNKNOWN".into()),
            waits_for(|view, _| view.tasks[0].containers[0].exit_code = Some(1)),
            waits_for(|view, _| view.tasks[0].containers[1].health = "UNHEALTHY".into()),
            waits_for(|view, _| view.targets[0].state = "initial".into()),
            waits_for(|view, _| view.targets.clear()),
            waits_for(|view, service| {
                view.tasks.clear();
                service.deployments[0].rollout = "IN_PROGRESS".into();
            }),
            waits_for(|view, _| view.tasks.push(task("bbbbbbbb1"))),
            waits_for(|_, service| service.running = 0),
            waits_for(|_, service| service.deployments[0].rollout = "IN_PROGRESS".into()),
            waits_for(|_, service| {
                let old = DeploymentView { id: "ecs-svc/1".into(), status: "ACTIVE".into(), ..Default::default() };
                service.deployments.push(old);
            }),
        ];
        let all: std::collections::BTreeSet<_> = why.iter().collect();
        assert_eq!(all.len(), why.len(), "{why:#?}");
    }

    #[test]
    fn injected_containers_are_reported_and_do_not_affect_the_phase() {
        let mut view = healthy();
        view.tasks[0].injected = vec![
            container("watcher", "RUNNING", "UNHEALTHY", None),
            container("aws-guardduty-agent-mfjGLB", "STOPPED", "UNKNOWN", None),
        ];
        assert_eq!(phase(&view), Some(Phase::Ready));
        let shown = ["watcher: UNHEALTHY", "aws-guardduty-agent: STOPPED: no reason given"];
        assert_eq!(incidents(&view), shown.map(|shown| format!("injected ecs-svc/2 {shown}")));
    }

    #[test]
    fn a_stopping_task_is_a_writer_until_it_has_stopped() {
        let at_zero = |last: &str| {
            changed(|view, service| {
                (service.desired, service.running) = (0, 0);
                view.tasks[0] = TaskView { desired: "STOPPED".into(), last: last.into(), ..task("aaaaaaaa1") };
            })
        };
        assert_eq!(at_zero("STOPPED"), Some(Phase::Idle));
        for last in ["DEACTIVATING", "STOPPING", "DEPROVISIONING"] {
            assert_eq!(at_zero(last), Some(Phase::Pending(format!("task aaaaaaaa is {last}"))));
        }
        let counted = changed(|view, service| {
            service.desired = 0;
            view.tasks.clear();
        });
        assert_eq!(counted, Some(Phase::Pending("ECS still counts a task".into())));
    }

    #[test]
    fn a_task_outlives_its_service() {
        let mut view = ServiceView { service: None, ..healthy() };
        assert!(matches!(phase(&view), Some(Phase::Pending(_))));
        view.tasks[0].last = "STOPPED".into();
        assert_eq!(phase(&view), None);
    }

    #[test]
    fn one_failure_is_reported_and_two_are_a_failed_deployment() {
        let during = |rollout: &str, tasks: Vec<TaskView>| {
            let mut view = healthy();
            view.tasks = tasks;
            view.service.as_mut().unwrap().deployments[0].rollout = rollout.into();
            (phase(&view), incidents(&view).len())
        };
        let with = |tasks| during("COMPLETED", tasks);
        assert!(matches!(with(vec![failed("a", "STOPPED")]), (Some(Phase::Degraded(_)), 1)));
        let (twice, shown) = with(vec![failed("b", "STOPPING"), failed("a", "STOPPED")]);
        let why = "2 tasks have failed, the last one: CannotPullContainerError: not found";
        assert_eq!((twice, shown), (Some(Phase::Failed(why.into())), 2));
        let (recovered, _) = with(vec![task("c"), failed("b", "STOPPED"), failed("a", "STOPPED")]);
        assert_eq!(recovered, Some(Phase::Ready));
        let earlier = |id: &str| TaskView { started_by: "ecs-svc/1".into(), ..failed(id, "STOPPED") };
        let begun = during("IN_PROGRESS", vec![earlier("b"), earlier("a")]);
        assert!(matches!(begun, (Some(Phase::Pending(_)), 0)));
    }

    #[test]
    fn a_stop_on_request_is_no_failure() {
        let stopped = |code: &str, reason: &str| TaskView {
            stop_code: Some(code.into()),
            stopped_reason: Some(reason.into()),
            ..failed("a", "STOPPED")
        };
        assert!(!stopped("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment x)").has_failed());
        assert!(!stopped("UserInitiated", "Task stopped by user").has_failed());
        assert!(stopped("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group x)").has_failed());
    }

    #[test]
    fn a_failed_rollout_and_a_refusal_have_a_reason() {
        let failure = changed(|view, service| {
            view.tasks = vec![failed("a", "STOPPED")];
            service.deployments[0].rollout = "FAILED".into();
        });
        let why = "the deployment has failed: CannotPullContainerError: not found";
        assert_eq!(failure, Some(Phase::Failed(why.into())));
        let message = "(service ce-x) was unable to place a task. Reason: You've reached the limit on vCPUs.";
        let refused = |at: f64| {
            waits_for(|view, service| {
                view.tasks.clear();
                service.deployments[0].rollout = "IN_PROGRESS".into();
                service.events = vec![EventView { at, message: message.into() }];
            })
        };
        assert_eq!(refused(150.0), message);
        assert_eq!(refused(50.0), "no task yet");
    }

    #[test]
    fn fewer_tasks_than_desired_after_a_completed_deployment_are_a_failure() {
        let phase = changed(|view, _| view.tasks.clear());
        assert_eq!(phase, Some(Phase::Failed("the deployment is complete, and no task runs".into())));
    }
}
