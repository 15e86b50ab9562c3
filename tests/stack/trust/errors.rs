//! Every error that AWS may answer to a changing call of an apply, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use super::{APPLY, Case, Undisturbed, sweep};
use crate::bed::Bed;
use crate::product::{Product, Ran};
use crate::saga::road;
use crate::sweep::complaint;

/// In the sample: services and causes of all sorts, each operation once.
const SAMPLE: [(&str, &str); 12] = [
    ("AllocateAddress", "AddressLimitExceeded"),
    ("AttachInternetGateway", "InvalidInternetGatewayID.NotFound"),
    ("CreateBucket", "OperationAborted"),
    ("CreateCluster", "ServerException"),
    ("CreateFileSystem", "FileSystemLimitExceeded"),
    ("CreateLoadBalancer", "Throttling"),
    ("CreateLogGroup", "OperationAbortedException"),
    ("CreateRole", "ConcurrentModification"),
    ("CreateSecret", "InternalServiceError"),
    ("CreateService", "AccessDeniedException"),
    ("CreateSubnet", "InvalidVpcID.NotFound"),
    ("CreateVpc", "RequestExpired"),
];

/// What `localstack/errors.py` prints.
#[derive(Clone, Debug, Deserialize)]
struct Error {
    service: String,
    operation: String,
    code: String,
    status: u16,
}

#[test]
fn single_errors_are_overcome_or_told() {
    let all = errors();
    // Independent errors are met in one apply: the first of each operation, the second of each, and so on.
    let mut nth: BTreeMap<&str, usize> = BTreeMap::new();
    let mut batches: BTreeMap<usize, Vec<Error>> = BTreeMap::new();
    for error in &all {
        let number = nth.entry(&error.operation).or_default();
        batches.entry(*number).or_default().push(error.clone());
        *number += 1;
    }
    let is_sampled = |error: &&Error| SAMPLE.contains(&(error.operation.as_str(), error.code.as_str()));
    let sample: Vec<Error> = all.iter().filter(is_sampled).cloned().collect();
    println!("single errors: {} of {} operations", all.len(), nth.len());
    match crate::sweep::wanted().as_deref() {
        None | Some("sample") => {
            assert_eq!(sample.len(), SAMPLE.len(), "the sample has errors that are in no table: {sample:?}");
            sweep("single errors", vec![batch("the sample".to_owned(), sample)], |_| true);
        }
        Some("full") => {
            let batches = batches.into_iter().map(|(number, errors)| batch(format!("batch {number}"), errors));
            sweep("single errors", batches.collect(), |_| false);
        }
        Some(_) => sweep("single errors", all.into_iter().map(single).collect(), |_| false),
    }
}

/// Of all operations that an undisturbed apply changes something with.
fn errors() -> Vec<Error> {
    let calls = &Undisturbed::apply().calls;
    let operations: BTreeSet<String> = calls.iter().map(|call| call.name()).collect();
    let python = std::env::var("CE_BED_PYTHON").expect("`localstack/with` says where its Python is");
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/localstack/errors.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    operations.iter().for_each(|operation| writeln!(stdin, "{operation}").expect("it reads"));
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn single(error: Error) -> Case {
    let name = format!("{} {}, {}", error.service, error.operation, error.code);
    Case::new(name, move || meet(std::slice::from_ref(&error)))
}

/// Where a batch ends badly each of its errors is tried alone.
fn batch(name: String, errors: Vec<Error>) -> Case {
    let number = errors.len();
    let run = move || {
        catch_unwind(AssertUnwindSafe(|| meet(&errors))).unwrap_or_else(|together| {
            let alone = errors.iter().cloned().map(single).map(|case| case.tried());
            let bad: Vec<String> = alone.filter(|row| row.how.is_err()).map(|row| row.to_string()).collect();
            panic!("{}\nalone {} end badly:\n{}", complaint(&*together), bad.len(), bad.join("\n"));
        })
    };
    Case { number, ..Case::new(name, run) }
}

/// Applies until all errors, of different operations, have been met and the stack stands.
fn meet(errors: &[Error]) -> String {
    let bed = Bed::new(road::SCALE);
    let product = Product::new(&bed);
    for Error { service, operation, code, status } in errors {
        let rule = json!({
            "service": service, "operation": operation, "kind": "error", "code": code, "status": status, "times": 1,
            "message": "the message of the test"
        });
        bed.post("faults", &rule);
    }
    let mut met = BTreeSet::new();
    let mut stops = 0;
    loop {
        let ran = product.run(&APPLY);
        let hits = bed.get("faults");
        let hits = hits.as_array().expect("rules").iter().map(|rule| rule["hits"].as_u64() == Some(1));
        let now: BTreeSet<usize> = hits.enumerate().filter_map(|(number, hit)| hit.then_some(number)).collect();
        let new: Vec<&Error> = now.difference(&met).map(|number| &errors[*number]).collect();
        match ran.code {
            0 => break,
            3 | 5 => tells(&ran, &new),
            code => panic!("exit {code} after {new:?}\n{}", ran.stderr),
        }
        stops += 1;
        met = now;
    }
    let hits = bed.get("faults");
    let missed = hits.as_array().expect("rules").iter().filter(|rule| rule["hits"] == 0).count();
    assert_eq!(missed, 0, "not met: {hits}");
    bed.delete("faults");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    Undisturbed::apply().is_equal(&bed);
    crate::writers::never_two_deployments(&bed);
    format!("{} errors, stopped {stops} times", errors.len())
}

/// Each step that failed did so for one of the errors just met, and operation, address, code and what to do are said.
fn tells(ran: &Ran, new: &[&Error]) {
    let failed: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("failed: ")).collect();
    assert!(!failed.is_empty(), "it has stopped and says no failure:\n{}", ran.stderr);
    let is_told = |error: &&Error| {
        let names = |line: &&str| line.contains(&error.operation) && line.contains(&error.code);
        failed.iter().any(|line| names(line) && line.contains('/'))
    };
    let told = new.iter().copied().filter(is_told).count();
    assert!(told > 0, "none of {new:?} is told:\n{}", ran.stderr);
    assert!(ran.stderr.contains("run the same command again"), "it does not say what to do:\n{}", ran.stderr);
}
