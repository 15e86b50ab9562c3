//! The diagnosis of an incident: why a task stopped or a container is unhealthy, with its last log lines.

use crate::kinds::prelude::*;
use crate::kinds::task_definition::container::Logs;

use super::hints::hints;
use super::view::{ContainerView, TaskView};
use super::{injected, read};

/// Log lines a container.
const LINES: i32 = 15;
/// Characters a line.
const WIDTH: usize = 240;
/// How many containers are quoted: those that failed come first.
const QUOTED: usize = 3;

/// Explains an incident of [`super::health::incidents`].
pub async fn explain(context: &Context, incident: &Incident) -> Option<Event> {
    if let Some(warning) = injected::warning(&incident.address, &incident.subject) {
        return Some(warning);
    }
    let (arn, container) = match incident.subject.split_once(' ') {
        _ if !incident.subject.starts_with("arn:") => {
            return Some(diagnosis(incident, "ECS cannot start the task".to_owned(), vec![incident.subject.clone()]));
        }
        Some((arn, container)) => (arn, Some(container)),
        None => (incident.subject.as_str(), None),
    };
    let task = describe(context, arn).await.ok()??;
    let title = match container {
        Some(name) => format!("task {}: {name} is UNHEALTHY", task.short_id()),
        None => {
            let why = task.stopped_reason.as_deref().unwrap_or("no reason given");
            format!("task {} stopped: {why}", task.short_id())
        }
    };
    let suspects = suspects(&task, container);
    let logs = logs_of(context, &task).await;
    let tails = suspects.iter().map(|container| async {
        let Some((name, logs)) = logs.iter().find(|(name, _)| *name == container.name) else { return Vec::new() };
        tail(context, logs, name, task.id()).await.unwrap_or_default()
    });
    let tails = futures::future::join_all(tails).await;
    let mut lines: Vec<String> = task.containers.iter().map(state).collect();
    for (container, tail) in suspects.iter().zip(tails) {
        lines.push(match tail.len() {
            0 => format!("{} has logged nothing that is visible yet", container.name),
            _ => format!("last lines of {}:", container.name),
        });
        lines.extend(tail.into_iter().map(|line| format!("  {line}")));
    }
    if let Some((_, logs)) = logs.first() {
        lines.push(format!("all of it: log group {}, streams {}/*/{}", logs.group.text(), logs.prefix, task.id()));
    }
    let mut diagnosis = diagnosis(incident, title, lines);
    // After the hints, which must be about containers of ours.
    if let Event::Diagnosis { lines, .. } = &mut diagnosis {
        lines.extend(task.injected.iter().map(|container| format!("{} (put there by others)", state(container))));
    }
    Some(diagnosis)
}

fn diagnosis(incident: &Incident, title: String, lines: Vec<String>) -> Event {
    let hints = hints(&format!("{title}\n{}", lines.join("\n")));
    Event::Diagnosis { address: incident.address.clone(), subject: incident.subject.clone(), title, lines, hints }
}

async fn describe(context: &Context, arn: &str) -> Result<Option<TaskView>, Failure> {
    let call = context.aws.ecs.describe_tasks().cluster(read::cluster(context)).tasks(arn);
    let answer = call.send().await.answer()?;
    Ok(read::views(context, answer.tasks()).await?.pop())
}

/// `core: STOPPED, exit code 137, OutOfMemoryError: ...`
fn state(container: &ContainerView) -> String {
    let mut text = format!("{}: {}", container.name, container.status);
    if container.health != "UNKNOWN" && !container.health.is_empty() {
        text += &format!(", {}", container.health);
    }
    if let Some(code) = container.exit_code {
        text += &format!(", exit code {code}");
    }
    if let Some(reason) = &container.reason {
        text += &format!(", {}", printable(reason));
    }
    text
}

