//! Never two tasks on one file system, by the emulator's history of every task state.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

/// Fails if two tasks were ever between their first state and STOPPED on one file system at one time.
pub fn never_two(account: &Account) {
    fails_on(overlap(&account.get("tasks/history"), "task"));
}

/// The same where ECS replaces failing tasks by itself, which it does before the old one has stopped, whatever the
/// settings: here only tasks of different deployments, which are this program's doing, must not meet.
pub fn never_two_deployments(account: &Account) {
    fails_on(overlap(&account.get("tasks/history"), "deployment"));
}

fn fails_on(overlap: Option<(String, String, String)>) {
    if let Some((one, other, system)) = overlap {
        panic!("{one} and {other} wrote to {system} at the same time");
    }
}

/// Two writers that overlapped on a file system, if any did: tasks, or deployments and the tasks that belong to none.
/// The history is in order of time.
fn overlap(history: &Value, writer: &str) -> Option<(String, String, String)> {
    let mut writers: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for change in history.as_array().expect("a list of states") {
        let task = text(&change["task"]);
        let who = change[writer].as_str().unwrap_or(task);
        for system in change["file_systems"].as_array().into_iter().flatten().map(text) {
            let tasks = writers.entry(system.to_owned()).or_default();
            if change["state"] == "STOPPED" {
                tasks.remove(task);
                continue;
            }
            tasks.insert(task.to_owned(), who.to_owned());
            if let Some(other) = tasks.values().find(|other| *other != who) {
                return Some((other.clone(), who.to_owned(), system.to_owned()));
            }
        }
    }
    None
}

#[test]
fn a_changed_task_definition_never_has_two_writers() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.edit("# debug = false", "debug = true");
    let planned = crate::drift::steps(&product);
    assert_eq!(
        planned,
        ["stop service/main one-writer", "update service/main changed", "update task-definition/main changed"]
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let history = account.get("tasks/history");
    let tasks: std::collections::BTreeSet<&str> =
        history.as_array().expect("states").iter().map(|change| text(&change["task"])).collect();
    assert_eq!(tasks.len(), 2, "the old task and the new one");
    never_two(&account);
}

/// ECS replaces a task on request before it has stopped.
#[test]
fn a_lost_response_starts_no_second_task() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.edit("# debug = false", "debug = true");
    let start =
        serde_json::json!({ "service": "ecs", "operation": "UpdateService", "nth": 2, "times": 1, "kind": "lost" });
    account.post("faults", &start);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(account.get("faults")[0]["hits"], 1);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    never_two(&account);
}

#[test]
fn overlap_without_the_fence_is_detected() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    never_two(&account);
    // What the vendor's template does: up to 200 percent, and a new deployment while the old task runs.
    account.by_hand(
        r#"
ecs.update_service(cluster="ce-prod", service="ce-prod", forceNewDeployment=True,
    deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 200})
"#,
    );
    account.post("clock", &serde_json::json!({ "advance": 120 }));
    assert!(overlap(&account.get("tasks/history"), "task").is_some(), "two writers went unseen");
}

#[test]
fn manually_started_tasks_are_detected() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    account.by_hand(r#"ecs.update_service(cluster="ce-prod", service="ce-prod", desiredCount=0)"#);
    account.post("clock", &serde_json::json!({ "advance": 300 }));
    account.delete("tasks/history");
    account.by_hand(
        r#"
[service] = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"]
for _ in range(2):
    ecs.run_task(cluster="ce-prod", taskDefinition=service["taskDefinition"], launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"])
"#,
    );
    for writer in ["task", "deployment"] {
        assert!(overlap(&account.get("tasks/history"), writer).is_some(), "two writers went unseen by {writer}");
    }
}

#[test]
fn a_one_shot_task_beside_the_service_is_detected() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    // What a data step would be without the fence before it.
    account.by_hand(
        r#"
[service] = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"]
ecs.run_task(cluster="ce-prod", taskDefinition=service["taskDefinition"], launchType="FARGATE",
    startedBy="ce-aws/mongodb-compatibility-1a2b3c4d", networkConfiguration=service["networkConfiguration"])
"#,
    );
    for writer in ["task", "deployment"] {
        assert!(overlap(&account.get("tasks/history"), writer).is_some(), "two writers went unseen by {writer}");
    }
}
