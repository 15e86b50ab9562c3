//! The lease: one run at a time, a dead holder is replaced, a lost lease stops the run; and the run history.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::failures::{no_twins, wait_for, wait_until};
use crate::product::{Product, Ran};

/// How many times faster than the wall leases run in the emulator, at most.
const LEASE_SCALE: u64 = 4;

/// Somebody's lease, who works on another machine.
fn foreign(beat: u64, released: bool) -> String {
    json!({
        "version": 1, "deployment": "prod", "run": "00000000deadbeef", "user": "arn:aws:iam::1:user/other",
        "host": "elsewhere",
        "pid": 1, "command": "apply other.toml", "since": "2026-01-01T00:00:00Z", "beat": beat, "released": released,
    })
    .to_string()
}

/// Writes what should be the lease, making the bucket first if need be.
fn plant(account: &Account, body: &str) {
    account.by_hand(&format!(
        "s3 = client('s3')\ns3.create_bucket(Bucket={bucket:?})\n\
         s3.put_object(Bucket={bucket:?}, Key='lease/prod.json', Body={body})",
        bucket = account.control_bucket(),
        body = json!(body),
    ));
}

#[test]
fn of_two_applies_one_runs_and_one_names_the_holder() {
    let account = Account::new(12);
    let (one, other) = (Product::new(&account), Product::new(&account));
    let child = one.spawn(&["apply", "FILE", "--yes"]);
    wait_for(&account, 5);
    let before = account.journal(0).len();
    let refused = other.expect(4, &["apply", "FILE", "--yes"]);
    for words in ["waiting: prod is held by arn:aws", "lease/held", "`apply ", "nothing was changed", "Ctrl-C"] {
        assert!(refused.stderr.contains(words), "{words:?} is not in\n{}", refused.stderr);
    }
    assert!(account.journal(0).len() > before, "the other one works meanwhile");
    // Who only looks needs no lease.
    other.expect(0, &["plan", "FILE"]);
    let machine = other.expect(4, &["stop", "FILE", "--yes", "--output", "json"]);
    let error: Value = serde_json::from_str(&machine.stderr).expect("one object");
    assert_eq!((text(&error["code"]), &error["exit"]), ("lease/held", &json!(4)));
    assert_eq!(error["holder"]["pid"], child.id());
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    no_twins(&account);
}

#[test]
fn a_killed_holder_is_replaced_at_once_and_recorded() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let mut child = product.spawn(&["apply", "FILE", "--yes"]);
    wait_for(&account, 12);
    let listed = product.expect(0, &["history", "FILE"]);
    assert!(listed.stdout.contains("under way"), "{}", listed.stdout);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let listed = product.expect(0, &["history", "FILE"]);
    assert!(listed.stdout.contains("did not end"), "nobody is at work: {}", listed.stdout);
    let applied = product.expect(0, &["apply", "FILE", "--yes", "--endpoint-url", &url_with_password(&account)]);
    assert!(!applied.stderr.contains("waiting: prod is held"), "{}", applied.stderr);
    no_twins(&account);

    let listed = product.expect(0, &["history", "--name", "prod"]);
    for words in ["did not end", "done", "apply "] {
        assert!(listed.stdout.contains(words), "{words:?} is not in\n{}", listed.stdout);
    }
    let listed = product.expect(0, &["history", "FILE", "--output", "json"]);
    let runs: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!((&runs[0]["state"], &runs[1]["state"]), (&json!("done"), &json!("did-not-end")), "newest first");
    let shown = product.expect(0, &["history", text(&runs[0]["run"]), "FILE"]);
    for words in ["created", "service/main", "done:", "exit code 0", "plan "] {
        assert!(shown.stdout.contains(words), "{words:?} is not in\n{}", shown.stdout);
    }
    let stored = account.by_hand(&format!(
        "s3 = client('s3')\nfor one in s3.list_objects_v2(Bucket={bucket:?})['Contents']:\n    \
         print(one['Key'], s3.get_object(Bucket={bucket:?}, Key=one['Key'])['Body'].read().decode())",
        bucket = account.control_bucket(),
    ));
    assert!(stored.contains("runs/prod/20") && stored.contains("lease/prod.json"), "{stored}");
    assert!(stored.contains("***@") && !stored.contains("s3cret"), "{stored}");
    for (name, secret) in account.inventory(&["secrets"]).as_object().expect("secrets") {
        let values: Value = serde_json::from_str(text(secret)).expect("a secret of ours is JSON");
        for value in values.as_object().expect("by key").values() {
            assert!(!stored.contains(text(value)), "a value of {name} is on record");
        }
    }
}

/// The emulator's address as somebody might write it who has a proxy in mind.
fn url_with_password(account: &Account) -> String {
    let url = account
        .environment()
        .into_iter()
        .find(|(name, _)| name == "AWS_ENDPOINT_URL")
        .expect("the emulator's address")
        .1;
    url.replace("://", "://user:s3cret@")
}

