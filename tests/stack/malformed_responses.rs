//! Malformed responses and refused credentials: one clear message each, and no change is repeated.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::failures::no_twins;
use crate::product::Product;

/// What goes wrong with a read, and what is said of it: the code, what AWS said, what to do.
const READS: [(&str, &str, &str, [&str; 3]); 15] = [
    ("sts", "GetCallerIdentity", "garbage", ["error[unavailable]", "not from AWS", "HTTPS_PROXY"]),
    ("sts", "GetCallerIdentity", "html503", ["error[unavailable]", "HTTP 503", "HTTPS_PROXY"]),
    ("sts", "GetCallerIdentity", "truncated", ["error[unavailable]", "sts GetCallerIdentity", "HTTPS_PROXY"]),
    ("sts", "GetCallerIdentity", "expired", ["error[denied]", "ExpiredToken", "log in again"]),
    ("sts", "GetCallerIdentity", "invalid-token", ["error[denied]", "InvalidClientTokenId", "AWS_PROFILE"]),
    ("sts", "GetCallerIdentity", "skewed", ["error[denied]", "Signature expired", "set this machine's clock"]),
    ("sts", "GetCallerIdentity", "opt-in", ["error[denied]", "InvalidClientTokenId", "a disabled region"]),
    ("sts", "GetCallerIdentity", "wrong-region", ["error[denied]", "valid region", "check the region"]),
    ("ec2", "DescribeVpcs", "empty", ["error[unavailable]", "ec2 DescribeVpcs", "HTTPS_PROXY"]),
    ("ec2", "DescribeVpcs", "expired", ["error[denied]", "RequestExpired", "log in again"]),
    ("ec2", "DescribeVpcs", "opt-in", ["error[denied]", "AuthFailure", "a disabled region"]),
    ("ecs", "DescribeClusters", "empty", ["error[unavailable]", "ecs DescribeClusters", "it is empty"]),
    ("ecs", "DescribeClusters", "skewed", ["error[denied]", "Signature expired", "set this machine's clock"]),
    ("efs", "DescribeFileSystems", "empty", ["error[unavailable]", "efs DescribeFileSystems", "it is empty"]),
    ("efs", "DescribeFileSystems", "garbage", ["error[unavailable]", "not from AWS", "HTTPS_PROXY"]),
];

#[test]
fn an_unanswered_read_fails_with_one_message() {
    for (service, operation, kind, words) in READS {
        let account = Account::new(SCALE);
        let product = Product::new(&account);
        account.post("faults", &json!({ "service": service, "operation": operation, "kind": kind }));
        let ran = product.expect(1, &["plan", "FILE"]);
        for words in words {
            assert!(ran.stderr.contains(words), "{operation} {kind}: {words:?} is not in\n{}", ran.stderr);
        }
        assert_eq!(ran.stderr.matches("error[").count(), 1, "{operation} {kind}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

/// Executed, and what came back cannot be read.
#[test]
fn a_change_with_an_unreadable_response_is_not_repeated() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let changes = [
        ("ec2", "CreateVpc", "garbage"),
        ("ec2", "CreateInternetGateway", "truncated"),
        ("ec2", "AllocateAddress", "html503"),
        ("efs", "CreateFileSystem", "empty"),
        ("iam", "CreateRole", "garbage"),
        ("ecs", "CreateService", "truncated"),
        ("elbv2", "CreateLoadBalancer", "empty"),
    ];
    for (service, operation, kind) in changes {
        account.post("faults", &json!({ "service": service, "operation": operation, "kind": kind, "times": 1 }));
    }
    let mut code = product.run(&["apply", "FILE", "--yes"]).code;
    for _ in 0..3 {
        assert!([0, 3].contains(&code), "{code}");
        if code == 0 {
            break;
        }
        code = product.run(&["apply", "FILE", "--yes"]).code;
    }
    assert_eq!(code, 0);
    let hits = account.get("faults");
    let hits: Vec<&Value> = hits.as_array().expect("rules").iter().map(|rule| &rule["hits"]).collect();
    assert!(hits.iter().all(|hits| **hits == 1), "{hits:?}");
    no_twins(&account);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

/// Executed, and the answer does not say what was made: it is looked for, and nothing goes on with an empty identifier.
#[test]
fn a_response_without_an_identifier_stops_the_run() {
    let undisturbed = Account::new(SCALE);
    Product::new(&undisturbed).expect(0, &["apply", "FILE", "--yes"]);
    let mut makes = undisturbed.mutations(0);
    makes.retain(|call| ["Create", "Allocate", "Register"].iter().any(|verb| call.contains(&format!(" {verb}"))));
    makes.sort();
    makes.dedup();
    assert!(makes.len() > 20, "{makes:?}");

    let account = Account::new(SCALE);
    let product = Product::new(&account);
    for call in &makes {
        let (service, operation) = call.split_once(' ').expect("service and operation");
        let rule = json!({ "service": service, "operation": operation, "kind": "nameless", "times": 1 });
        account.post("faults", &rule);
    }
    product.expect(0, &["apply", "FILE", "--yes"]);
    for rule in account.get("faults").as_array().expect("rules") {
        assert_eq!(rule["hits"], 1, "{rule}");
    }
    for call in account.every_call(0) {
        assert!(!names_nothing(&call["request"]), "{} {}", call["operation"], call["request"]);
    }
    no_twins(&account);
    crate::properties::check(&account.read(), &account.id);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
}

/// Whether something in a request that should name a resource is empty.
fn names_nothing(request: &Value) -> bool {
    let is_name = |key: &str| ["Id", "Arn", "arn", "ARN"].iter().any(|end| key.ends_with(end));
    match request {
        Value::Object(members) => members
            .iter()
            .any(|(key, value)| is_name(key) && text(value).is_empty() && value.is_string() || names_nothing(value)),
        Value::Array(items) => items.iter().any(names_nothing),
        _ => false,
    }
}
