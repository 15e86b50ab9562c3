//! An operator whose permissions are policies, and what these say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::product::{Product, Ran};

/// An operator who may do what a policy says and nothing else.
pub struct Operator<'a> {
    pub account: &'a Account,
    pub product: Product<'a>,
}

impl<'a> Operator<'a> {
    pub fn new(account: &'a Account, plan: &str) -> Self {
        account.post("settings", &json!({ "iam.caller": "user/op" }));
        Self { account, product: Product::with_plan(account, plan) }
    }

    /// What is printed for a purpose, by whoever may do everything; for all of them if it has no name.
    pub fn printed(&self, purpose: &str) -> Vec<Value> {
        self.account.post("settings", &json!({ "iam.caller_policy": null }));
        let purpose = if purpose.is_empty() { vec![] } else { vec!["--for", purpose] };
        let arguments = [&["policy", "FILE", "--output", "json"], purpose.as_slice()].concat();
        let said = self.product.expect(0, &arguments).stdout;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        said["policies"].as_array().expect("policies").iter().map(|one| one["document"].clone()).collect()
    }

    pub fn run_with(&self, policies: &[Value], arguments: &[&str]) -> Ran {
        self.account.post("settings", &json!({ "iam.caller_policy": policies }));
        let ran = self.product.run(arguments);
        self.account.post("settings", &json!({ "iam.caller_policy": null }));
        ran
    }

    /// Again where a machine that is too busy has lost it the lease, which lasts some seconds of the wall here.
    pub fn patiently(&self, run: impl Fn() -> Ran) -> Ran {
        let mut ran = run();
        for _ in 0..3 {
            if !ran.stderr.contains("lease-lost") {
                break;
            }
            ran = run();
        }
        ran
    }

    /// A command succeeds with what is printed for a purpose. The actions that its calls have needed.
    pub fn does(&self, purpose: &str, arguments: &[&str]) -> BTreeSet<String> {
        let policies = self.printed(purpose);
        let before = self.account.every_call(0).len();
        let ran = self.patiently(|| self.run_with(&policies, arguments));
        let (mut denied, used) = self.judged(before);
        // An apply asks the UI in its container where it may, and says so where it may not.
        denied.retain(|one| purpose != "apply" || !one.starts_with("ecs:ExecuteCommand on "));
        assert!(ran.code == 0 && denied.is_empty(), "{arguments:?}: {denied:#?}\n{}\n{}", ran.stdout, ran.stderr);
        used
    }

    /// What has been denied since a call of the journal, as `action on resource`, and the actions that were allowed.
    fn judged(&self, from: usize) -> (BTreeSet<String>, BTreeSet<String>) {
        let calls = self.account.every_call(from);
        let judged = calls.iter().flat_map(|call| call["authorizations"].as_array().into_iter().flatten());
        let (denied, allowed): (Vec<_>, Vec<_>) = judged.partition(|one| one["allowed"] == false);
        let on = |one: &Value| format!("{} on {}", text(&one["action"]), text(&one["resource"]));
        let action = |one: &Value| text(&one["action"]).to_owned();
        (denied.into_iter().map(on).collect(), allowed.into_iter().map(action).collect())
    }
}

/// One text or many.
pub fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |many| many.iter().map(text).collect())
}

pub fn statements(policies: &[Value]) -> impl Iterator<Item = &Value> {
    policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"))
}

pub fn actions(policies: &[Value]) -> BTreeSet<String> {
    statements(policies).flat_map(|one| texts(&one["Action"])).map(str::to_owned).collect()
}

/// The same policies without an action.
pub fn without(policies: &[Value], action: &str) -> Vec<Value> {
    let mut less = policies.to_vec();
    for policy in &mut less {
        let statements = policy["Statement"].as_array_mut().expect("statements");
        for statement in statements.iter_mut() {
            if !texts(&statement["Action"]).contains(&action) {
                continue;
            }
            let kept: Vec<_> = texts(&statement["Action"]).into_iter().filter(|one| *one != action).collect();
            statement["Action"] = json!(kept);
        }
        statements.retain(|one| one["Action"] != json!([]));
    }
    less.retain(|policy| policy["Statement"] != json!([]));
    less
}