/// The containers whose last lines may explain it: the one named, or else those that failed by themselves before those
/// that were stopped with the task (128 + SIGTERM, 128 + SIGKILL). If none has failed, it was the load balancer's
/// health check: then those that still ran.
fn suspects<'a>(task: &'a TaskView, named: Option<&str>) -> Vec<&'a ContainerView> {
    let mut suspects: Vec<_> = match named {
        Some(name) => task.containers.iter().filter(|container| container.name == name).collect(),
        None => task
            .containers
            .iter()
            .filter(|container| container.exit_code.is_some_and(|code| code != 0) || container.health == "UNHEALTHY")
            .collect(),
    };
    if suspects.is_empty() && task.started.is_some() {
        suspects = task.containers.iter().filter(|container| container.exit_code.is_none()).collect();
    }
    suspects.sort_by_key(|container| matches!(container.exit_code, Some(137 | 143)) && container.health != "UNHEALTHY");
    suspects.truncate(QUOTED);
    suspects
}

/// Where every container of the task logs to.
async fn logs_of(context: &Context, task: &TaskView) -> Vec<(String, Logs)> {
    let call = context.aws.ecs.describe_task_definition().task_definition(&task.task_definition);
    let Ok(answer) = call.send().await else { return Vec::new() };
    let containers = answer.task_definition().map(|definition| definition.container_definitions()).unwrap_or_default();
    let logs = containers.iter().filter_map(|container| {
        Some((container.name()?.to_owned(), container.log_configuration().and_then(Logs::read)?))
    });
    logs.collect()
}

async fn tail(context: &Context, logs: &Logs, container: &str, task: &str) -> Result<Vec<String>, Failure> {
    let stream = format!("{}/{container}/{task}", logs.prefix);
    let call = context.aws.logs.get_log_events().log_group_name(logs.group.text()).log_stream_name(stream);
    let call = call.limit(LINES).start_from_head(false);
    let answer = call.send().await.unless_gone()?;
    let events = answer.and_then(|answer| answer.events).unwrap_or_default();
    Ok(events.iter().filter_map(|event| event.message()).map(printable).collect())
}

/// The permissions that this needs.
pub fn grants(place: &Place) -> [Grant; 2] {
    let streams = place.names.arn("logs", &format!("log-group:{}*", place.names.log_prefix()));
    let definition = Grant::new(Use::See, "ecs", &["DescribeTaskDefinition"]);
    [definition, Grant::new(Use::See, "logs", &["GetLogEvents"]).on([streams])]
}

/// For a terminal: without control characters, and cut to [`WIDTH`].
fn printable(text: &str) -> String {
    text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str, exit_code: Option<i32>, health: &str) -> ContainerView {
        let (name, health) = (name.to_owned(), health.to_owned());
        ContainerView { name, status: "STOPPED".to_owned(), health, exit_code, reason: None }
    }

    #[test]
    fn containers_that_failed_by_themselves_come_before_those_stopped_with_the_task() {
        let task = TaskView {
            containers: vec![
                container("init", Some(0), "UNKNOWN"),
                container("mongodb-primary", Some(143), "HEALTHY"),
                container("core", Some(1), "UNKNOWN"),
            ],
            ..TaskView::default()
        };
        let names = |named| suspects(&task, named).into_iter().map(|c| c.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(None), ["core", "mongodb-primary"]);
        assert_eq!(names(Some("init")), ["init"]);
        let (running, started) = (vec![container("ui", None, "UNKNOWN")], Some(1.0));
        let unreachable = TaskView { containers: running, started, ..TaskView::default() };
        assert_eq!(suspects(&unreachable, None).len(), 1);
        assert!(suspects(&TaskView { started: None, ..unreachable }, None).is_empty());
        assert_eq!(state(&task.containers[1]), "mongodb-primary: STOPPED, HEALTHY, exit code 143");
    }

    #[test]
    fn log_lines_cannot_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n"), "a [2Jb");
        assert_eq!(printable(&"x".repeat(1000)).len(), WIDTH);
    }
}
