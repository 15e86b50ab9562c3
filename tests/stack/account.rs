//! One account of the emulator: its clock, faults, journal and history, and an independent inventory.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::python::{Script, printed};

/// An account that no other test uses.
pub struct Account {
    endpoint: String,
    pub id: String,
    /// How many times faster than the wall the account's clock runs.
    pub scale: u32,
    is_used: AtomicBool,
}

impl Account {
    /// A fresh account whose clock runs `scale` times as fast as the wall.
    pub fn new(scale: u32) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let unique = u64::from(std::process::id()) * 1000 + NEXT.fetch_add(1, Ordering::Relaxed);
        Self::of(100_000_000_000 + unique, scale)
    }

    /// A certain account, empty: for what depends on the account's number. No two tests may use the same one; those of
    /// [`Account::new`] are below 200 000 000 000.
    pub fn of(number: u64, scale: u32) -> Self {
        let endpoint = std::env::var("AWS_ENDPOINT_URL")
            .expect("these tests need the emulator: run them as `localstack/with cargo test`");
        let account = Self { endpoint, id: format!("{number:012}"), scale, is_used: AtomicBool::new(false) };
        if number >= 200_000_000_000 {
            account.post("reset", &json!({}));
        }
        account.post("clock", &json!({ "scale": scale }));
        account
    }

    /// Whether this is the first call of it.
    pub fn is_first_use(&self) -> bool {
        !self.is_used.swap(true, Ordering::Relaxed)
    }

    fn url(&self, what: &str) -> String {
        format!("{}/_emulator/{}/{what}", self.endpoint, self.id)
    }

    pub fn get(&self, what: &str) -> Value {
        let mut answer = ureq::get(self.url(what)).call().expect("the emulator answers");
        answer.body_mut().with_config().limit(1 << 30).read_json().expect("the emulator answers JSON")
    }

    pub fn post(&self, what: &str, body: &Value) -> Value {
        let mut answer = ureq::post(self.url(what)).send_json(body).expect("the emulator takes it");
        answer.body_mut().read_json().expect("the emulator answers JSON")
    }

    pub fn delete(&self, what: &str) {
        ureq::delete(self.url(what)).call().expect("the emulator takes it");
    }

    /// The bucket of leases and run history. It stays when a deployment goes, and how often a lease is renewed depends
    /// on how long a run takes: what tests count and list is without it.
    pub fn control_bucket(&self) -> String {
        format!("ce-aws-{}-us-east-1", self.id)
    }

    /// The calls since `from` (0 for all), but for those about the control bucket.
    pub fn journal(&self, from: usize) -> Vec<Value> {
        let ours = |call: &Value| call["request"]["Bucket"] != self.control_bucket();
        self.every_call(0).into_iter().filter(ours).skip(from).collect()
    }

    /// The calls since `from`, those about the control bucket too.
    pub fn every_call(&self, from: usize) -> Vec<Value> {
        let all = self.get("journal");
        all.as_array().expect("a list of calls").iter().skip(from).cloned().collect()
    }

    /// The names of the calls since `from` that change something, as `ec2 CreateVpc`.
    pub fn mutations(&self, from: usize) -> Vec<String> {
        let calls = self.journal(from);
        let mutating = calls.iter().filter(|call| call["mutating"] == true);
        mutating.map(|call| format!("{} {}", text(&call["service"]), text(&call["operation"]))).collect()
    }

    /// Everything in the account, by service, read with boto3; but for the control bucket.
    pub fn read(&self) -> Value {
        let mut read = self.inventory(&[]);
        if let Some(buckets) = read["s3"]["buckets"].as_array_mut() {
            buckets.retain(|bucket| bucket["Name"] != self.control_bucket());
        }
        read
    }

    /// Runs `localstack_fargate.inventory`.
    pub fn inventory(&self, arguments: &[&str]) -> Value {
        // Other runs and other accounts have other values of the ignored ones: a digest may be of ARNs.
        let tags = ["--label-tag", "ce-aws:address", "--ignore-tag", "ce-aws:run", "--ignore-tag", "ce-aws:digest"];
        let printed = printed(Script::Module("inventory"), &[&tags, arguments].concat(), self.environment());
        serde_json::from_str(&printed).expect("the inventory is JSON")
    }

    /// Does something in the account by hand: Python with `boto3` imported and `find(items, address)` at hand, which
    /// gives the resource with that `ce-aws:address`. What it prints is the answer.
    pub fn by_hand(&self, script: &str) -> String {
        const PRELUDE: &str = r#"
import boto3
def client(name):
    return boto3.client(name)
def find(items, address):
    for item in items:
        for tag in item.get("Tags", []) or []:
            if (tag.get("Key"), tag.get("Value")) == ("ce-aws:address", address):
                return item
    raise SystemExit("nothing at " + address)
ec2, elb, iam, logs, ecs = map(client, ["ec2", "elbv2", "iam", "logs", "ecs"])
"#;
        printed(Script::Text(&format!("{PRELUDE}{script}")), &[], self.environment()).trim().to_owned()
    }

    /// The file systems that hold data, in the order of their ids.
    pub fn file_system_ids(&self) -> Vec<String> {
        let systems = self.get("file-systems");
        let mut ids: Vec<String> =
            systems.as_array().into_iter().flatten().map(|system| text(&system["id"]).to_owned()).collect();
        ids.sort();
        ids
    }

    /// What a program needs to work in this account.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", self.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("CE_AWS_TIME_SCALE", self.scale.to_string()),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Every request of the program was one that AWS's own models allow, in every test.
impl Drop for Account {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return; // the test has failed already, and a second panic would abort all others
        }
        let violations = self.get("violations");
        let lines = violations.as_array().into_iter().flatten().map(|one| {
            let [operation, member, sort, what] = ["operation", "member", "sort", "what"].map(|key| text(&one[key]));
            format!("{operation}: {member} {what} ({sort})")
        });
        let lines: Vec<String> = lines.collect();
        assert!(lines.is_empty(), "requests that AWS's models do not allow:\n{}", lines.join("\n"));
    }
}

/// A JSON string, or nothing.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
