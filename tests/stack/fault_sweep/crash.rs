//! Killed at a call: after it has taken effect, and before its response is read. The calls about the lease are among
//! them.

use serde_json::json;

use super::scenario::{DESTROY, FIRST, Scenario, UPDATE};
use super::{APPLY, Case, live, sweep};
use crate::account::Account;
use crate::product::Product;
use crate::upgrade_sweep::direction::{self, Call};

/// One of so many calls is in the sample.
const EVERY: usize = 12;
/// How many times faster than AWS, where a tag shows so late that the next command would miss what has it.
const SLOW: u32 = 12;
const SHOWS_AFTER: u32 = 40;

#[test]
fn apply_killed_at_every_call() {
    killed(&FIRST);
}

#[test]
fn update_killed_at_every_call() {
    killed(&UPDATE);
}

#[test]
fn destroy_killed_at_every_call() {
    killed(&DESTROY);
}

fn killed(scenario: &'static Scenario) {
    let undisturbed = scenario.undisturbed();
    let case = |call: &'static Call| {
        Case::new(call.to_string(), move || {
            let account = Account::new(direction::SCALE);
            let product = Product::new(&account);
            (scenario.prepare)(&product);
            call.kill(&product, scenario.arguments, false);
            product.expect(0, scenario.arguments);
            undisturbed.is_equal(&account);
            crate::single_writer::never_two_deployments(&account);
            String::new()
        })
    };
    let cases = undisturbed.calls.iter().map(case).collect();
    sweep(&format!("{} killed", scenario.title), cases, |number| number % EVERY == EVERY / 2);
}

/// Where tags show late.
pub fn late() -> Account {
    let account = Account::new(SLOW);
    account.post("settings", &json!({ "tags.visible": SHOWS_AFTER }));
    account
}

/// What was made last, and its tag does not show yet when the next command looks.
fn killed_unseen(operation: &str) -> (Account, Call) {
    let account = late();
    let calls = &FIRST.undisturbed().calls;
    let call = calls.iter().find(|call| call.operation == operation).expect("an apply makes that call");
    (account, call.clone())
}

#[test]
fn resources_not_visible_yet_are_not_duplicated() {
    let (account, call) = killed_unseen("CreateVpc");
    let product = Product::new(&account);
    call.kill(&product, &APPLY, false);
    let ran = product.expect(0, &APPLY);
    assert!(ran.stderr.contains("the run before was interrupted"), "{}", ran.stderr);
    FIRST.undisturbed().is_equal(&account);
    let again = product.expect(0, &APPLY);
    assert!(!again.stderr.contains("was interrupted"), "what ended well has been seen: {}", again.stderr);
}

#[test]
fn resources_not_visible_yet_are_deleted() {
    let (account, call) = killed_unseen("AllocateAddress");
    let product = Product::new(&account);
    call.kill(&product, &APPLY, false);
    product.expect(0, DESTROY.arguments);
    let left = live(&account)["ec2 addresses"].clone();
    assert!(left.as_array().is_some_and(Vec::is_empty), "{left}");
}
