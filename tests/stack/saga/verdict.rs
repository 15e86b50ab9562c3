//! What must be true in the end, whatever went wrong; seen without the program wherever that is possible.

use std::collections::BTreeSet;

use serde_json::Value;

use super::road::{AFTER, BEFORE, member};
use crate::bed::{Bed, text};
use crate::product::Product;

/// What runs in the end.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub release: String,
    pub is_restored: bool,
}

/// The service, its running tasks, and the release of each revision by the environment of its core.
const LOOK: &str = r#"
import json
[service] = ecs.describe_services(cluster="ce-prod", services=["ce-prod"], include=["TAGS"])["services"]
arns = ecs.list_tasks(cluster="ce-prod", desiredStatus="RUNNING")["taskArns"]
tasks = ecs.describe_tasks(cluster="ce-prod", tasks=arns)["tasks"] if arns else []
releases = {}
for status in ["ACTIVE", "INACTIVE"]:
    for arn in ecs.list_task_definitions(familyPrefix="ce-prod", status=status)["taskDefinitionArns"]:
        containers = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]
        [core] = [one for one in containers if one["name"] == "core"] or [{"environment": []}]
        tag = {one["name"]: one["value"] for one in core["environment"]}.get("CORE_LATEST_VERSION_TAG", "")
        if tag:
            releases[arn] = {"core4-latest": "4.2.0", "core5-latest": "5.0.0"}[tag.split(":")[-1]]
print(json.dumps({
    "intents": [tag["value"] for tag in service["tags"] if tag["key"] == "ce-aws:intent"],
    "definition": service["taskDefinition"],
    "tasks": [[task["taskArn"], task["lastStatus"], task["healthStatus"], task["taskDefinitionArn"]] for task in tasks],
    "releases": releases,
}))
"#;

/// Panics with what is wrong.
pub fn of(product: &Product<'_>) -> Verdict {
    let bed = product.bed;
    crate::writers::never_two(bed);
    let look: Value = serde_json::from_str(&bed.by_hand(LOOK)).expect("JSON");
    assert_eq!(look["intents"], serde_json::json!([]), "the intent is left");
    let tasks = look["tasks"].as_array().expect("tasks");
    let [task] = tasks.as_slice() else { panic!("not one task: {tasks:?}") };
    assert_eq!((text(&task[1]), text(&task[2])), ("RUNNING", "HEALTHY"));
    assert_eq!(task[3], look["definition"], "the task is not the service's");
    let release = member(&look["releases"], text(&task[3]));
    assert!([BEFORE, AFTER].contains(&release.as_str()), "{look}");
    let status = status(product);
    assert_eq!((text(&status["release"]), text(&status["state"])), (release.as_str(), "healthy"));
    assert_eq!(status["notes"].as_array().map_or(0, Vec::len), 0, "{}", status["notes"]);
    let file = std::fs::read_to_string(product.plan_file()).expect("the plan file");
    assert!(file.contains(&format!("release = \"{release}\"")), "{release} runs, and the plan file says:\n{file}");
    let planned = product.run(&["plan", "FILE", "--exit-code"]);
    assert_eq!(planned.code, 0, "something is left to do:\n{}\n{}", planned.stdout, planned.stderr);
    Verdict { is_restored: content(bed, text(&task[0]), &release, &look["releases"]), release }
}

pub fn status(product: &Product<'_>) -> Value {
    let said = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
    serde_json::from_str(&said).expect("JSON")
}

/// Whether the data is a restored one; panics if it is not what the task can read, or less than it was.
fn content(bed: &Bed, task: &str, release: &str, releases: &Value) -> bool {
    let history = bed.get("tasks/history");
    let history = history.as_array().expect("states");
    let systems = |entry: &Value| -> BTreeSet<String> {
        entry["file_systems"].as_array().into_iter().flatten().map(|id| text(id).to_owned()).collect()
    };
    let of_service = |entry: &&Value| text(&entry["family"]) == "ce-prod";
    let first = systems(history.iter().find(of_service).expect("a first task"));
    let last: Vec<&Value> = history.iter().filter(|entry| text(&entry["task"]) == task).collect();
    let used = systems(last.last().expect("the task is in the history"));
    assert_eq!((first.len(), used.len()), (1, 1), "one file system each");
    let used = used.first().map(String::as_str).unwrap_or_default();
    // What the first task found there. Whoever is interrupted starts a task again, which finds what the first has added.
    let found = history.iter().filter(of_service).find_map(|entry| entry["content"][used].as_u64());

    let points = bed.get("recovery-points");
    let points = points.as_array().expect("points");
    assert!(points.iter().all(|point| point["torn"] == false), "{points:?}");
    let all = bed.get("file-systems");
    let all = all.as_array().expect("file systems");
    let live = all.iter().find(|system| system["id"] == used).expect("the file system in use");
    assert!(live["content"].as_u64() >= Some(1), "the data is lost: {live}");
    let is_restored = !first.contains(used);
    assert_eq!(is_restored, live["restored_from"].is_string(), "an empty file system is in use: {live}");
    assert!(all.len() <= 2 && (is_restored || all.len() == 1), "file systems are left: {all:?}");
    if is_restored {
        let point = points.iter().find(|point| point["arn"] == live["restored_from"]).expect("its recovery point");
        assert!(found >= point["content"].as_u64(), "the task found less than what was backed up: {found:?}");
    }
    let has_written = |entry: &&Value| {
        let arn = format!(":task-definition/ce-prod:{}", entry["revision"]);
        let is_new = releases.as_object().expect("releases").iter().any(|(key, of)| key.ends_with(&arn) && of == AFTER);
        is_new && entry["content"][used].is_u64()
    };
    let is_migrated = history.iter().filter(of_service).any(|entry| has_written(&entry));
    assert!(release == AFTER || !is_migrated, "the old release runs on data that the new one has written");
    is_restored
}
