//! Upgrades that succeed: the vendor's chain of releases, one by one and all at once.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;
use crate::single_writer::never_two;

/// A deployment of a release, by a plan file with comments.
pub fn deployed<'a>(account: &'a Account, release: &str) -> Product<'a> {
    let product = Product::new(account);
    product.edit("release = \"5.0.0\"", &format!("release = '{release}'   # said by us, not by the vendor"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

pub fn plan_file(product: &Product<'_>) -> String {
    std::fs::read_to_string(product.plan_file()).expect("the plan file is there")
}

/// What `status` says of state and release.
pub fn status(product: &Product<'_>) -> (String, String) {
    let said = product.run(&["status", "FILE", "--output", "json"]);
    let said: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    (text(&said["state"]).to_owned(), text(&said["release"]).to_owned())
}

/// One healthy task of a release, no open operation, and an empty plan.
pub fn is_well_at(product: &Product<'_>, release: &str) {
    assert_eq!(status(product), ("healthy".to_owned(), release.to_owned()));
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(intent(product.account), "");
}

/// The tag on the service that records the open operation.
pub fn intent(account: &Account) -> String {
    account.by_hand(
        r#"
arn = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]["serviceArn"]
tags = ecs.list_tags_for_resource(resourceArn=arn)["tags"]
print(next((tag["value"] for tag in tags if tag["key"] == "ce-aws:intent"), ""))
"#,
    )
}

/// The names of the data steps that have run, with their exit codes, in order.
pub fn data_steps(account: &Account) -> Vec<String> {
    let steps = account.get("one-shot-tasks");
    let name = |step: &Value| {
        let started_by = text(&step["started_by"]).trim_start_matches("ce-aws/");
        let name = started_by.rsplit_once('-').map_or(started_by, |(name, _)| name);
        format!("{name} {}", step["exit_code"])
    };
    steps.as_array().expect("a list of steps").iter().map(name).collect()
}

const DATA_STEPS: [&str; 4] =
    ["mongodb-compatibility 0", "custom-plugins 0", "rabbitmq-leftovers 0", "rabbitmq-feature-flags 0"];

/// What must be true of every upgrade that went well.
pub fn is_clean(account: &Account, steps: usize) {
    let systems = account.get("file-systems");
    let contents: Vec<u64> =
        systems.as_array().expect("file systems").iter().filter_map(|one| one["content"].as_u64()).collect();
    assert_eq!(contents.len(), 1, "the same file system: {systems}");
    let points = account.get("recovery-points");
    let points: Vec<&Value> =
        points.as_array().expect("points").iter().filter(|point| point["vault"] == "ce-prod").collect();
    assert_eq!(points.len(), steps, "a recovery point for each step");
    assert!(points.iter().all(|point| point["torn"] == false), "{points:?}");
    let recorded: BTreeSet<u64> = points.iter().filter_map(|point| point["content"].as_u64()).collect();
    assert_eq!(recorded.len(), steps, "each with different content");
    assert!(recorded.iter().all(|version| *version > 0 && *version < contents[0]), "{recorded:?} of {contents:?}");

    let read = account.read();
    let revisions = read["ecs"]["task_definitions"].as_array().expect("revisions").iter();
    let active: Vec<&str> = revisions
        .filter(|one| one["status"] == "ACTIVE")
        .map(|one| text(&one["taskDefinitionArn"]).rsplit('/').next().unwrap_or_default())
        .collect();
    assert_eq!(active.len(), 3, "the revision that runs and the two before: {active:?}");
    assert!(active.iter().all(|name| name.starts_with("ce-prod:")), "nothing of the data steps: {active:?}");
    assert!(read["logs"].to_string().contains("/ce-aws/prod/task"), "logs are kept");

    // What the old release needed goes when nobody goes back to it.
    let calls = account.journal(0);
    let place = |wanted: &dyn Fn(&Value) -> bool| calls.iter().position(wanted);
    let commit =
        place(&|call| call["operation"] == "UntagResource" && call["request"].to_string().contains("ce-aws:intent"));
    let gone = place(&|call| call["operation"] == "DeleteAccessPoint");
    assert!(commit.is_some(), "the intent was taken back");
    assert!(gone.is_none() || commit < gone, "deleted at {gone:?}, committed at {commit:?}");
    never_two(account);
}

#[test]
fn the_chain_is_upgraded_release_by_release() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.0.0");
    let mut file = plan_file(&product);
    let system = text(&account.get("file-systems")[0]["id"]).to_owned();
    let mut ran = 0;
    for (release, steps) in [("4.1.0", 1), ("4.2.0", 2), ("5.0.0", 1)] {
        let upgraded = product.expect(0, &["upgrade", "FILE", "--to", release, "--yes"]);
        assert!(upgraded.stderr.contains("updated to match the running version"), "{}", upgraded.stderr);
        assert!(!upgraded.stdout.contains("first apply"), "{}", upgraded.stdout);
        ran += steps;
        assert_eq!(data_steps(&account), DATA_STEPS[..ran], "{release}");
        let before = file.split('\'').nth(1).expect("the release in quotes").to_owned();
        file = file.replace(&format!("'{before}'"), &format!("'{release}'"));
        assert_eq!(plan_file(&product), file, "comments and layout stay");
        is_well_at(&product, release);
    }
    assert_eq!(account.get("file-systems")[0]["id"], system.as_str());
    is_clean(&account, 3);
    let journal = account.journal(0).len();
    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    assert_eq!(account.mutations(journal), [""; 0], "it is there already");
    product.edit("# idle_timeout_seconds = 300", "idle_timeout_seconds = 200");
    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--on-failure", "rollback"]);
    is_well_at(&product, "5.0.0");
    let calls = account.mutations(journal);
    assert!(calls.iter().any(|call| call.ends_with("ModifyLoadBalancerAttributes")), "{calls:?}");
}

