//! Random faults: many calls fail, are throttled or lose their response.

use serde_json::json;

use super::scenario::FIRST;
use super::{APPLY, Case, sweep};
use crate::account::Account;
use crate::product::Product;

/// The program's own time counts too: its repeated reads wait by the wall's clock.
const SCALE: u32 = 12;
const SEEDS: u64 = 20;
/// Calls of the command, at most.
const RUNS: usize = 4;

#[test]
fn random_faults_end_in_one_stack() {
    let cases = (1..=SEEDS).map(|seed| Case::new(format!("seed {seed}"), move || run(seed))).collect();
    sweep("random faults", cases, |number| number == 2);
}

fn run(seed: u64) -> String {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    account.post("settings", &json!({ "tags.visible": 5 }));
    let kinds = [
        (0.3, json!({ "kind": "throttle" })),
        (0.1, json!({ "kind": "error", "code": "InternalError", "status": 500, "message": "try again" })),
        (0.05, json!({ "kind": "lost" })),
    ];
    for (probability, mut rule) in kinds {
        (rule["probability"], rule["seed"]) = (json!(probability), json!(seed));
        account.post("faults", &rule);
    }
    let mut exits = Vec::new();
    let mut said = String::new();
    while exits.len() < RUNS && exits.last() != Some(&0) {
        let ran = product.run(&APPLY);
        // Who we are is asked first, and not for long: where that fails, nothing has begun.
        let is_at_the_door = ran.code == 1 && ran.stderr.contains("sts GetCallerIdentity failed");
        assert!([0, 3].contains(&ran.code) || is_at_the_door, "exit {}\n{}", ran.code, ran.stderr);
        exits.push(ran.code);
        said.push_str(&ran.stderr);
    }
    assert_eq!(exits.last(), Some(&0), "it does not converge: {exits:?}\n{said}");
    account.delete("faults");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    FIRST.undisturbed().is_equal(&account);
    crate::single_writer::never_two_deployments(&account);
    format!("{} calls, exits {exits:?}", account.journal(0).len())
}
