//! The load balancer's access logs: all files of the time asked for, by time, and what is said where there are none.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::logs::Following;
use crate::product::Product;

/// A file that the load balancer delivers now, with requests as `(seconds from now, path, more of the request)`.
fn delivered(account: &Account, ended: i64, requests: &[(i64, &str, Value)]) {
    let request = |(at, path, more): &(i64, &str, Value)| {
        let mut request = json!({ "at": at, "request": format!("GET http://ce-prod:80{path} HTTP/1.1") });
        request.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        request
    };
    let requests: Vec<Value> = requests.iter().map(request).collect();
    account.post("access-logs", &json!({ "balancer": "ce-prod", "ended": ended, "requests": requests }));
}

/// What is shown, without times.
fn shown(lines: &str) -> Vec<&str> {
    lines.lines().map(|line| line.split_once(' ').expect("a time").1).collect()
}

#[test]
fn requests_of_all_files_come_by_time() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let none = product.expect(0, &["logs", "FILE", "--access"]);
    assert!(none.stdout.is_empty() && none.stderr.contains("every five minutes"), "{}", none.stderr);

    // All that follows is delivered at one moment.
    account.post("clock", &json!({ "paused": true }));
    let broken = json!({ "status": 502, "target": "-", "error": "TargetConnectionError" });
    delivered(&account, -60, &[(-70, "/b", broken), (-90, "/\u{1b}[31ma", json!({}))]);
    delivered(&account, -60, &[(-80, "/between", json!({ "status": 404, "client": "10.0.0.8:1" }))]);
    delivered(&account, 0, &[(-5, "/last", json!({ "status": 301, "target_status": "302" }))]);
    delivered(&account, -7200, &[(-7300, "/old", json!({}))]);
    let all = product.expect(0, &["logs", "FILE", "--access"]).stdout;
    let [old, a, between, b, last] = [
        "200 10.0.0.7        GET http://ce-prod:80/old 0.011 s",
        "200 10.0.0.7        GET http://ce-prod:80/a 0.011 s",
        "404 10.0.0.8        GET http://ce-prod:80/between 0.011 s",
        "502 10.0.0.7        GET http://ce-prod:80/b (TargetConnectionError)",
        "301 10.0.0.7        GET http://ce-prod:80/last 0.011 s (the task answered 302)",
    ];
    assert_eq!(shown(&all), [a, between, b, last], "{all}");
    let all = product.expect(0, &["logs", "--name", "prod", "--access", "--since", "3h"]).stdout;
    assert_eq!(shown(&all), [old, a, between, b, last], "{all}");
    let one = product.expect(0, &["logs", "FILE", "--access", "--grep", "TargetConn", "--output", "json"]).stdout;
    let one: Value = serde_json::from_str(&one).expect("one line of JSON");
    assert_eq!((&one["status"], &one["target"], &one["seconds"]), (&json!(502), &Value::Null, &Value::Null));
    assert!(text(&one["entry"]).contains("\"GET http://ce-prod:80/b HTTP/1.1\""), "{one}");

    let usage = product.expect(64, &["logs", "FILE", "core", "--access"]).stderr;
    assert!(usage.contains("\"core\" is a container"), "{usage}");
    account.by_hand(
        "import os\ns3 = client('s3')\nb = f'ce-prod-{os.environ[\"AWS_ACCESS_KEY_ID\"]}-us-east-1-alb-logs'\n\
         for o in s3.list_objects_v2(Bucket=b)['Contents']: s3.delete_object(Bucket=b, Key=o['Key'])\n\
         s3.delete_bucket(Bucket=b)",
    );
    let gone = product.expect(5, &["logs", "FILE", "--access"]).stderr;
    assert!(gone.contains("logs/no-access-logs") && gone.contains("alb-logs"), "{gone}");
}

#[test]
fn following_shows_each_file_once() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    delivered(&account, -1, &[(-2, "/first", json!({}))]);
    let following = Following::new(&product, &["--access"]);
    assert!(following.next(1)[0].contains("/first"));
    delivered(&account, -600, &[(-1, "/late", json!({}))]);
    assert!(following.next(1)[0].contains("/late"), "of an interval that was read already");
    account.post("faults", &json!({ "operation": "ListObjectsV2", "kind": "truncated", "times": 2 }));
    delivered(&account, 0, &[(0, "/last", json!({}))]);
    assert!(following.next(1)[0].contains("/last"));
    #[cfg(unix)]
    {
        following.interrupt();
        assert_eq!(following.ended(), 0);
    }
}

#[test]
fn where_there_are_none_is_said() {
    let account = Account::new(SCALE);
    let plan =
        |more: &str| format!("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\n{more}\n");
    let product = Product::with_plan(&account, &plan("enabled = false"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let none = product.expect(5, &["logs", "FILE", "--access"]).stderr;
    assert!(none.contains("logs/no-access-logs") && none.contains("no load balancer of its own"), "{none}");
    let other = Account::new(SCALE);
    let product = Product::with_plan(&other, &plan("access_logs = false"));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let off = product.expect(5, &["logs", "FILE", "--access"]).stderr;
    assert!(off.contains("writes no access logs") && off.contains("access_logs = true"), "{off}");
}
