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
fn the_io_of_what_is_deployed_is_measured() {
    let account = Account::new(SCALE);
    let product =
        Product::with_plan(&account, &format!("{}[load_balancer]\nenabled = false\n", in_region("us-east-1")));
    let nothing = estimate(&product, &["--live"]);
    assert!(nothing["io"].is_null() && line(&nothing, "file-system-write")["amount"].is_null(), "{nothing:#}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    let rates = serde_json::json!({ "data_write": 100_000, "metadata_read": 200_000 });
    account.post("settings", &serde_json::json!({ "efs.io": rates, "efs.mounted_before": 4 * 86_400 }));
    let measured = estimate(&product, &["--live"]);
    // 100 kB a second in GiB, at 0.06 USD.
    let amount = |estimate: &Value, item: &str| line(estimate, item)["amount"].as_f64().unwrap_or_default();
    let (read, written) = (amount(&measured, "file-system-read"), amount(&measured, "file-system-write"));
    assert!((14.5..=14.8).contains(&read) && (14.5..=14.8).contains(&written), "{measured:#}");
    let said = product.expect(0, &["cost", "FILE", "--live"]).stdout;
    assert!(said.contains("EFS reads and writes are those measured: 16 GiB read and 8"), "{said}");
    let wanted = estimate(&product, &["--live", "--events-per-minute", "1000"]);
    assert!(wanted["io"].is_null() && line(&wanted, "file-system-read")["amount"].is_null(), "{wanted:#}");
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
