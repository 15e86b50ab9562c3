//! What `status` says about the file system's I/O: measured, not measured yet, and not to be had.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";

fn io(product: &Product<'_>) -> Value {
    let ran = product.expect(0, &["status", "--name", "prod", "--output", "json"]);
    let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(status["state"], "healthy", "{status:#}");
    status["io"].clone()
}

fn said(product: &Product<'_>) -> String {
    product.expect(0, &["status", "--name", "prod"]).stdout
}

fn asked(account: &Account, from: usize) -> usize {
    account.journal(from).iter().filter(|call| call["operation"] == "GetMetricData").count()
}

/// Bytes a second, as if the task had run for so many days already.
fn past(account: &Account, days: u32, io: &Value) {
    account.post("settings", &json!({ "efs.io": io, "efs.mounted_before": days * 86_400 }));
}

#[test]
fn measured_by_the_day_and_priced() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let io = |product: &Product<'_>| self::io(product);
    let new = io(&product);
    assert!(text(&new["file_system"]).starts_with("fs-") && new["throughput"] == "elastic", "{new:#}");
    assert_eq!((&new["measured"], text(&new["unknown"])), (&Value::Null, "CloudWatch has no full hour of it yet"));
    assert!(said(&product).contains("file system I/O not known: CloudWatch has no full hour"), "{}", said(&product));

    past(&account, 4, &json!({ "data_write": 100_000, "metadata_read": 150_000, "data_read": 50_000 }));
    let before = account.journal(0).len();
    let found = io(&product);
    assert_eq!(asked(&account, before), 1, "one call");
    let days = found["measured"]["days"].as_array().expect("days");
    let whole: Vec<&Value> = days.iter().filter(|day| day["hours"] == 24).collect();
    assert!(whole.len() >= 3, "{found:#}");
    for day in &whole[1..] {
        assert_eq!((&day["read"], &day["written"]), (&17_280_000_000_u64.into(), &8_640_000_000_u64.into()), "{day}");
    }
    // 16.1 GiB at 0.03 and 8.05 at 0.06 for 30.4 days.
    let elastic = found["month"]["elastic"].as_f64().expect("an amount");
    assert!((29.0..=29.6).contains(&elastic) && found["month"]["bursting"] == 0.0, "{found:#}");
    let used = found["baseline_used"].as_f64().expect("a share");
    assert!((0.155..=0.162).contains(&used), "{found:#}");
    let said = said(&product);
    for words in ["file system 16 GiB read and 8", "I/O a month: about 29 USD with elastic throughput", "is enough for"]
    {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }

    // The mode changes in place; it uses credits faster than they come back: 3 MiB/s written.
    product.write_plan(&format!("{PLAN}[storage]\nthroughput = \"bursting\"\n"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    past(&account, 4, &json!({ "data_write": 3 * 1_048_576 }));
    let bursting = io(&product);
    let credits = &bursting["measured"]["credits"];
    let days_left = credits["days_left"].as_f64().expect("they fall");
    assert!((7.0..=10.0).contains(&days_left) && bursting["throughput"] == "bursting", "{bursting:#}");
    let said = self::said(&product);
    for words in [
        "nothing with bursting throughput",
        "burst credits: ",
        "falling: none left in about",
        "throughput = \"elastic\"",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

#[test]
fn status_does_without_what_it_cannot_have() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    past(&account, 2, &json!({ "data_write": 100_000 }));
    let other = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": "cloudwatch:*", "Resource": "*" },
        ],
    });
    account.post("settings", &json!({ "iam.caller_policy": other }));
    let said = said(&product);
    assert!(said.contains("file system I/O not known: cloudwatch GetMetricData failed: AccessDenied"), "{said}");
    assert!(said.contains("cloudwatch:GetMetricData") && said.contains("healthy"), "{said}");
    account.post("settings", &json!({ "iam.caller_policy": null }));

    for (kind, why) in [("before-lost", "no answer within 5 s"), ("garbage", "cloudwatch GetMetricData failed")] {
        account.post("faults", &json!({ "service": "cloudwatch", "operation": "GetMetricData", "kind": kind }));
        let unknown = io(&product)["unknown"].clone();
        assert!(text(&unknown).contains(why), "{kind}: {unknown}");
        account.delete("faults");
    }
    assert!(io(&product)["measured"].is_object());
}
