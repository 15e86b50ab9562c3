//! What an older build of the program has left in AWS: the digests of what it wanted, by address, and the task
//! definition as it was registered.
//!
//! Whoever deployed with that build must find nothing to do with this one: the same digests say that the same is
//! wanted, and in the same words, so that no resource is recorded again. `CE_AWS_BEFORE=/path/to/older/ce-aws
//! localstack/with cargo test --test stack releases` deploys with an older build, plans with this one, and writes the
//! record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::{Account, text};
use crate::product::before;

/// The releases that could be deployed before this record was made.
const RECORDED: [&str; 8] = ["4.0.0", "4.1.0", "4.2.0", "5.0.0", "5.0.1", "5.1.0", "5.1.1", "5.1.2"];

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Record {
    digests: BTreeMap<String, String>,
    /// The request, with addresses in the place of ids.
    task_definition: Value,
}

fn path(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stack/releases/{version}.json"))
}

/// Whether the older build could deploy it.
pub fn knows(version: &str) -> bool {
    RECORDED.contains(&version)
}

/// Compares a new deployment with the record, or writes the record of one that the older build has made.
pub fn check(account: &Account, version: &str) {
    if !knows(version) {
        return;
    }
    let now = Record::of(account);
    if before().is_some() {
        let text = serde_json::to_string_pretty(&now).expect("JSON") + "\n";
        std::fs::write(path(version), text).expect("the record can be written");
        return;
    }
    let record = std::fs::read_to_string(path(version)).expect("there is a record");
    let record: Record = serde_json::from_str(&record).expect("a record");
    // First what tells more.
    assert_eq!(now.task_definition, record.task_definition, "existing deployments of {version} would get another task");
    assert_eq!(now.digests, record.digests, "existing deployments of {version} would not plan empty");
}

/// Every recorded release is one of these.
pub fn fits(releases: &[String]) {
    let recorded = releases.iter().filter(|version| path(version).exists());
    assert!(recorded.eq(RECORDED), "each release of the record is in the catalogue and has its file");
}

impl Record {
    fn of(account: &Account) -> Self {
        let read = account.read();
        let mut digests = BTreeMap::new();
        collect(&read, &mut digests);
        let calls = account.journal(0);
        let registered = calls.iter().rfind(|call| call["operation"] == "RegisterTaskDefinition").expect("registered");
        let mut request = registered["request"].clone();
        // Who made it and when.
        request.as_object_mut().expect("an object").remove("tags");
        let request = ids(&read).iter().fold(request.to_string(), |text, (id, name)| text.replace(id, name));
        let mut task_definition: Value = serde_json::from_str(&request).expect("JSON");
        task_definition.sort_all_objects();
        Self { digests, task_definition }
    }
}

/// Addresses and digests of everything that has both in its tags.
fn collect(value: &Value, digests: &mut BTreeMap<String, String>) {
    if let Some(tags) = ["Tags", "TagSet", "tags"].iter().find_map(|name| value.get(*name)) {
        let tag = |key: &str| {
            let listed =
                tags.as_array().and_then(|tags| tags.iter().find(|tag| tag["Key"] == key || tag["key"] == key));
            let listed = listed.map(|tag| tag.get("Value").unwrap_or(&tag["value"]));
            listed.or_else(|| tags.get(key)).and_then(Value::as_str).map(str::to_owned)
        };
        if let (Some(address), Some(digest)) = (tag("ce-aws:address"), tag("ce-aws:digest")) {
            digests.insert(address, digest);
        }
    }
    match value {
        Value::Object(members) => members.values().for_each(|member| collect(member, digests)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, digests)),
        _ => (),
    }
}

/// What a task definition names, by id, with a name in its place.
fn ids(read: &Value) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for system in read["efs"]["file_systems"].as_array().expect("file systems") {
        ids.insert(text(&system["FileSystemId"]).to_owned(), "<file system>".to_owned());
    }
    for point in read["efs"]["access_points"].as_array().expect("access points") {
        let name = format!("<access point {}>", text(&point["Name"]));
        ids.insert(text(&point["AccessPointId"]).to_owned(), name);
    }
    for secret in read["secrets"]["secrets"].as_array().expect("secrets") {
        ids.insert(text(&secret["ARN"]).to_owned(), format!("<secret {}>", text(&secret["Name"])));
    }
    ids
}
