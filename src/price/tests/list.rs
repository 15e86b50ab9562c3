use serde_json::{Value, json};

use crate::price::list::{queries, rates};
use crate::price::{Item, Rates, Usage, estimate_at};

use super::usual;

const REGION: &str = "eu-west-1";

/// A product as the Price List gives it, with tiers of (begin, price).
fn product(usage: &str, attributes: &[(&str, &str)], currency: &str, tiers: &[(&str, &str)]) -> String {
    let mut all = json!({ "usagetype": usage, "regionCode": REGION });
    for (name, value) in attributes {
        all[*name] = json!(value);
    }
    let dimensions: serde_json::Map<String, Value> = tiers
        .iter()
        .enumerate()
        .map(|(index, (begin, price))| {
            let dimension = json!({ "unit": "x", "beginRange": begin, "pricePerUnit": { currency: price } });
            (format!("SKU.TERM.{index}"), dimension)
        })
        .collect();
    json!({
        "product": { "sku": "SKU", "attributes": all },
        "publicationDate": "2026-10-01T16:20:00Z",
        "terms": { "OnDemand": { "SKU.TERM": { "priceDimensions": dimensions } } },
    })
    .to_string()
}

fn simple(usage: &str, price: &str) -> String {
    product(usage, &[], "USD", &[("0", price)])
}

fn of(answers: &[(&'static str, Vec<String>)]) -> Rates {
    rates(REGION, answers)
}

#[test]
fn a_usage_type_is_known_by_its_end_and_the_prefix_of_a_region() {
    let ecs = vec![
        simple("EU-Fargate-ARM-vCPU-Hours:perCPU", "9"),
        simple("EU-SpotUsage:Fargate-vCPU-Hours:perCPU", "9"),
        simple("EU-Fargate-vCPU-Hours:perCPU", "0.04048"),
        simple("Fargate-GB-Hours", "0.004445"),
    ];
    let found = of(&[("AmazonECS", ecs)]);
    assert_eq!(found.amount(Item::FargateVcpu), Some(0.04048));
    assert_eq!(found.amount(Item::FargateMemory), Some(0.004445));
    assert_eq!(found.price(Item::FargateVcpu).unwrap().date, "2026-10-01");
    assert_eq!(found.currency, "USD");
}

#[test]
fn the_first_tier_that_is_not_free_counts_and_all_may_be_free() {
    let tiers = [("10000", "0.10"), ("0", "0.0000000000"), ("5", "0.30")];
    let metric = product("EU-CW:MetricMonitorUsage", &[], "USD", &tiers);
    let flow = simple("EU-VendedLog-Bytes", "0.0000000000");
    let found = of(&[("AmazonCloudWatch", vec![metric, flow])]);
    assert_eq!(found.amount(Item::Metric), Some(0.30));
    assert_eq!(found.amount(Item::FlowLogs), Some(0.0));
}

#[test]
fn load_balancers_are_in_one_of_two_services() {
    let alb = [("operation", "LoadBalancing:Application")];
    let nlb = [("operation", "LoadBalancing:Network")];
    let of_service = |service: &'static str| {
        let products = vec![
            product("EU-TS-LoadBalancerUsage", &alb, "USD", &[("0", "7")]),
            product("EU-Outposts-LoadBalancerUsage", &alb, "USD", &[("0", "8")]),
            product("EU-LoadBalancerUsage", &nlb, "USD", &[("0", "9")]),
            product("EU-LoadBalancerUsage", &alb, "USD", &[("0", "0.0252")]),
        ];
        of(&[("AWSELB", if service == "AWSELB" { products.clone() } else { Vec::new() }), ("AmazonEC2", products)])
    };
    for service in ["AWSELB", "AmazonEC2"] {
        assert_eq!(of_service(service).amount(Item::LoadBalancerHour), Some(0.0252), "{service}");
    }
}

#[test]
fn reads_and_writes_share_a_usage_type() {
    let io = |access, price| product("EU-ETDataAccess-Bytes", &[("accessType", access)], "USD", &[("0", price)]);
    let found = of(&[("AmazonEFS", vec![io("Write", "0.07"), io("Read", "0.04")])]);
    assert_eq!((found.amount(Item::FileSystemRead), found.amount(Item::FileSystemWrite)), (Some(0.04), Some(0.07)));
}

#[test]
fn what_is_missing_is_told_and_not_guessed() {
    let month = estimate_at(
        &usual(),
        &of(&[("AmazonECS", vec![simple("EU-Fargate-GB-Hours", "0.004445")])]),
        &Usage::default(),
    );
    assert!(month.is_incomplete());
    assert!(month.without_price().any(|line| line.item == Item::FargateVcpu));
    assert!((month.total() - 730.0 * 16.0 * 0.004445).abs() < 1e-9);
    let other = rates("us-east-1", &[("AmazonECS", vec![simple("EU-Fargate-GB-Hours", "0.004445")])]);
    assert!(other.prices.is_empty());
    assert!(of(&[("AmazonECS", vec!["{".to_owned(), "{}".to_owned()])]).prices.is_empty());
}

#[test]
fn china_has_a_currency_of_its_own_and_currencies_are_not_mixed() {
    let cny = product("EU-Fargate-GB-Hours", &[], "CNY", &[("0", "0.03")]);
    let found = of(&[("AmazonECS", vec![simple("EU-Fargate-vCPU-Hours:perCPU", "0.04"), cny.clone()])]);
    assert_eq!((found.currency.as_str(), found.prices.len()), ("USD", 1));
    let found = of(&[("AmazonECS", vec![cny])]);
    assert_eq!((found.currency.as_str(), found.amount(Item::FargateMemory)), ("CNY", Some(0.03)));
}

#[test]
fn each_question_is_asked_once() {
    let all = queries(REGION);
    assert_eq!(all.len(), 22);
    assert!(all.iter().all(|query| query.region == REGION));
    let efs = all.iter().filter(|query| query.service == "AmazonEFS").count();
    assert_eq!(efs, 2);
}
