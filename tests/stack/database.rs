//! A dump of the database to a file, and its content back.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::exec_command::resumed;
use crate::product::Product;
use crate::python::{Script, printed};
use crate::single_writer::{never_two, never_two_deployments};
use crate::upgrade::{intent, is_well_at};

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";

pub fn deployed(account: &Account) -> Product<'_> {
    let product = Product::with_plan(account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

/// Collections with as many documents that compress badly.
pub fn fill(account: &Account, documents: usize) -> Value {
    let secret = |number: usize| format!("{:x}", (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let plugins: Vec<Value> = (0..documents).map(|n| json!({ "name": n, "token": secret(n).repeat(3) })).collect();
    let collections = json!({ "settings": [{ "databaseVersion": "5.0.0" }], "plugins": plugins });
    account.post("cloud-exchange-database", &json!({ "collections": collections }));
    collections
}

/// The collections in a dump, as the emulator's mongodump has packed them.
fn packed(path: &std::path::Path) -> Value {
    let read = "import gzip, json, sys; print(gzip.open(sys.argv[1]).read()[4:].decode())";
    let printed = printed(Script::Text(read), &[path.to_str().expect("text")], Vec::new());
    let database: Value = serde_json::from_str(&printed).expect("JSON");
    database["collections"].clone()
}

fn files(product: &Product<'_>) -> Vec<String> {
    let folder = std::fs::read_dir(product.folder()).expect("the folder is there");
    let mut names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_dump_arrives_whole_and_names_no_password() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let collections = fill(&account, 3000);
    let begun = account.journal(0).len();
    let dumped = product.expect(0, &["database", "dump", "FILE", "-o", "dump.gz", "--output", "json"]);
    let dumped: Value = serde_json::from_str(&dumped.stdout).expect("JSON");
    let path = product.folder().join("dump.gz");
    assert_eq!(packed(&path), collections);
    assert_eq!(dumped["bytes"], path.metadata().unwrap().len());
    assert!(path.metadata().unwrap().len() > 40_000, "{dumped}");
    assert_eq!((&dumped["facts"]["version"], &dumped["facts"]["documents"]), (&json!("5.0.0"), &json!(3001)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let secret = account.by_hand(
        "secrets = client('secretsmanager')\n\
         for one in secrets.list_secrets()['SecretList']: print(secrets.get_secret_value(SecretId=one['ARN'])['SecretString'])",
    );
    let secret: Value = serde_json::from_str(secret.lines().next().expect("a secret")).expect("JSON");
    let password = secret.as_object().expect("keys").iter().find(|(key, _)| key.contains("assword")).expect("one").1;
    let calls = account.journal(begun);
    let commands: Vec<&Value> = calls.iter().filter(|call| call["operation"] == "ExecuteCommand").collect();
    assert_eq!(commands.len(), 2);
    assert!(commands.iter().all(|call| !call.to_string().contains(text(password))), "{commands:#?}");
    // A file of that name stays as it is.
    let again = product.expect(64, &["database", "dump", "FILE", "-o", "dump.gz"]);
    assert!(again.stderr.contains("usage/exists"), "{}", again.stderr);
    assert_eq!(files(&product), ["dump.gz", "plan.toml"]);
}

#[test]
fn a_dump_and_its_return_outlive_their_connections() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let collections = fill(&account, 3000);
    let cut = |contains: &str, after: Value| {
        account.delete("exec");
        account.post("exec", &json!({ "contains": contains, "runs": true, "cut_after": after }));
    };
    cut("mongodump", json!([5, 20, 1]));
    product.expect(0, &["database", "dump", "FILE", "-o", "dump.gz"]);
    assert!(packed(&product.folder().join("dump.gz")) == collections, "the dump is another database");
    assert_eq!(resumed(&account), 3);
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    cut("stty", json!([3]));
    product.expect(0, &["database", "restore", "FILE", "dump.gz", "--yes"]);
    assert!(database(&account) == collections, "another database came back");
    assert_eq!(resumed(&account), 4);
}

#[test]
fn half_a_dump_is_no_file() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    fill(&account, 2000);
    let dump = |code: i32, words: &[&str]| {
        let said = product.expect(code, &["database", "dump", "FILE", "-o", "dump.gz"]).stderr;
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{said}");
        assert_eq!(files(&product), ["plan.toml"]);
    };
    let fault = |fault: &str| {
        account.post("exec", &json!({ "contains": "mongodump", "runs": true, "fault": fault, "at": 30_000 }));
    };
    fault("cut");
    dump(1, &["session ended before the command did", "no file was written"]);
    fault("corrupt");
    dump(1, &["SHA-256", "no file was written"]);
    account.delete("exec");
    for missing in ["mongodump", "base64", "mongosh"] {
        account.post("settings", &json!({ "cloud_exchange.missing_tools": [missing] }));
        let code = if missing == "mongosh" { 1 } else { 5 };
        dump(code, &[&format!("this container has no {missing}")]);
    }
    account.post("settings", &json!({ "cloud_exchange.missing_tools": [] }));
    product.expect(64, &["database", "dump", "FILE", "-o", "s3://bucket/dump.gz"]);
    product.expect(0, &["stop", "FILE", "--yes"]);
    dump(5, &["exec/no-task", "ce-aws start"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_half_dump() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    fill(&account, 10);
    account.post("exec", &json!({ "contains": "mongodump", "fault": "silent" }));
    let mut child = product.spawn(&["database", "dump", "FILE", "-o", "dump.gz"]);
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("plug-in credentials") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0);
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("it runs");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it is ours").code(), Some(3));
    assert_eq!(files(&product), ["plan.toml"]);
}

fn database(account: &Account) -> Value {
    account.get("cloud-exchange-database")["collections"].clone()
}

fn data_steps(account: &Account) -> Vec<Value> {
    let all = account.get("one-shot-tasks");
    let steps = all.as_array().expect("tasks").iter().filter(|task| text(&task["started_by"]).contains("load-dump"));
    steps.cloned().collect()
}

#[test]
fn a_dump_replaces_the_database_while_nothing_else_runs() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let before = fill(&account, 40);
    product.expect(0, &["database", "dump", "FILE", "-o", "dump.gz"]);
    let later = json!({ "settings": [{ "databaseVersion": "5.0.0" }], "added_later": [{ "x": 1 }] });
    account.post("cloud-exchange-database", &json!({ "collections": later }));
    let refused = product.expect(5, &["database", "restore", "FILE", "dump.gz", "--yes"]);
    assert!(refused.stderr.contains("backup/no-role"), "{}", refused.stderr);
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    let asked = product.expect(5, &["database", "restore", "FILE", "dump.gz"]);
    for words in ["recovery-point/", "data-step/load-dump-", "is deleted first", "confirmed stopped", "unconfirmed"] {
        assert!(asked.stderr.contains(words), "{words:?} is not in\n{}", asked.stderr);
    }
    assert_eq!(database(&account), later, "nothing without consent");

    product.expect(0, &["database", "restore", "FILE", "dump.gz", "--yes"]);
    assert_eq!(database(&account), before);
    is_well_at(&product, "5.0.0");
    assert_eq!(intent(&account), "");
    let steps = data_steps(&account);
    assert_eq!((steps.len(), &steps[0]["exit_code"]), (1, &json!(0)), "{steps:#?}");
    let points = account.get("recovery-points");
    let points: Vec<&Value> = points.as_array().unwrap().iter().filter(|point| point["vault"] == "ce-prod").collect();
    assert_eq!(points.len(), 2);
    assert!(points.iter().skip(1).all(|point| point["torn"] == false), "{points:#?}");
    let left = account.get("cloud-exchange-files");
    assert!(!left.to_string().contains(".ce-aws-dump"), "{left:#}");
    never_two(&account);
}

#[test]
fn a_failed_restore_brings_the_database_before_back() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    account.post(
        "cloud-exchange-database",
        &json!({ "collections": { "settings": [{ "databaseVersion": "4.2.0" }], "old": [{ "x": 1 }] } }),
    );
    product.expect(0, &["database", "dump", "FILE", "-o", "dump.gz"]);
    let now = fill(&account, 20);
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    let failed = product.expect(6, &["database", "restore", "FILE", "dump.gz", "--yes"]);
    for words in ["the dump is of release 4.2.0, and 5.0.0 runs", "rolled back"] {
        assert!(failed.stderr.contains(words), "{words:?} is not in\n{}", failed.stderr);
    }
    let steps = data_steps(&account);
    assert_eq!((steps.len(), &steps[0]["exit_code"]), (1, &json!(1)), "it had deleted everything by then");
    assert_eq!(database(&account), now);
    is_well_at(&product, "5.0.0");
    assert_eq!(intent(&account), "");
    never_two_deployments(&account);
    product.expect(0, &["database", "restore", "FILE", "dump.gz", "--other-release", "--yes"]);
    assert_eq!(database(&account)["old"], json!([{ "x": 1 }]));
    never_two_deployments(&account);
}

#[test]
fn a_dump_that_does_not_arrive_stops_nothing() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let now = fill(&account, 3000);
    product.expect(0, &["database", "dump", "FILE", "-o", "dump.gz"]);
    product.expect(0, &["backup", "create", "FILE", "--yes"]);
    let stops =
        |account: &Account| account.journal(0).iter().filter(|call| call["operation"] == "UpdateService").count();
    let before = stops(&account);
    let restore = |code: i32, dump: &str, words: &str| {
        let said = product.expect(code, &["database", "restore", "FILE", dump, "--yes"]).stderr;
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    };
    account.post("exec", &json!({ "contains": "stty", "runs": true, "fault": "cut", "at": 60 }));
    restore(1, "dump.gz", "nothing was stopped or changed");
    account.delete("exec");
    let whole = std::fs::read(product.folder().join("dump.gz")).unwrap();
    std::fs::write(product.folder().join("half.gz"), &whole[..whole.len() / 2]).unwrap();
    restore(1, "half.gz", "nothing was stopped or changed");
    std::fs::write(product.folder().join("text.gz"), "text").unwrap();
    restore(64, "text.gz", "is no gzip archive");
    account.post("settings", &json!({ "cloud_exchange.missing_tools": ["mongorestore"] }));
    restore(5, "dump.gz", "this container has no mongorestore");
    assert_eq!((stops(&account), database(&account), intent(&account)), (before, now, String::new()));
    assert_eq!(data_steps(&account).len(), 0);
    let left = account.get("cloud-exchange-files");
    assert!(!left.to_string().contains(".ce-aws-dump"), "{left:#}");
}
