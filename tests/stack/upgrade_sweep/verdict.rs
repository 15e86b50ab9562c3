//! What must be true in the end, whatever went wrong; seen without the program wherever that is possible.

use std::collections::BTreeSet;

use serde_json::Value;

use super::direction::{AFTER, BEFORE, member};
use crate::account::{Account, text};
use crate::product::Product;
use crate::releases::{Release, release};

/// What runs in the end.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub release: String,
    pub is_restored: bool,
}

/// The service, its running tasks, and the image of core in each revision.
const LOOK: &str = r#"
import json
[service] = ecs.describe_services(cluster="ce-prod", services=["ce-prod"], include=["TAGS"])["services"]
arns = ecs.list_tasks(cluster="ce-prod", desiredStatus="RUNNING")["taskArns"]
tasks = ecs.describe_tasks(cluster="ce-prod", tasks=arns)["tasks"] if arns else []
images = {}
for status in ["ACTIVE", "INACTIVE"]:
    for arn in ecs.list_task_definitions(familyPrefix="ce-prod", status=status)["taskDefinitionArns"]:
        containers = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]
        for core in containers:
            if core["name"] == "core":
                images[arn] = core.get("dockerLabels", {}).get("ce-aws.image", core["image"])
print(json.dumps({
    "intents": [tag["value"] for tag in service["tags"] if tag["key"] == "ce-aws:intent"],
    "definition": service["taskDefinition"],
    "tasks": [[task["taskArn"], task["lastStatus"], task["healthStatus"], task["taskDefinitionArn"]] for task in tasks],
    "images": images,
}))
"#;

/// Between the two releases of the sweep. Panics with what is wrong.
pub fn of(product: &Product<'_>) -> Verdict {
    crate::single_writer::never_two(product.account);
    between(product, &release(BEFORE), &release(AFTER))
}

/// After an upgrade from one release to another, or what it has come to. Panics with what is wrong; two writers are the
/// caller's to look for.
pub fn between(product: &Product<'_>, before: &Release, after: &Release) -> Verdict {
    let account = product.account;
    let look: Value = serde_json::from_str(&account.by_hand(LOOK)).expect("JSON");
    assert_eq!(look["intents"], serde_json::json!([]), "the intent is left");
    let tasks = look["tasks"].as_array().expect("tasks");
    let [task] = tasks.as_slice() else { panic!("not one task: {tasks:?}") };
    assert_eq!((text(&task[1]), text(&task[2])), ("RUNNING", "HEALTHY"));
    assert_eq!(task[3], look["definition"], "the task is not the service's");
    let image = member(&look["images"], text(&task[3]));
    let runs = [before, after].into_iter().find(|release| release.core() == image);
    let runs = runs.unwrap_or_else(|| panic!("{image} is of neither release: {look}"));
    let status = status(product);
    assert_eq!((text(&status["release"]), text(&status["state"])), (runs.version.as_str(), "healthy"));
    assert_eq!(status["notes"].as_array().map_or(0, Vec::len), 0, "{}", status["notes"]);
    let file = std::fs::read_to_string(product.plan_file()).expect("the plan file");
    let says = format!("release = \"{}\"", runs.version);
    assert!(file.contains(&says), "{} runs, and the plan file says:\n{file}", runs.version);
    let planned = product.run(&[["plan", "FILE", "--exit-code"].as_slice(), &runs.consent()].concat());
    assert_eq!(planned.code, 0, "something is left to do:\n{}\n{}", planned.stdout, planned.stderr);
    let is_new = |revision: &Value| {
        let arn = format!(":task-definition/ce-prod:{revision}");
        let mut images = look["images"].as_object().into_iter().flatten();
        images.any(|(key, image)| key.ends_with(&arn) && *image == after.core())
    };
    let is_restored = content(account, text(&task[0]), runs.version == after.version, is_new);
    Verdict { is_restored, release: runs.version.clone() }
}

pub fn status(product: &Product<'_>) -> Value {
    let said = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
    serde_json::from_str(&said).expect("JSON")
}

/// Whether the data is a restored one; panics if it is not what the task can read, or less than it was.
fn content(account: &Account, task: &str, runs_new: bool, is_new: impl Fn(&Value) -> bool) -> bool {
    let history = account.get("tasks/history");
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
    // What the first task found there. Whoever is interrupted starts a task again, which finds what the first has
    // added.
    let found = history.iter().filter(of_service).find_map(|entry| entry["content"][used].as_u64());

    let points = account.get("recovery-points");
    let points = points.as_array().expect("points");
    assert!(points.iter().all(|point| point["torn"] == false), "{points:?}");
    let all = account.get("file-systems");
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
    let has_written = |entry: &&Value| is_new(&entry["revision"]) && entry["content"][used].is_u64();
    let is_migrated = history.iter().filter(of_service).any(|entry| has_written(&entry));
    assert!(runs_new || !is_migrated, "the old release runs on data that the new one has written");
    is_restored
}
