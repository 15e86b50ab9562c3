//! How many calls the program makes, and in how many rounds, of which each begins after the one before was answered.
//! Limits can only be lowered: they are what the program needs today. Time is never measured here.
//!
//! The fault `lockstep` lets calls go round by round, and `localstack_fargate.calls` counts them, as it does for the
//! benchmark of the program.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::account::Account;
use crate::product::Product;
use crate::python::{Script, printed};

/// The most that a command may need.
struct Limits {
    calls: u32,
    rounds: u32,
    rounds_before_first_write: u32,
    polls: &'static [(&'static str, u32)],
}

/// Goal: 55 calls, 4 rounds (GetCallerIdentity and 3).
const PLAN: Limits = Limits { calls: 75, rounds: 4, rounds_before_first_write: 4, polls: &[] };

/// Goal: 140 calls, 24 rounds, 8 before the first write. The last two calls, DescribeTasks and ExecuteCommand, ask the
/// UI in its container whether it answers.
const FIRST_APPLY: Limits = Limits {
    calls: 159,
    rounds: 35,
    rounds_before_first_write: 7,
    polls: &[
        ("ecs DescribeServices", 1),
        ("ecs DescribeTasks", 1),
        ("ecs ListTasks", 2),
        ("elbv2 DescribeTargetHealth", 1),
    ],
};

/// Goal: what a plan needs, and the lease.
const EMPTY_APPLY: Limits = Limits { calls: 75, rounds: 7, rounds_before_first_write: 7, polls: &[] };

/// With the data. Goal: 16 rounds.
const DESTROY: Limits = Limits {
    calls: 184,
    rounds: 29,
    rounds_before_first_write: 8,
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

/// A busy machine can only add to rounds and polls: a call that comes late begins a round of its own. So a few more are
/// let pass, and what is over its limit is counted again. Calls are exact.
const LATE: u32 = 4;
const TRIES: u32 = 3;

#[test]
fn no_command_makes_more_calls_or_more_rounds_than_it_has_to() {
    let mut over = Vec::new();
    for _ in 0..TRIES {
        over = over_the_limits();
        if over.is_empty() {
            return;
        }
        println!("{}", over.join("\n"));
    }
    panic!("more than before:\n{}", over.join("\n"));
}

/// A line for each limit that the commands of a deployment's life exceed, in an account of its own.
fn over_the_limits() -> Vec<String> {
    // The program's own clock runs as the wall's: two polls are further apart than two rounds, so nothing depends on
    // which comes first. The account's runs much faster, so that nothing settles slowly, and what is listed for an hour
    // must stay for the test.
    let account = Account::new(1);
    account.post("clock", &json!({ "scale": 600 }));
    account.post("settings", &json!({ "iam.propagation": 0, "iam.pass_role": 0, "s3.policy_propagation": 0 }));
    account.post("settings", &json!({ "ecs.stopped_kept": 1e9, "ecs.inactive_kept": 1e9, "nat.listed": 1e9 }));
    let product = Product::new(&account);
    product.expect(0, &["plan", "FILE"]); // the first call of a service takes the emulator seconds
    account.post("faults", &json!({ "kind": "lockstep", "seconds": 0.5 }));

    let mut over = Vec::new();
    let first_apply = counts_of(&product, &["apply", "FILE", "--yes"]);
    over.extend(FIRST_APPLY.exceeded_by("first apply", &first_apply));
    over.extend(exceeds("first apply", "quota questions", first_apply.quota_questions, QUOTA_QUESTIONS));
    over.extend(PLAN.exceeded_by("plan", &counts_of(&product, &["plan", "FILE"])));
    over.extend(EMPTY_APPLY.exceeded_by("empty apply", &counts_of(&product, &["apply", "FILE", "--yes"])));
    let destroy = ["destroy", "FILE", "--yes", "--unprotect", "--delete-data"];
    over.extend(DESTROY.exceeded_by("destroy", &counts_of(&product, &destroy)));
    over
}

/// Runs a command and counts what it has called.
fn counts_of(product: &Product, arguments: &[&str]) -> Counts {
    let account = product.account;
    account.delete("journal");
    product.expect(0, arguments);
    let beside = ["--beside", &account.control_bucket()];
    let printed = printed(Script::Module("calls"), &beside, account.environment());
    let counts: Counts = serde_json::from_str(&printed).expect("counts as JSON");
    println!("{arguments:?}: {counts:?}");
    counts
}

impl Limits {
    fn exceeded_by(&self, command: &str, counts: &Counts) -> Vec<String> {
        let limits: BTreeMap<&str, u32> = self.polls.iter().copied().collect();
        let mut over = Vec::new();
        over.extend(exceeds(command, "calls besides polls and quota questions", counts.calls, self.calls));
        over.extend(exceeds(command, "rounds", counts.rounds, self.rounds + LATE));
        let before = (counts.rounds_before_first_write, self.rounds_before_first_write + LATE);
        over.extend(exceeds(command, "rounds before the first write", before.0, before.1));
        for (name, count) in &counts.polls {
            let limit = limits.get(name.as_str()).copied().unwrap_or(0) + LATE;
            over.extend(exceeds(command, &format!("polls with {name}"), *count, limit));
        }
        over
    }
}

fn exceeds(command: &str, what: &str, count: u32, limit: u32) -> Option<String> {
    (count > limit).then(|| format!("{command}: {count} {what} instead of {limit}"))
}
