//! Every error that AWS may answer to a changing call, each once: to those of a first apply, to those that only an
//! update makes, and to those that only a destroy makes; and to those about the control bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;

use serde::Deserialize;
use serde_json::json;

use super::scenario::{DESTROY, FIRST, Scenario, UPDATE};
use super::{Case, sweep};
use crate::account::Account;
use crate::product::{Product, Ran};
use crate::python::python;
use crate::sweep::complaint;
use crate::upgrade_sweep::direction::{self, Call};

/// In the samples: services and causes of all sorts, each operation once.
const SAMPLE: [(&str, &str); 20] = [
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
    ("PutObject", "InternalError"),
    ("UpdateService", "ServerException"),
    ("PutRetentionPolicy", "OperationAbortedException"),
    ("ReleaseAddress", "Throttling"),
    ("DeleteVpc", "DependencyViolation"),
    ("DeleteFileSystem", "InternalServerError"),
    ("DeleteRole", "DeleteConflict"),
    ("DeleteSecret", "AccessDeniedException"),
];

/// What `localstack_fargate.possible_errors` prints.
#[derive(Clone, Debug, Deserialize)]
struct Error {
    service: String,
    operation: String,
    code: String,
    status: u16,
    /// Whether the call is about the control bucket.
    #[serde(skip)]
    is_control: bool,
}

#[test]
fn single_errors_of_an_apply() {
    overcome_or_reported(&FIRST, &[]);
}

#[test]
fn single_errors_of_an_update() {
    overcome_or_reported(&UPDATE, &[&FIRST]);
}

#[test]
fn single_errors_of_a_destroy() {
    overcome_or_reported(&DESTROY, &[&FIRST, &UPDATE]);
}

/// Each error of each operation that the scenario has and the ones before have not.
fn overcome_or_reported(scenario: &'static Scenario, before: &[&Scenario]) {
    let operations = |scenario: &Scenario| scenario.undisturbed().calls.iter().map(operation).collect::<BTreeSet<_>>();
    let known: BTreeSet<_> = before.iter().flat_map(|scenario| operations(scenario)).collect();
    let all = errors(&operations(scenario).difference(&known).cloned().collect());
    // Independent errors are met in one run: the first of each operation, the second of each, and so on.
    let mut nth: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let mut batches: BTreeMap<usize, Vec<Error>> = BTreeMap::new();
    for error in &all {
        let number = nth.entry((&error.operation, error.is_control)).or_default();
        batches.entry(*number).or_default().push(error.clone());
        *number += 1;
    }
    let title = format!("{} with an error", scenario.title);
    println!("{title}: {} errors of {} operations", all.len(), nth.len());
    match crate::sweep::wanted().as_deref() {
        None | Some("sample") => {
            let is_sampled = |error: &&Error| SAMPLE.contains(&(error.operation.as_str(), error.code.as_str()));
            let sample: Vec<Error> = all.iter().filter(is_sampled).cloned().collect();
            assert!(!sample.is_empty(), "none of the sample is in the table");
            sweep(&title, vec![batch(scenario, "the sample".to_owned(), sample)], |_| true);
        }
        Some("full") => {
            let batches =
                batches.into_iter().map(|(number, errors)| batch(scenario, format!("batch {number}"), errors));
            sweep(&title, batches.collect(), |_| false);
        }
        Some(_) => sweep(&title, all.into_iter().map(|error| single(scenario, error)).collect(), |_| false),
    }
}

fn operation(call: &Call) -> (String, bool) {
    (call.name(), call.is_control)
}

/// Of operations, about the control bucket or not.
fn errors(operations: &BTreeSet<(String, bool)>) -> Vec<Error> {
    let mut program = python();
    program.args(["-m", "localstack_fargate.possible_errors"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program.spawn().expect("Python runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    let names: BTreeSet<&String> = operations.iter().map(|(name, _)| name).collect();
    names.iter().for_each(|name| writeln!(stdin, "{name}").expect("it reads"));
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let errors: Vec<Error> = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |error: &Error, is_control| {
        let has = operations.contains(&(format!("{} {}", error.service, error.operation), is_control));
        has.then(|| Error { is_control, ..error.clone() })
    };
    errors.iter().flat_map(|error| [of(error, false), of(error, true)]).flatten().collect()
}

fn single(scenario: &'static Scenario, error: Error) -> Case {
    let of = if error.is_control { " (control bucket)" } else { "" };
    let name = format!("{} {}{of}, {}", error.service, error.operation, error.code);
    Case::new(name, move || meet(scenario, std::slice::from_ref(&error)))
}

/// Where a batch ends badly each of its errors is tried alone.
fn batch(scenario: &'static Scenario, name: String, errors: Vec<Error>) -> Case {
    let number = errors.len();
    let run = move || {
        catch_unwind(AssertUnwindSafe(|| meet(scenario, &errors))).unwrap_or_else(|together| {
            let alone = errors.iter().cloned().map(|error| single(scenario, error).tried());
            let bad: Vec<String> = alone.filter(|row| row.how.is_err()).map(|row| row.to_string()).collect();
            panic!("{}\nalone {} end badly:\n{}", complaint(&*together), bad.len(), bad.join("\n"));
        })
    };
    Case { number, ..Case::new(name, run) }
}

/// Runs the command until all errors, of different operations, have been met and it has ended well.
fn meet(scenario: &Scenario, errors: &[Error]) -> String {
    let account = Account::new(direction::SCALE);
    let product = Product::new(&account);
    (scenario.prepare)(&product);
    for Error { service, operation, code, status, is_control } in errors {
        let which = if *is_control { "contains" } else { "lacks" };
        let rule = json!({
            "service": service, "operation": operation, "kind": "error", "code": code, "status": status, "times": 1,
            "message": "the message of the test", which: account.control_bucket()
        });
        account.post("faults", &rule);
    }
    let mut met = BTreeSet::new();
    let mut stops = 0;
    loop {
        let ran = product.run(scenario.arguments);
        let hits = account.get("faults");
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
    let hits = account.get("faults");
    let missed = hits.as_array().expect("rules").iter().filter(|rule| rule["hits"] == 0).count();
    assert_eq!(missed, 0, "not met: {hits}");
    account.delete("faults");
    scenario.undisturbed().is_equal(&account);
    crate::single_writer::never_two_deployments(&account);
    format!("{} errors, stopped {stops} times", errors.len())
}

/// Each step that failed did so for one of the errors just met, and operation, address, code and what to do are said.
fn tells(ran: &Ran, new: &[&Error]) {
    let failed: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("failed: ")).collect();
    assert!(!failed.is_empty(), "it has stopped and says no failure:\n{}", ran.stderr);
    let is_reported = |error: &&Error| {
        let names = |line: &&str| line.contains(&error.operation) && line.contains(&error.code);
        failed.iter().any(|line| names(line) && line.contains('/'))
    };
    let reported = new.iter().copied().filter(is_reported).count();
    assert!(reported > 0, "none of {new:?} is reported:\n{}", ran.stderr);
    let next = if ran.code == 5 { "hint: " } else { "run the same command again" };
    assert!(ran.stderr.contains(next), "it does not say what to do:\n{}", ran.stderr);
}