#[test]
fn the_whole_chain_is_one_command() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.0.0");
    let file = plan_file(&product);
    let upgraded = product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes", "--no-write"]);
    assert!(upgraded.stderr.contains("4.0.0 → 4.1.0 → 4.2.0 → 5.0.0: 3 upgrades"), "{}", upgraded.stderr);
    assert_eq!(data_steps(&account), DATA_STEPS);
    assert_eq!(plan_file(&product), file);
    let behind = product.run(&["plan", "FILE", "--exit-code"]);
    assert_eq!(behind.code, 5, "no way leads back: {}", behind.stdout);
    product.edit("'4.0.0'", "'5.0.0'");
    is_well_at(&product, "5.0.0");
    is_clean(&account, 3);
}

#[test]
fn a_release_changed_in_the_plan_file_is_an_upgrade() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "4.1.0");
    product.edit("'4.1.0'", "'5.0.0'");
    let file = plan_file(&product);
    product.expect(0, &["apply", "FILE", "--yes"]);
    assert_eq!(data_steps(&account), DATA_STEPS[1..]);
    assert_eq!(plan_file(&product), file);
    is_well_at(&product, "5.0.0");
    is_clean(&account, 2);
}

/// There is no other way to change the images of a running task.
#[test]
fn an_image_changed_in_the_plan_file_is_an_upgrade() {
    let account = Account::new(SCALE);
    let product = deployed(&account, "5.0.0");
    let mirror = format!("{}.dkr.ecr.us-east-1.amazonaws.com/patched/ui", account.id);
    account.post("registry", &serde_json::json!({ (format!("{mirror}:1")): "one", (format!("{mirror}:2")): "two" }));
    let file = plan_file(&product);
    product.write_plan(&format!("{file}\n[images.override]\nui = \"{mirror}:1\" # ours\n"));
    let journal = account.journal(0).len();
    product.expect(0, &["apply", "FILE", "--yes"]);
    let calls = account.mutations(journal);
    let place = |name: &str| calls.iter().position(|call| call == name).unwrap_or_else(|| panic!("{name}: {calls:?}"));
    assert!(place("ecs TagResource") < place("ecs UpdateService"), "{calls:?}");
    assert!(place("ecs UpdateService") < place("backup StartBackupJob"), "{calls:?}");
    assert!(place("backup StartBackupJob") < place("ecs UntagResource"), "{calls:?}");
    is_well_at(&product, "5.0.0");

    // By a tag alone, and the file follows.
    product.expect(0, &["upgrade", "FILE", "--image", "ui=2", "--yes"]);
    assert_eq!(plan_file(&product), format!("{file}\n[images.override]\nui = \"{mirror}:2\" # ours\n"));
    assert_eq!(data_steps(&account), [""; 0]);
    is_well_at(&product, "5.0.0");
    is_clean(&account, 2);
}
