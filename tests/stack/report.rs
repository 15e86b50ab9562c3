//! The report of a failed run: it has the events, and nothing that identifies the account.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::product::{Product, Ran};

const PLAN: &str = r#"
name = "acmecorp"
release = "5.0.0"
[tags]
CostCentre = "Finance ledger-4711"
Owner = "jane.roe@acme.example"
Team = "Netops"
[network]
cidr = "172.20.0.0/16"
[access]
allowed_cidrs = ["10.77.0.0/16"]
"#;

/// What AWS might say, with one of each that must not leave the house.
fn message(account: &str) -> String {
    format!(
        "User: arn:aws:sts::{account}:assumed-role/Corp-Admins/jane.roe may not, as account {account} at \
         strongroom.acme.example (10.77.3.4, 2001:db8::7, fd12::/48) says of \"ledger\" and \
         eni-0123456789abcdef0 of Netops: see https://wiki.acme.example/acmecorp \
         and /home/jroe/plans/acmecorp.toml, with AKIAIOSFODNN7EXAMPLE"
    )
}

const PLANTED: [&str; 24] = [
    "acmecorp",
    "CostCentre",
    "Finance",
    "ledger-4711",
    "jane",
    "roe",
    "acme.example",
    "Netops",
    "172.20",
    "10.77",
    "Corp-Admins",
    "strongroom",
    "2001:db8",
    "fd12",
    "ledger",
    "0123456789abcdef0",
    "wiki",
    "jroe",
    "AKIAIOSFODNN7EXAMPLE",
    "sesame-token",
    "corp-profile",
    "plan.toml",
    "/tmp/",
    "acme",
];

fn run(product: &Product<'_>, arguments: &[&str]) -> Ran {
    let mut command = product.command(arguments);
    command.env("AWS_SESSION_TOKEN", "sesame-token").env("USER", "jroe");
    Ran::from(command.output().expect("ce-aws runs"))
}

#[test]
fn the_report_has_events_and_no_identities() {
    let account = Account::new(60);
    let product = Product::with_plan(&account, PLAN);
    account.post(
        "faults",
        &json!({ "service": "ec2", "operation": "CreateSubnet", "kind": "error", "code": "SubnetLimitExceeded",
                 "status": 400, "message": message(&account.id) }),
    );
    let ran = run(&product, &["apply", "FILE", "--yes", "--report", "report.json", "--output", "json"]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    // The planted words are what the run itself says.
    assert!(ran.stdout.contains("strongroom.acme.example") && ran.stdout.contains(&account.id), "{}", ran.stdout);
    let written = std::fs::read_to_string(product.folder().join("report.json")).expect("the report");
    let report: Value = serde_json::from_str(&written).expect("JSON");

    assert_eq!((&report["command"], &report["exit"]), (&json!("apply"), &json!(3)));
    assert_eq!(report["options"], json!(["--yes", "--report", "--output"]));
    let steps = report["plans"][0]["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["address"] == "subnet/private-a" && step["action"] == "create"), "{steps:#?}");
    let events = report["events"].as_array().expect("events");
    let failed = events.iter().find(|event| event["code"] == "step-failed").expect("a step that failed");
    assert_eq!(failed["failure"]["operation"], "ec2 CreateSubnet");
    assert_eq!(failed["failure"]["code"], "SubnetLimitExceeded");
    let journal = account.every_call(0);
    let refused = journal.iter().find(|call| call["code"] == "SubnetLimitExceeded").expect("the call");
    let calls = report["calls"].as_array().expect("calls");
    assert!(calls.iter().any(|call| call["operation"] == "CreateSubnet" && call["status"] == 400), "{calls:#?}");
    assert!(calls.iter().any(|call| call["request_id"].as_str().is_some_and(|id| !id.is_empty())), "{calls:#?}");
    assert!(!text(&refused["request_id"]).is_empty());

    let secrets = account.by_hand(
        "for it in client('secretsmanager').list_secrets()['SecretList']:\n    \
         print(client('secretsmanager').get_secret_value(SecretId=it['Name'])['SecretString'])",
    );
    let values: Vec<String> = secrets
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .flat_map(|secret| {
            secret.as_object().into_iter().flatten().map(|(_, value)| text(value).to_owned()).collect::<Vec<_>>()
        })
        .filter(|value| value.len() > 6)
        .collect();
    let lower = written.to_lowercase();
    for planted in PLANTED.iter().map(|word| (*word).to_owned()).chain(values).chain([account.id.clone()]) {
        let at = lower.find(&planted.to_lowercase());
        let around = at.map(|at| written[at.saturating_sub(80)..(at + 60).min(written.len())].to_owned());
        assert_eq!(around, None, "{planted} is in the report");
    }
    // A second report does not take the place of the first.
    let again = run(&product, &["plan", "FILE", "--report", "report.json"]);
    assert_eq!(again.code, 64, "{}", again.stderr);
}

#[test]
fn the_report_of_a_refused_plan_names_the_findings() {
    let account = Account::new(60);
    let product = Product::with_plan(&account, PLAN);
    account.post("settings", &json!({ "quota.vpcs": 1 }));
    let ran = run(&product, &["apply", "FILE", "--yes", "--report", "report.json"]);
    assert_eq!(ran.code, 5, "{}\n{}", ran.stdout, ran.stderr);
    let written = std::fs::read_to_string(product.folder().join("report.json")).expect("the report");
    let report: Value = serde_json::from_str(&written).expect("JSON");
    let findings = report["plans"][0]["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|finding| finding["code"] == "quota/exceeded"), "{findings:#?}");
    assert!(!written.contains("acmecorp") && !written.contains(&account.id), "{written}");
}
