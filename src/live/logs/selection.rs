//! Which lines are wanted: the log group, and whose streams in it.

use crate::engine::inventory::Inventory;
use crate::kinds::task_definition::TaskDefinition;
use crate::kinds::task_definition::container::Logs;

/// One line of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds since 1970.
    pub time: i64,
    pub container: String,
    /// The task's id, the last part of its ARN.
    pub task: String,
    pub message: String,
}

/// Where the containers of a task definition log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name of the log group: the deployment's, or whichever the revision in force names.
    pub group: String,
    /// What the names of its streams begin with: `<prefix>/<container>/<task id>`.
    pub prefix: String,
    /// The containers of the revision in force, in alphabetical order.
    pub containers: Vec<String>,
}

impl Source {
    /// `None` where nothing is deployed that logs.
    pub fn of(inventory: &Inventory) -> Option<Self> {
        let live = inventory.live.iter().find(|live| live.address.kind() == "task-definition" && !live.is_going())?;
        let definition: TaskDefinition = serde_json::from_value(live.spec.clone()).ok()?;
        let logs = definition.containers.values().find_map(|container| container.logs.as_ref())?;
        let Logs { group, prefix, .. } = logs;
        let containers = definition.containers.iter().filter(|(_, container)| container.logs.is_some());
        Some(Self {
            group: group.text().to_owned(),
            prefix: prefix.clone(),
            containers: containers.map(|(name, _)| name.clone()).collect(),
        })
    }

    /// What the names of a container's streams begin with.
    pub fn streams_of(&self, container: &str) -> String {
        format!("{}/{container}/", self.prefix)
    }
}

/// What is wanted of a source. Empty fields select everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    pub containers: Vec<String>,
    /// The beginning of the task's id.
    pub task: String,
    /// What a line has to contain, as it is written.
    pub text: String,
}

impl Selection {
    /// The longest prefix that the names of all wanted streams have: CloudWatch Logs takes only one.
    pub fn stream_prefix(&self, source: &Source) -> String {
        match self.containers.as_slice() {
            [one] => format!("{}{}", source.streams_of(one), self.task),
            _ => format!("{}/", source.prefix),
        }
    }

    /// The line of an event, if it is wanted.
    pub fn line(&self, source: &Source, stream: &str, time: i64, message: &str) -> Option<Line> {
        let (container, task) = stream.strip_prefix(&source.prefix)?.strip_prefix('/')?.split_once('/')?;
        let is_wanted = (self.containers.is_empty() || self.containers.iter().any(|name| name == container))
            && task.starts_with(&self.task)
            && message.contains(&self.text);
        let [container, task, message] = [container, task, message].map(str::to_owned);
        is_wanted.then_some(Line { time, container, task, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        let containers = ["core", "ui"].map(str::to_owned).to_vec();
        Source { group: "/ce-aws/prod/task".to_owned(), prefix: "cloud-exchange".to_owned(), containers }
    }

    fn wanted(containers: &[&str], task: &str, text: &str) -> Selection {
        let containers = containers.iter().map(|name| (*name).to_owned()).collect();
        Selection { containers, task: task.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn one_container_narrows_what_is_read_and_several_are_read_together() {
        let source = source();
        assert_eq!(wanted(&[], "", "").stream_prefix(&source), "cloud-exchange/");
        assert_eq!(wanted(&["core"], "", "").stream_prefix(&source), "cloud-exchange/core/");
        assert_eq!(wanted(&["core"], "1f2e", "x").stream_prefix(&source), "cloud-exchange/core/1f2e");
        assert_eq!(wanted(&["core", "ui"], "1f2e", "").stream_prefix(&source), "cloud-exchange/");
    }

    #[test]
    fn a_line_is_selected_by_container_task_and_text() {
        let source = source();
        let found = |selection: Selection, stream: &str| selection.line(&source, stream, 7, "an Error here").is_some();
        let core = "cloud-exchange/core/1f2e3d4c";
        for (selection, is_found) in [
            (wanted(&[], "", ""), true),
            (wanted(&["ui", "core"], "1f2e", "Error"), true),
            (wanted(&["ui"], "", ""), false),
            (wanted(&["cor"], "", ""), false),
            (wanted(&[], "2e", ""), false),
            (wanted(&[], "", "error"), false),
        ] {
            assert_eq!(found(selection.clone(), core), is_found, "{selection:?}");
        }
        for foreign in ["cloud-exchange-2/core/1f2e", "cloud-exchange/core", "else", "cloud-exchange"] {
            assert!(!found(wanted(&[], "", ""), foreign), "{foreign}");
        }
        let line = wanted(&[], "", "").line(&source, core, 7, "text");
        let [container, task, message] = ["core", "1f2e3d4c", "text"].map(str::to_owned);
        assert_eq!(line, Some(Line { time: 7, container, task, message }));
    }
}
