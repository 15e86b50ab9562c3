use proptest::prelude::*;
use serde_json::json;

use crate::engine::address::Address;
use crate::engine::plan::{Action, Plan, Purpose, Reason, Step, Target};
use crate::price::{Item, Parts, Usage, estimate};

use super::{file_system, parts, service, task_definition, usual};

const REGION: &str = "us-east-1";

fn total(parts: &Parts) -> f64 {
    estimate(parts, REGION, &Usage::default()).unwrap().total()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

#[test]
fn the_usual_deployment() {
    let month = estimate(&usual(), REGION, &Usage::default()).unwrap();
    // 8 vCPU and 16 GB; two gateways, two addresses, one load balancer, one secret.
    let task = 730.0 * (8.0 * 0.04048 + 16.0 * 0.004445);
    let rest = 730.0 * (2.0 * 0.045 + 2.0 * 0.005 + 0.0225) + 0.40;
    assert!(near(month.total(), task + rest), "{}", month.total());
    assert!(near(month.while_stopped(), rest), "{}", month.while_stopped());
    assert!(!month.is_incomplete());
    let of_use: Vec<_> = month.usage_lines().map(|line| line.item).collect();
    assert!(of_use.contains(&Item::FileSystemWrite) && of_use.contains(&Item::NatData), "{of_use:?}");
}

#[test]
fn a_stopped_task_costs_nothing_and_bursting_has_no_charge_for_io() {
    let stopped = parts(&[("task-definition/main", task_definition(8192, 16384)), ("service/main", service(0))]);
    assert!(estimate(&stopped, REGION, &Usage::default()).unwrap().lines.is_empty());
    let bursting = parts(&[("file-system/main", file_system("bursting"))]);
    let items: Vec<_> = estimate(&bursting, REGION, &Usage::default()).unwrap().lines.iter().map(|l| l.item).collect();
    assert_eq!(items, [Item::FileSystemStorage, Item::BackupStorage]);
}

#[test]
fn events_give_the_lines_of_use_a_quantity() {
    let usage = Usage { events_per_minute: Some(20_000.0), ..Usage::default() };
    let month = estimate(&usual(), REGION, &usage).unwrap();
    let amount = |item: Item| month.lines.iter().find(|line| line.item == item).unwrap().amount;
    // 20,000 events of 2 kB in each of 43,800 minutes.
    assert!(near(amount(Item::NatData).unwrap(), 2.0 * 1752.0 * 0.045));
    assert!(near(amount(Item::FileSystemWrite).unwrap(), 2.0 * 1752.0 * 0.06));
    assert_eq!(amount(Item::FileSystemRead), None);
}

#[test]
fn a_region_without_prices_gives_none() {
    for (region, shown) in [
        ("ap-south-2", "ce-aws has no list prices of ap-south-2"),
        ("cn-north-1", "regions in China and AWS GovCloud (US) have prices of their own"),
        ("us-gov-west-1", "regions in China and AWS GovCloud (US) have prices of their own"),
    ] {
        let error = estimate(&usual(), region, &Usage::default()).unwrap_err().to_string();
        assert!(error.contains(shown), "{error}");
    }
}

#[test]
fn a_plan_gives_what_there_is_after_it() {
    let target = Target { deployment: "prod".into(), account: "1".into(), region: REGION.into() };
    let step = |address: &str, action, spec| {
        let address: Address = address.parse().unwrap();
        Step { spec, ..Step::new(address, action, Reason::Missing) }
    };
    let plan = |steps| Plan { steps, ..Plan::empty(Purpose::Apply, target.clone()) };
    let first = plan(vec![
        step("nat-gateway/a", Action::Create, json!({})),
        step("elastic-ip/a", Action::Create, json!({})),
        step("vpc/main", Action::Create, json!({})),
    ]);
    assert!(near(total(&Parts::default().after(&first)), 730.0 * 0.05));
    let fewer = plan(vec![
        step("nat-gateway/b", Action::Delete, json!(null)),
        step("elastic-ip/b", Action::Delete, json!(null)),
    ]);
    assert!(near(total(&usual()) - total(&usual().after(&fewer)), 730.0 * 0.05));
    let replaced = plan(vec![
        step("nat-gateway/a", Action::Delete, json!(null)),
        step("nat-gateway/a", Action::Create, json!({})),
    ]);
    assert!(near(total(&usual()), total(&usual().after(&replaced))));
    let stop = plan(vec![step("service/main", Action::Stop, json!(null))]);
    let stopped = estimate(&usual().after(&stop), REGION, &Usage::default()).unwrap();
    assert!(near(stopped.total(), stopped.while_stopped()));
    let larger = plan(vec![step("task-definition/main", Action::Update, task_definition(16384, 32768))]);
    assert!(total(&usual().after(&larger)) > total(&usual()));
}

/// Some of everything that has a price; the service and its task definition stay together.
fn some() -> impl Strategy<Value = (Vec<usize>, u32, bool)> {
    (prop::collection::vec(0..8_usize, 0..12), 0..3_u32, any::<bool>())
}

fn built(choice: &(Vec<usize>, u32, bool)) -> Vec<(String, serde_json::Value)> {
    let (kinds, tasks, elastic) = choice;
    let mode = if *elastic { "elastic" } else { "bursting" };
    let of = |(index, kind): (usize, &usize)| {
        let (name, spec) = match kind {
            0 => ("nat-gateway", json!({})),
            1 => ("elastic-ip", json!({})),
            2 => ("load-balancer", json!({})),
            3 => ("file-system", file_system(mode)),
            4 => ("secret", json!({})),
            5 => ("internal-certificate", json!({})),
            6 => ("bucket", json!({})),
            _ => ("vpc", json!({})),
        };
        (format!("{name}/n{index}"), spec)
    };
    let mut all: Vec<_> = kinds.iter().enumerate().map(of).collect();
    if *tasks > 0 {
        all.push(("task-definition/main".to_owned(), task_definition(4096 * tasks, 8192 * tasks)));
        all.push(("service/main".to_owned(), service(1)));
    }
    all
}

fn of(resources: &[(String, serde_json::Value)]) -> Parts {
    let existing: Vec<_> = resources.iter().map(|(address, spec)| (address.as_str(), spec.clone())).collect();
    parts(&existing)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_price_is_the_sum_of_the_parts_and_of_the_lines(choice in some(), at in 0..12_usize) {
        let all = built(&choice);
        // The service and the task definition are the last two: a cut before them keeps them together.
        let (one, other) = all.split_at(at.min(all.len().saturating_sub(2)));
        prop_assert!(near(total(&of(&all)), total(&of(one)) + total(&of(other))));
        let usage = Usage { events_per_minute: Some(1_000.0), ..Usage::default() };
        let month = estimate(&of(&all), REGION, &usage).unwrap();
        let lines: f64 = month.lines.iter().filter_map(|line| Some(line.quantity? * line.price.as_ref()?.amount)).sum();
        prop_assert!(near(month.total(), lines));
        prop_assert!(month.while_stopped() <= month.total() + 1e-9);
    }

    #[test]
    fn removing_a_part_never_raises_the_price(choice in some(), at in 0..14_usize) {
        let all = built(&choice);
        let mut fewer = all.clone();
        if !fewer.is_empty() {
            fewer.remove(at % all.len());
        }
        prop_assert!(total(&of(&fewer)) <= total(&of(&all)) + 1e-9);
    }
}
