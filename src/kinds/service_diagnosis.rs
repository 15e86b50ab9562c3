//! What is behind an incident: why a task stopped or a container is not healthy, told with its last words.

use crate::aws::error::{on, unless_gone};
use crate::aws::grant::{Grant, Use};
use crate::engine::event::Event;
use crate::engine::failure::Failure;
use crate::engine::inventory::Incident;

use super::container::Logs;
use super::injected;
use super::place::Place;
use super::resource::Context;
use super::service_hints::hints;
use super::service_read;
use super::service_view::{ContainerView, TaskView};

/// Log lines a container.
const LINES: i32 = 15;
/// Characters a line.
const WIDTH: usize = 240;
/// How many containers are quoted: those that failed come first.
const QUOTED: usize = 3;

/// Tells the story of an incident of [`super::service_health::incidents`].
pub async fn tell(context: &Context, incident: &Incident) -> Option<Event> {
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
            format!("task {} stopped: {}", task.short_id(), task.stopped_reason.as_deref().unwrap_or("no reason given"))
        }
    };
    let guilty = guilty(&task, container);
    let logs = logs_of(context, &task).await;
    let tails = guilty.iter().map(|container| async {
        let logs = logs.iter().find(|(name, _)| *name == container.name).map(|(_, logs)| logs);
        match logs {
            Some(logs) => tail(context, logs, &container.name, task.id()).await.unwrap_or_default(),
            None => Vec::new(),
        }
    });
    let tails = futures::future::join_all(tails).await;
    let mut lines: Vec<String> = task.containers.iter().map(state).collect();
    for (container, tail) in guilty.iter().zip(tails) {
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
    // After the hints: what they advise must be about a container of ours.
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
    let call = context.aws.ecs.describe_tasks().cluster(service_read::cluster(context)).tasks(arn);
    let answer = call.send().await.map_err(on("ecs DescribeTasks"))?;
    Ok(service_read::views(context, answer.tasks()).await?.pop())
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

/// The containers whose last words may explain it: the one named, or else those that failed by themselves before those
/// that were brought down with the task (128 + SIGTERM, 128 + SIGKILL). When none has failed, the load balancer was not
/// content: then those that still ran.
fn guilty<'a>(task: &'a TaskView, named: Option<&str>) -> Vec<&'a ContainerView> {
    let mut guilty: Vec<_> = match named {
        Some(name) => task.containers.iter().filter(|container| container.name == name).collect(),
        None => task
            .containers
            .iter()
            .filter(|container| container.exit_code.is_some_and(|code| code != 0) || container.health == "UNHEALTHY")
            .collect(),
    };
    if guilty.is_empty() && task.started.is_some() {
        guilty = task.containers.iter().filter(|container| container.exit_code.is_none()).collect();
    }
    guilty.sort_by_key(|container| matches!(container.exit_code, Some(137 | 143)) && container.health != "UNHEALTHY");
    guilty.truncate(QUOTED);
    guilty
}

/// Where every container of the task writes to.
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
    let answer = unless_gone(call.send().await.map_err(on("logs GetLogEvents")))?;
    let events = answer.and_then(|answer| answer.events).unwrap_or_default();
    Ok(events.iter().filter_map(|event| event.message()).map(printable).collect())
}

/// What telling it must be allowed.
pub(super) fn grants(place: &Place) -> [Grant; 2] {
    let streams = place.names.arn("logs", &format!("log-group:{}*", place.names.log_prefix()));
    let definition = Grant::new(Use::See, "ecs", &["DescribeTaskDefinition"]);
    [definition, Grant::new(Use::See, "logs", &["GetLogEvents"]).on([streams])]
}

/// What a container says is shown on a terminal: no control characters, no endless lines.
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
    fn who_failed_by_itself_speaks_before_who_was_brought_down() {
        let task = TaskView {
            containers: vec![
                container("init", Some(0), "UNKNOWN"),
                container("mongodb-primary", Some(143), "HEALTHY"),
                container("core", Some(1), "UNKNOWN"),
            ],
            ..TaskView::default()
        };
        let names = |named| guilty(&task, named).into_iter().map(|c| c.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(None), ["core", "mongodb-primary"]);
        assert_eq!(names(Some("init")), ["init"]);
        let (running, started) = (vec![container("ui", None, "UNKNOWN")], Some(1.0));
        let unreachable = TaskView { containers: running, started, ..TaskView::default() };
        assert_eq!(guilty(&unreachable, None).len(), 1);
        assert!(guilty(&TaskView { started: None, ..unreachable }, None).is_empty());
        assert_eq!(state(&task.containers[1]), "mongodb-primary: STOPPED, HEALTHY, exit code 143");
    }

    #[test]
    fn what_containers_say_cannot_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n"), "a [2Jb");
        assert_eq!(printable(&"x".repeat(1000)).len(), WIDTH);
    }
}
