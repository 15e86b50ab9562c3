//! How many calls the program makes, and in how many rounds, of which each begins after the one before was answered.
//! Limits can only be lowered: they are what the program needs today. Time is never measured here.
//!
//! The fault `lockstep` lets calls go round by round, and `localstack_fargate.calls` counts them, as it does for the
//! benchmark of the program.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::account::{Account, emulator_module};
use crate::product::Product;

/// The most that a command may need.
struct Limits {
    calls: u32,
    rounds: u32,
    rounds_before_first_write: u32,
    polls: &'static [(&'static str, u32)],
}

/// Goal: 55 calls, 4 rounds (GetCallerIdentity and 3).
const PLAN: Limits = Limits { calls: 76, rounds: 5, rounds_before_first_write: 5, polls: &[] };

/// Goal: 140 calls, 24 rounds, 8 before the first write.
const FIRST_APPLY: Limits = Limits {
    calls: 183,
    rounds: 55,
    rounds_before_first_write: 18,
    polls: &[
        ("ecs DescribeServices", 1),
        ("ecs DescribeTasks", 1),
        ("ecs ListTasks", 2),
        ("elbv2 DescribeTargetHealth", 1),
    ],
};

/// Goal: what a plan needs, and the lease.
const EMPTY_APPLY: Limits = Limits { calls: 151, rounds: 14, rounds_before_first_write: 14, polls: &[] };

/// With the data. Goal: 16 rounds.
const DESTROY: Limits = Limits {
    calls: 187,
    rounds: 37,
    rounds_before_first_write: 14,
    polls: &[
        ("ec2 DescribeRouteTables", 1),
        ("ecs DescribeServices", 2),
        ("ecs DescribeTasks", 2),
        ("ecs ListTasks", 4),
        ("s3 ListObjectVersions", 1),
    ],
};

/// Of Service Quotas, for a first apply.
const QUOTA_QUESTIONS: u32 = 7;

/// What `localstack_fargate.calls` says of one command; there are the definitions.
#[derive(Debug, Deserialize)]
struct Counts {
    calls: u32,
    polls: BTreeMap<String, u32>,
    quota_questions: u32,
    rounds: u32,
    rounds_before_first_write: u32,
}

#[test]
fn no_command_makes_more_calls_or_more_rounds_than_it_has_to() {
    // The program's own clock, for its lease and its polls. The account's runs much faster, so that nothing settles
    // slowly, and what is listed for an hour must stay for the test.
    let account = Account::new(4);
    account.post("clock", &json!({ "scale": 600 }));
    account.post("settings", &json!({ "iam.propagation": 0, "iam.pass_role": 0, "s3.policy_propagation": 0 }));
    account.post("settings", &json!({ "ecs.stopped_kept": 1e9, "ecs.inactive_kept": 1e9, "nat.listed": 1e9 }));
    let product = Product::new(&account);
    product.expect(0, &["plan", "FILE"]); // the first call of a service takes the emulator seconds
    account.post("faults", &json!({ "kind": "lockstep", "seconds": 0.5 }));

    let applied = counts_of(&product, &["apply", "FILE", "--yes"]);
    let planned = counts_of(&product, &["plan", "FILE"]);
    let applied_again = counts_of(&product, &["apply", "FILE", "--yes"]);
    let destroyed = counts_of(&product, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);

    let mut over = Vec::new();
    over.extend(FIRST_APPLY.exceeded_by("first apply", &applied));
    over.extend(PLAN.exceeded_by("plan", &planned));
    over.extend(EMPTY_APPLY.exceeded_by("empty apply", &applied_again));
    over.extend(DESTROY.exceeded_by("destroy", &destroyed));
    if applied.quota_questions > QUOTA_QUESTIONS {
        over.push(format!("first apply: {} quota questions instead of {QUOTA_QUESTIONS}", applied.quota_questions));
    }
    assert!(over.is_empty(), "more than before:\n{}", over.join("\n"));
}

/// Runs a command and counts what it has called.
fn counts_of(product: &Product, arguments: &[&str]) -> Counts {
    let account = product.account;
    account.delete("journal");
    product.expect(0, arguments);
    let output = emulator_module("calls")
        .args(["--beside", &account.control_bucket()])
        .envs(account.environment())
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counts: Counts = serde_json::from_slice(&output.stdout).expect("counts as JSON");
    println!("{arguments:?}: {counts:?}");
    counts
}

impl Limits {
    /// A line for each count that is over its limit.
    fn exceeded_by(&self, command: &str, counts: &Counts) -> Vec<String> {
        let limits: BTreeMap<&str, u32> = self.polls.iter().copied().collect();
        let polls = counts.polls.iter().map(|(name, count)| {
            let limit = limits.get(name.as_str()).copied().unwrap_or(0);
            (format!("polls with {name}"), *count, limit)
        });
        let whole = [
            ("calls besides polls and quota questions".to_owned(), counts.calls, self.calls),
            ("rounds".to_owned(), counts.rounds, self.rounds),
            (
                "rounds before the first write".to_owned(),
                counts.rounds_before_first_write,
                self.rounds_before_first_write,
            ),
        ];
        let over = whole.into_iter().chain(polls).filter(|(_, count, limit)| count > limit);
        over.map(|(what, count, limit)| format!("{command}: {count} {what} instead of {limit}")).collect()
    }
}
