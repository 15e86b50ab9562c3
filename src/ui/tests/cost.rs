use serde_json::json;

use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Plan, Purpose, Reason};
use crate::price::{self, Estimate, NoPrices, Parts, Usage};
use crate::ui::cost::{Effect, money, plan_line};

use super::fixture::{plan, step};

fn creating(resources: &[(&str, serde_json::Value)]) -> Plan {
    let one = |(address, spec): &(&str, serde_json::Value)| {
        let mut step = step(address, Action::Create, Reason::Missing);
        step.spec = spec.clone();
        step
    };
    plan(Purpose::Apply, resources.iter().map(one).collect())
}

fn network() -> Parts {
    Parts::default().after(&creating(&[
        ("nat-gateway/a", json!({})),
        ("elastic-ip/a", json!({})),
        ("nat-gateway/b", json!({})),
        ("elastic-ip/b", json!({})),
        ("load-balancer/main", json!({})),
    ]))
}

fn file_system(throughput: &str) -> serde_json::Value {
    json!({
        "creation_token": "t", "encrypted": true, "kms_key": null, "performance": "generalPurpose",
        "throughput": throughput, "backup": false,
    })
}

fn month(parts: &Parts, region: &str) -> Result<Estimate, NoPrices> {
    price::estimate(parts, region, &Usage::default())
}

#[test]
fn money_has_two_significant_digits() {
    let amounts = [0.0, 0.0004, 0.4, 7.3, 9.96, 16.425, 89.8, 99.6, 378.2, 1_234.0, 987_654.0];
    let shown: Vec<_> = amounts.into_iter().map(money).collect();
    assert_eq!(shown, ["0", "0", "0.40", "7.3", "10", "16", "90", "100", "380", "1,200", "990,000"]);
}

#[test]
fn a_first_plan_tells_the_whole_and_a_change_the_difference() {
    let nothing = month(&Parts::default(), "us-east-1");
    let all = month(&network(), "us-east-1");
    let drop = plan(
        Purpose::Apply,
        ["nat-gateway/b", "elastic-ip/b"].map(|one| step(one, Action::Delete, Reason::Unwanted)).into(),
    );
    let fewer = month(&network().after(&drop), "us-east-1");
    let with = |mode: &str| month(&network().after(&creating(&[("file-system/main", file_system(mode))])), "us-east-1");
    let lines = [
        plan_line(&nothing, &all),
        plan_line(&all, &fewer),
        plan_line(&fewer, &all),
        plan_line(&with("bursting"), &with("elastic")),
        plan_line(&all, &nothing),
        plan_line(&all, &all),
        plan_line(&nothing, &month(&network(), "cn-north-1")),
    ];
    let shown: Vec<_> = lines.into_iter().map(|line| line.unwrap_or_else(|| "(no line)".to_owned())).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn scripts_read_what_a_plan_makes_of_the_month() {
    let created = creating(&[("load-balancer/main", json!({}))]);
    let document = Effect::of(&Inventory::default(), &created).document();
    let hours = 730.0 * 0.027;
    assert!(document["month"].as_f64().is_some_and(|month| (month - hours).abs() < 0.01), "{document}");
    assert_eq!((&document["month_now"], &document["currency"]), (&json!(0.0), &json!("USD")));
    let mut elsewhere = created;
    elsewhere.target.region = "cn-north-1".into();
    let document = Effect::of(&Inventory::default(), &elsewhere).document();
    assert!(document["unknown"].as_str().is_some_and(|why| why.contains("cn-north-1")), "{document}");
}