#[test]
fn a_silent_holder_is_replaced_after_a_minute() {
    let account = Account::new(SCALE);
    plant(&account, &foreign(1, false));
    let began = Instant::now();
    let refused = Product::new(&account).expect(5, &["stop", "FILE", "--yes"]);
    let waited = began.elapsed();
    assert!(refused.stderr.contains("held by arn:aws:iam::1:user/other on elsewhere"), "{}", refused.stderr);
    assert!(refused.stderr.contains("refused/not-deployed"), "it came to its turn: {}", refused.stderr);
    assert!(waited >= Duration::from_secs(60 / LEASE_SCALE), "after {waited:?}");
    // It has been given back.
    let again = Product::new(&account).expect(5, &["stop", "FILE", "--yes"]);
    assert!(!again.stderr.contains("waiting: "), "{}", again.stderr);
}

#[test]
fn a_renewing_holder_is_respected() {
    let account = Account::new(SCALE);
    plant(&account, &foreign(1, false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            account.by_hand(&format!(
                "import time\ns3 = client('s3')\nfor beat in range(2, 8):\n    time.sleep(1)\n    \
                 s3.put_object(Bucket={:?}, Key='lease/prod.json', Body={:?}.replace('BEAT', str(beat)))",
                account.control_bucket(),
                foreign(0, false).replace("\"beat\":0", "\"beat\":BEAT"),
            ))
        });
        let refused = Product::new(&account).expect(4, &["destroy", "FILE", "--yes", "--unprotect"]);
        assert!(refused.stderr.contains("00000000deadbeef"), "{}", refused.stderr);
    });
}

#[test]
fn a_lost_lease_stops_the_run_and_a_retry_converges() {
    let account = Account::new(12);
    let product = Product::new(&account);
    let child = product.spawn(&["apply", "FILE", "--yes"]);
    wait_for(&account, 12);
    plant(&account, &foreign(9, false));
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for words in ["the lease is lost: no new steps", "error[lease-lost]", "remaining: "] {
        assert!(ran.stderr.contains(words), "{words:?} is not in\n{}", ran.stderr);
    }
    let before = account.journal(0).len();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(account.mutations(before), [""; 0], "nothing is done any more");
    let held = account.by_hand(&format!(
        "print(client('s3').get_object(Bucket={:?}, Key='lease/prod.json')['Body'].read().decode())",
        account.control_bucket()
    ));
    assert_eq!(held, foreign(9, false), "the other one's lease is not touched");
    plant(&account, &foreign(10, true));
    product.expect(0, &["apply", "FILE", "--yes"]);
    no_twins(&account);
}

/// Not even back: somebody else may be at work on the same file system.
#[test]
fn an_upgrade_with_a_lost_lease_is_resumed_by_the_next_run() {
    let account = Account::new(12);
    let product = Product::with_plan(&account, "name = \"prod\"\nrelease = \"4.2.0\"\n");
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = account.mutations(0).len();
    let child = product.spawn(&["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    let is_stopped = || account.mutations(0)[before..].iter().any(|call| call == "ecs UpdateService");
    wait_until("the stop", is_stopped);
    plant(&account, &foreign(9, false));
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("the lease is lost: no new steps"), "{}", ran.stderr);
    let starts = account.journal(0).into_iter().filter(|call| call["operation"] == "UpdateService");
    let wanted: Vec<_> = starts.map(|call| call["request"]["desiredCount"].clone()).collect();
    assert_eq!(wanted.last(), Some(&json!(0)), "it has not gone back: {wanted:?}");
    plant(&account, &foreign(10, true));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("upgrade/open"), "{}", refused.stderr);
    product.expect(0, &["upgrade", "FILE", "--resume", "--yes"]);
    crate::single_writer::never_two(&account);
}

