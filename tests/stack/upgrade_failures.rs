//! Upgrades that fail: the screen says why, and the former release runs again.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;
use crate::single_writer::never_two_deployments;
use crate::upgrade::{deployed, intent, is_well_at, plan_file, status};

/// How fast the clock runs while an upgrade fails: here the time that the program takes for itself counts.
const SLOW: u32 = 20;
/// AWS seconds between what went wrong and the first look at it. The program looks every five seconds; the rest is the
/// program's own time on a busy machine, which counts twentyfold here.
const SEEN: f64 = 20.0;
/// AWS seconds between what went wrong and the first call that goes back: what happened has been reported, and all that
/// is there has been read. Far below the deadline, which is 1200.
const NOTICED: f64 = 120.0;

/// What is made of it.
struct Failed {
    ran: crate::product::Ran,
    /// The tasks' states since the upgrade began.
    history: Vec<Value>,
    /// When tasks were looked at.
    looks: Vec<f64>,
    /// When the first call was made that goes back.
    back: f64,
}

/// Upgrades a deployment of 4.2.0 to 5.0.0, with images that behave so.
fn upgrade(account: &mut Account, images: &Value) -> Failed {
    let plan = plan_file(&deployed(account, "4.2.0"));
    account.scale = SLOW;
    account.post("clock", &json!({ "scale": SLOW }));
    account.post("images", images);
    let product = Product::with_plan(account, &plan);
    let (states, journal) = (account.get("tasks/history").as_array().map_or(0, Vec::len), account.journal(0).len());
    let ran = product.expect(6, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    assert_eq!(plan_file(&product), plan, "the plan file says what runs");
    is_well_at(&product, "4.2.0");
    never_two_deployments(account);
    let history = account.get("tasks/history").as_array().expect("states").iter().skip(states).cloned().collect();
    let calls = account.journal(journal);
    let is_back = |call: &&Value| {
        let request = call["request"].to_string();
        call["operation"] == "TagResource" && ["at=back", "at=restore"].iter().any(|mark| request.contains(mark))
    };
    let back = calls.iter().find(is_back).and_then(|call| call["time"].as_f64()).expect("it went back");
    let looks = calls.iter().filter(|call| call["operation"] == "DescribeTasks");
    let looks = looks.filter_map(|call| call["time"].as_f64()).collect();
    Failed { ran, history, looks, back }
}

impl Failed {
    /// When a task of the new release first was in one of these states.
    fn seen(&self, states: &[&str]) -> f64 {
        let new = |change: &&Value| change["family"] == "ce-prod" && change["revision"] == 2;
        let mut changes = self.history.iter().filter(new);
        let first = changes.find(|change| states.contains(&text(&change["state"])));
        first.and_then(|change| change["time"].as_f64()).unwrap_or_else(|| panic!("never {states:?}"))
    }

    fn says(&self, words: &[&str]) {
        for words in words.iter().chain(&["the upgrade has failed", "rolled back: what ran before runs again"]) {
            assert!(self.ran.stderr.contains(words), "{words:?} is not in\n{}", self.ran.stderr);
        }
    }

    fn noticed(&self, what: &str, event: f64) {
        let seconds = self.back - event;
        let seen = self.looks.iter().find(|look| **look > event).map_or(f64::MAX, |look| look - event);
        println!("{what}: seen after {seen:.0} s, going back after {seconds:.0} s");
        assert!(seen < SEEN, "{what}: seen after {seen} s");
        assert!((0.0..NOTICED).contains(&seconds), "{what}: noticed after {seconds} s");
    }
}

/// The content is that of the recovery point, in a new file system; the one before is kept.
fn is_restored(account: &Account) {
    let systems = account.get("file-systems");
    let systems = systems.as_array().expect("file systems");
    let points = account.get("recovery-points");
    let [point] = points.as_array().map(Vec::as_slice).expect("points") else { panic!("one recovery point: {points}") };
    assert_eq!(point["torn"], false);
    let [kept, restored] = systems.as_slice() else { panic!("two file systems: {systems:?}") };
    assert_eq!((&kept["id"], &restored["restored_from"]), (&point["file_system"], &point["arn"]));
    // Whoever moves things finds nothing in the root; the first that finds something is the release before.
    let history = account.get("tasks/history");
    let found: Vec<u64> = history
        .as_array()
        .expect("states")
        .iter()
        .filter(|change| change["family"] == "ce-prod" && change["state"] == "RUNNING")
        .filter_map(|change| change["content"][text(&restored["id"])].as_u64())
        .collect();
    assert_eq!(found.first(), point["content"].as_u64().as_ref(), "what was recorded is found: {history}");
    let list = Product::new(account).expect(0, &["backup", "list", "--name", "prod", "--output", "json"]).stdout;
    let list: Value = serde_json::from_str(&list).expect("JSON");
    assert!(list["file_systems"].to_string().contains(text(&kept["id"])), "{list}");
    assert!(list.to_string().contains("kept-"), "{list}");
}

fn is_the_same(account: &Account) {
    let systems = account.get("file-systems");
    assert_eq!(systems.as_array().map(Vec::len), Some(1), "nothing was restored: {systems}");
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let mut account = Account::new(SCALE);
    let failed = upgrade(&mut account, &json!({ "*core5*": { "behaviour": "denied" } }));
    failed.says(&["CannotPullContainerError", "subscribe this account"]);
    failed.noticed("cannot be pulled", failed.seen(&["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]));
    is_the_same(&account);
}

#[test]
fn a_container_that_exits_at_once() {
    let mut account = Account::new(SCALE);
    let images = json!({ "*core5*#core": { "behaviour": "exit", "exit_code": 137, "log": ["no space left"] } });
    let failed = upgrade(&mut account, &images);
    failed.says(&["Essential container in task exited", "core: STOPPED, exit code 137", "no space left"]);
    failed.noticed("exits at once", failed.seen(&["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]));
    is_restored(&account);
}

#[test]
fn a_container_that_never_becomes_healthy() {
    let mut account = Account::new(SCALE);
    let images = json!({ "*core5*#core": { "behaviour": "unhealthy", "log": ["stuck in a migration"] } });
    let failed = upgrade(&mut account, &images);
    failed.says(&["core is UNHEALTHY", "stuck in a migration"]);
    let read = account.read();
    let definitions = read["ecs"]["task_definitions"].as_array().expect("revisions").iter();
    let mut containers = definitions.flat_map(|one| one["containerDefinitions"].as_array().into_iter().flatten());
    let check = containers.find(|one| one["name"] == "core").map(|one| &one["healthCheck"]).expect("core is checked");
    let number = |name: &str| check[name].as_f64().unwrap_or_default();
    // Nobody can know it earlier than ECS does.
    let unhealthy = number("startPeriod") + number("interval") * number("retries");
    let seconds = failed.back - failed.seen(&["RUNNING"]) - unhealthy;
    println!("never healthy: {unhealthy} s for ECS to say so, going back after {seconds:.0} s");
    assert!(seconds < number("interval") + NOTICED, "noticed after {seconds} s: {check}");
    is_restored(&account);
}

#[test]
fn a_container_that_dies_during_the_watch() {
    let mut account = Account::new(SCALE);
    let dies = json!({ "behaviour": "healthy-then-dies", "after": 110, "exit_code": 1, "log": ["out of memory"] });
    let failed = upgrade(&mut account, &json!({ "*core5*#core": dies }));
    failed.says(&["verifying service/main", "core: STOPPED", "exit code 1", "out of memory"]);
    failed.noticed("dies while watched", failed.seen(&["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]));
    is_restored(&account);
}

const EXITS: &str = r#"{ "*core5*#core": { "behaviour": "exit", "exit_code": 1, "log": ["no space left"] } }"#;

/// From now on the new release's core exits as soon as it runs.
pub fn exits(account: &Account) {
    account.post("images", &serde_json::from_str(EXITS).expect("JSON"));
}

#[test]
fn no_rollback_on_request_then_resume_or_rollback() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    exits(&account);
    let stopped = product.expect(7, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--on-failure", "stop"]);
    for words in ["left as it is, as you asked", "--resume", "--rollback", "no space left"] {
        assert!(stopped.stderr.contains(words), "{words:?} is not in\n{}", stopped.stderr);
    }
    assert!(intent(&account).contains("from=4.2.0"));
    let journal = account.journal(0).len();
    for command in [["plan", "FILE"].as_slice(), &["apply", "FILE", "--yes"], &["stop", "FILE", "--yes"]] {
        let refused = product.expect(5, command);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        for words in ["an upgrade from 4.2.0 to 5.0.0 is not finished", "--resume", "--rollback"] {
            assert!(said.contains(words), "{command:?}: {words:?} is not in\n{said}");
        }
    }
    product.expect(5, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    assert_eq!(account.mutations(journal), [""; 0]);

    product.expect(7, &["upgrade", "FILE", "--resume", "--yes", "--on-failure", "stop"]);
    account.delete("images");
    product.expect(0, &["upgrade", "FILE", "--resume", "--yes"]);
    is_well_at(&product, "5.0.0");
    is_the_same(&account);
    never_two_deployments(&account);
}

#[test]
fn no_rollback_on_request_then_rollback() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    exits(&account);
    product.expect(7, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--on-failure", "stop"]);
    product.expect(0, &["upgrade", "FILE", "--rollback", "--yes"]);
    is_well_at(&product, "4.2.0");
    is_restored(&account);
    never_two_deployments(&account);
}

#[test]
fn rollback_without_a_recovery_point_is_refused() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.2.0");
    exits(&account);
    let failed = product.expect(7, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--no-backup"]);
    let words =
        ["without a recovery point there is no rollback", "there is no recovery point of this upgrade", "--resume"];
    for words in words {
        assert!(failed.stderr.contains(words), "{words:?} is not in\n{}", failed.stderr);
    }
    assert_eq!(account.get("recovery-points"), json!([]));
    assert_ne!(status(&product).0, "healthy");
    account.delete("images");
    product.expect(0, &["upgrade", "FILE", "--resume", "--yes"]);
    is_well_at(&product, "5.0.0");
    is_the_same(&account);
    never_two_deployments(&account);
}
