//! The estimate at AWS's list prices of today, and at those of the table.

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

fn in_region(region: &str) -> String {
    format!("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"{region}\"\n")
}

fn estimate(product: &Product<'_>, more: &[&str]) -> Value {
    let arguments = [&["cost", "FILE", "--output", "json"], more].concat();
    let ran = product.expect(0, &arguments);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn line<'a>(estimate: &'a Value, item: &str) -> &'a Value {
    let lines = estimate["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["item"] == item).unwrap_or_else(|| panic!("{item}: {estimate:#}"))
}

#[test]
fn the_price_list_gives_what_the_table_has() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &in_region("us-east-1"));
    let (table, live) = (estimate(&product, &[]), estimate(&product, &["--live"]));
    assert_eq!(live["date"], "2026-10-01");
    for item in ["fargate-vcpu", "nat-hour", "load-balancer-hour", "file-system-read", "metric", "secret"] {
        assert_eq!(line(&live, item)["price"]["amount"], line(&table, item)["price"]["amount"], "{item}");
        assert!(text(&line(&live, item)["price"]["source"]).starts_with("AWS Price List"), "{live:#}");
    }
    assert_eq!((&live["total"], &live["incomplete"]), (&table["total"], &false.into()));
    assert!(line(&live, "backup-storage")["price"].is_null());
}

#[test]
fn any_region_is_asked_about_and_what_is_unknown_is_said() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &in_region("eu-central-1"));
    let live = estimate(&product, &["--live", "--events-per-minute", "1000"]);
    assert_eq!(line(&live, "load-balancer-hour")["price"]["source"], "AWS Price List, AWSELB");
    assert_eq!(line(&live, "load-balancer-hour")["price"]["amount"], 0.027);
    assert!(line(&live, "file-system-read")["price"].is_null());
    assert!(line(&live, "nat-data")["amount"].as_f64().is_some_and(|amount| amount > 9.0));
    let shown = product.expect(0, &["cost", "FILE", "--live"]).stdout;
    assert!(shown.contains("no price of EFS elastic reads"), "{shown}");
    product.write_plan(&in_region("ap-south-2"));
    for more in [&[][..], &["--live"]] {
        let ran = product.run(&[&["cost", "FILE", "--output", "json"], more].concat());
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.stderr.contains("cost/no-prices"), "{ran:?}");
    }
}