#[test]
fn forbidden_buckets_are_reported_and_can_be_bypassed() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let calls = ["s3:CreateBucket", "s3:GetObject", "s3:PutObject"];
    let none = json!({ "Effect": "Deny", "Action": calls, "Resource": "arn:aws:s3:::ce-aws-*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [all, none] });
    account.post("settings", &json!({ "iam.caller_policy": policy }));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    for words in ["lease/denied", "AccessDenied", "--no-lease", "nothing was changed"] {
        assert!(refused.stderr.contains(words), "{words:?} is not in\n{}", refused.stderr);
    }
    assert_eq!(account.mutations(0), [""; 0]);
    let applied = product.expect(0, &["apply", "FILE", "--yes", "--no-lease"]);
    assert!(applied.stderr.contains("warning[lease/none]"), "{}", applied.stderr);
}

#[test]
fn a_foreign_bucket_is_not_used() {
    let (account, other) = (Account::new(SCALE), Account::new(SCALE));
    other.by_hand(&format!("client('s3').create_bucket(Bucket={:?})", account.control_bucket()));
    let refused = Product::new(&account).expect(5, &["apply", "FILE", "--yes"]);
    for words in ["lease/bucket-taken", "another account", "--no-lease"] {
        assert!(refused.stderr.contains(words), "{words:?} is not in\n{}", refused.stderr);
    }
    assert_eq!(account.mutations(0), [""; 0]);
}

#[test]
fn the_bucket_is_secured_even_after_an_interrupted_creation() {
    let account = Account::new(SCALE);
    account.by_hand(&format!("client('s3').create_bucket(Bucket={:?})", account.control_bucket()));
    Product::new(&account).expect(5, &["stop", "FILE", "--yes"]);
    let read = account.inventory(&[]);
    let buckets = read["s3"]["buckets"].as_array().expect("buckets");
    let bucket = buckets.iter().find(|bucket| bucket["Name"] == account.control_bucket()).expect("it is there");
    let rule = &bucket["Encryption"]["ServerSideEncryptionConfiguration"]["Rules"][0];
    assert_eq!(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256");
    let block = bucket["PublicAccessBlock"]["PublicAccessBlockConfiguration"].as_object().expect("blocked");
    assert_eq!(block.values().filter(|one| **one == true).count(), 4, "{block:?}");
    assert_eq!(bucket["Ownership"]["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced");
    let statement = &bucket["Policy"]["Statement"][0];
    assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
    assert_eq!(statement["Condition"], json!({ "Bool": { "aws:SecureTransport": "false" } }));
    let expiry = &bucket["Lifecycle"]["Rules"][0];
    assert_eq!(expiry["Filter"], json!({ "Prefix": "lease/" }));
    assert_eq!(expiry["NoncurrentVersionExpiration"]["NoncurrentDays"], 1);
    assert_eq!(expiry["Status"], "Enabled");
    let versioning = account.by_hand(&format!(
        "print(client('s3').get_bucket_versioning(Bucket={:?})['Status'])",
        account.control_bucket()
    ));
    assert_eq!(versioning, "Enabled");
}

#[test]
fn a_bucket_that_is_not_visible_yet_is_waited_for() {
    let account = Account::new(SCALE);
    for (operation, times) in [("PutObject", 2), ("PutPublicAccessBlock", 1), ("PutBucketPolicy", 1)] {
        let fault = json!({ "service": "s3", "operation": operation, "kind": "error", "code": "NoSuchBucket",
            "status": 404, "times": times });
        account.post("faults", &fault);
    }
    let ran = Product::new(&account).expect(5, &["stop", "FILE", "--yes"]);
    assert!(ran.stderr.contains("refused/not-deployed") && !ran.stderr.contains("NoSuchBucket"), "{}", ran.stderr);
    assert_eq!(lease(&account)["configured"], true);
}

#[test]
fn settings_that_are_denied_are_made_by_the_next_run() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let none = json!({ "Effect": "Deny", "Action": "s3:PutBucketVersioning", "Resource": "arn:aws:s3:::ce-aws-*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [all, none] });
    account.post("settings", &json!({ "iam.caller_policy": policy }));
    let ran = product.expect(5, &["stop", "FILE", "--yes"]);
    for words in ["warning[lease/bucket-settings]", "PutBucketVersioning", "refused/not-deployed"] {
        assert!(ran.stderr.contains(words), "{words:?} is not in\n{}", ran.stderr);
    }
    assert_eq!(lease(&account)["configured"], false);
    account.post("settings", &json!({ "iam.caller_policy": null }));
    let ran = product.expect(5, &["stop", "FILE", "--yes"]);
    assert!(!ran.stderr.contains("lease/bucket-settings"), "{}", ran.stderr);
    assert_eq!(lease(&account)["configured"], true);
    let before = account.every_call(0).len();
    product.expect(5, &["stop", "FILE", "--yes"]);
    let settings = account.every_call(before);
    assert!(!settings.iter().any(|call| text(&call["operation"]).starts_with("PutBucket")), "made once");
}

/// The lease as it is now.
fn lease(account: &Account) -> Value {
    let body = account.by_hand(&format!(
        "print(client('s3').get_object(Bucket={:?}, Key='lease/prod.json')['Body'].read().decode())",
        account.control_bucket()
    ));
    serde_json::from_str(&body).expect("a lease")
}

#[test]
fn an_invalid_lease_object_is_reported() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let newer = foreign(1, true).replace("\"version\":1", "\"version\":2");
    for (body, why) in [("\u{1b}[2J{", "it is not a lease"), ("", "it is not a lease"), (newer.as_str(), "version 2")] {
        plant(&account, body);
        let refused = product.expect(5, &["apply", "FILE", "--yes"]);
        assert!(refused.stderr.contains("lease/unreadable") && refused.stderr.contains(why), "{}", refused.stderr);
        assert!(!refused.stderr.contains('\u{1b}'), "{}", refused.stderr);
    }
    account.by_hand(&format!(
        "client('s3').put_object(Bucket={:?}, Key='runs/prod/\\x1b[2J-0123456789abcdef.json', Body='{{')",
        account.control_bucket()
    ));
    let listed = product.expect(0, &["history", "FILE"]);
    assert!(listed.stdout.contains("cannot be read") && !listed.stdout.contains('\u{1b}'), "{}", listed.stdout);
    assert_eq!(account.mutations(0), [""; 0]);
}
