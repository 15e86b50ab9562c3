//! Findings before any change: quotas, names, images, advice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::{Product, Ran};

/// The findings of `doctor`, as `(code, message)`.
fn findings(ran: &Ran) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let findings = document["findings"].as_array().expect("a list of findings").iter();
    findings.map(|one| (text(&one["code"]).to_owned(), text(&one["message"]).to_owned())).collect()
}

fn doctor(product: &Product<'_>, code: i32) -> Vec<(String, String)> {
    findings(&product.expect(code, &["doctor", "FILE", "--output", "json"]))
}

fn of<'a>(findings: &'a [(String, String)], code: &str) -> Vec<&'a str> {
    findings.iter().filter(|(given, _)| given == code).map(|(_, message)| message.as_str()).collect()
}

#[test]
fn all_findings_are_reported_at_once_without_changes() {
    let account = Account::new(SCALE);
    account
        .post("settings", &json!({ "quota.elastic_ips": 1, "quota.vpcs": 1, "ecs.vcpu_quota": 6, "quota.buckets": 2 }));
    account.by_hand(
        r"
logs.create_log_group(logGroupName='/ce-aws/prod/task')
ecs.create_cluster(clusterName='ce-prod', tags=[{'key': 'ce-aws:deployment', 'value': 'old'}])
client('secretsmanager').create_secret(Name='ce-aws/prod/credentials', SecretString='theirs')
client('secretsmanager').delete_secret(SecretId='ce-aws/prod/credentials', RecoveryWindowInDays=7)
",
    );
    account.post("images", &json!({ "*netskope/core5*": { "behaviour": "denied" } }));
    let product = Product::new(&account);
    let before = account.journal(0).len();
    let found = doctor(&product, 5);
    let codes: BTreeSet<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    let expected = [
        "account/no-support-role",
        "image/denied",
        "name/taken",
        "quota/exceeded",
        "quota/used-up",
        "release/end-of-life",
    ];
    assert_eq!(codes, BTreeSet::from(expected), "{found:#?}");
    let exceeded = of(&found, "quota/exceeded");
    for words in ["Elastic IP addresses: quota 1, 0 used, 2 wanted", "VPCs: quota 1, 1 used, 1 wanted", "Fargate vCPUs"]
    {
        assert!(exceeded.iter().any(|message| message.contains(words)), "{words}: {exceeded:#?}");
    }
    let taken = of(&found, "name/taken");
    for words in ["the log group /ce-aws/prod/task already exists", "the deployment old", "scheduled for deletion"] {
        assert!(taken.iter().any(|message| message.contains(words)), "{words}: {taken:#?}");
    }
    assert_eq!(taken.len(), 3, "{taken:#?}");
    assert_eq!(of(&found, "image/denied").len(), 1, "{found:#?}");
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");

    // Plan and apply refuse for the same reasons.
    let planned = product.expect(5, &["plan", "FILE"]);
    assert!(planned.stdout.contains("refused[quota/exceeded]"), "{}", planned.stdout);
    product.expect(5, &["apply", "FILE", "--yes"]);
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");
    let human = product.expect(5, &["doctor", "FILE"]);
    println!("{}", human.stdout);
    assert!(human.stdout.contains("`ce-aws apply` would change nothing"), "{}", human.stdout);
}

#[test]
fn default_quotas_and_running_tasks_are_counted() {
    let account = Account::new(SCALE);
    account.post("settings", &json!({ "quotas.default_only": ["L-0263D0A3"] }));
    account.by_hand("for _ in range(4): ec2.allocate_address(Domain='vpc')");
    let product = Product::new(&account);
    let found = doctor(&product, 5);
    let exceeded = of(&found, "quota/exceeded");
    assert!(exceeded.len() == 1 && exceeded[0].contains("quota 5, 4 used, 2 wanted"), "{exceeded:#?}");
}

#[test]
fn a_denied_read_is_a_warning() {
    let account = Account::new(SCALE);
    let denied = |service: &str, operation: &str, code: &str| {
        let kind = "error";
        json!({ "service": service, "operation": operation, "kind": kind, "code": code, "status": 403 })
    };
    account.post("faults", &denied("service-quotas", "ListServiceQuotas", "AccessDeniedException"));
    account.post("faults", &denied("iam", "GetAccountSummary", "AccessDenied"));
    account.post("faults", &denied("iam", "ListEntitiesForPolicy", "AccessDenied"));
    let product = Product::new(&account);
    let found = doctor(&product, 0);
    let unread = of(&found, "quota/not-checked");
    assert!(unread.len() == 1 && unread[0].contains("VPCs") && unread[0].contains("IAM roles"), "{found:#?}");
    assert_eq!(of(&found, "account/not-checked").len(), 1, "{found:#?}");
}

#[test]
fn a_failed_optional_read_hides_no_other_finding() {
    let account = Account::new(SCALE);
    account.by_hand("ecs.create_cluster(clusterName='ce-prod', tags=[{'key': 'ce-aws:deployment', 'value': 'old'}])");
    let product = Product::new(&account);
    // The cluster's name is taken, whatever else can be read.
    let usual = doctor(&product, 5);
    assert_eq!(of(&usual, "name/taken").len(), 1, "{usual:#?}");
    let reads = [
        ("backup", "DescribeRegionSettings", "read/failed"),
        ("backup", "ListBackupVaults", "read/failed"),
        ("iam", "ListEntitiesForPolicy", "read/failed"),
        ("iam", "GetAccountSummary", "quota/not-checked"),
        ("service-quotas", "*", "quota/not-checked"),
        ("logs", "DescribeLogGroups", ""),
    ];
    for (service, operation, code) in reads {
        for fault in [
            json!({ "kind": "html404" }),
            json!({ "kind": "error", "code": "NotImplemented", "status": 501 }),
            json!({ "kind": "error", "code": "AccessDeniedException", "status": 403 }),
        ] {
            let mut rule = fault.clone();
            (rule["service"], rule["operation"]) = (service.into(), operation.into());
            account.post("faults", &rule);
            let ran = product.run(&["doctor", "FILE", "--output", "json"]);
            account.delete("faults");
            if code.is_empty() {
                // What the deployment is made of must be read: this shows that the others are distinguished.
                assert_eq!(ran.code, 1, "{service} {operation} {fault}: {ran:?}");
                continue;
            }
            assert_eq!(ran.code, 5, "{service} {operation} {fault}: {ran:?}");
            let found = findings(&ran);
            assert_eq!(of(&found, "name/taken").len(), 1, "{service} {operation} {fault}: {found:#?}");
            let denied = fault["status"] == 403 && operation != "ListBackupVaults";
            let reported = found.iter().any(|(given, _)| given == code || denied && given.ends_with("/not-checked"));
            assert!(reported, "{service} {operation} {fault}: {found:#?}");
        }
    }
    // A plan and an apply do without them too.
    account.delete("faults");
    account.by_hand("ecs.delete_cluster(cluster='ce-prod')");
    account.post("faults", &json!({ "service": "backup", "kind": "html404" }));
    let planned = product.expect(0, &["plan", "FILE"]);
    assert!(planned.stdout.contains("warning[read/failed]"), "{}", planned.stdout);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let destroyed = product.expect(0, &["plan", "FILE", "--destroy", "--unprotect"]);
    assert!(destroyed.stdout.contains("warning[read/failed]"), "{}", destroyed.stdout);
    // No recovery point, no upgrade: refused before anything is stopped.
    let before = account.journal(0).len();
    let upgrade = product.expect(5, &["upgrade", "FILE", "--image", "ui=2", "--yes"]);
    assert!(format!("{}{}", upgrade.stdout, upgrade.stderr).contains("backup/no-vault"), "{upgrade:?}");
    assert_eq!(account.mutations(before), [""; 0], "nothing is changed");
}

#[test]
fn a_plan_without_creations_checks_no_quotas() {
    let account = Account::new(SCALE);
    // Room for one task, and for no second one beside it.
    account.post("settings", &json!({ "ecs.vcpu_quota": 8 }));
    let product =
        Product::with_plan(&account, "name = \"prod\"\nrelease = \"5.0.0\"\n[load_balancer]\nenabled = false\n");
    let found = doctor(&product, 0);
    assert!(of(&found, "quota/used-up").iter().any(|message| message.contains("vCPUs")), "{found:#?}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = account.journal(0).len();
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let asked = account.journal(before);
    let services: BTreeSet<&str> = asked.iter().map(|call| text(&call["service"])).collect();
    assert!(!services.contains("service-quotas"), "{services:?}");
    let found = doctor(&product, 0);
    assert!(found.iter().all(|(code, _)| !code.starts_with("quota/") && !code.starts_with("name/")), "{found:#?}");
    // Another task takes the place of the one that runs, and needs no more than that one.
    product.edit("[load_balancer]", "package = \"small\"\n[load_balancer]");
    product.expect(0, &["plan", "FILE"]);
    product.edit("\"small\"", "\"large\"");
    let refused = product.expect(5, &["plan", "FILE"]);
    assert!(refused.stdout.contains("Fargate vCPUs: quota 8, 0 used, 16 wanted"), "{}", refused.stdout);
}

/// What EC2 was only asked about, and what it was asked to do.
fn rehearsed(account: &Account, from: usize) -> (Vec<String>, Vec<String>) {
    let calls = account.every_call(from);
    let names = |dry: bool| {
        let of = calls.iter().filter(|call| call["service"] == "ec2" && call["dry_run"] == dry);
        of.map(|call| text(&call["operation"]).to_owned()).collect::<Vec<_>>()
    };
    (names(true), names(false))
}

fn live(ran: &Ran, result: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let rows = document["live"].as_array().expect("rows").iter().filter(|row| row["result"] == result);
    rows.map(|row| text(&row["what"]).to_owned()).collect()
}

#[test]
fn live_checks_change_nothing() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let arguments = ["doctor", "FILE", "--live", "--output", "json"];
    let before = account.every_call(0).len();
    let ran = product.run(&arguments);
    let (asked, done) = rehearsed(&account, before);
    // The emulator's address is none of AWS's: a read and a VPC that cannot be are tried first.
    let expected = ["DescribeVpcs", "CreateVpc", "CreateVpc", "CreateInternetGateway", "AllocateAddress"];
    assert_eq!(asked, expected, "{}", ran.stderr);
    assert!(done.iter().all(|operation| operation.starts_with("Describe")), "{done:?}");
    let changed = account.journal(before).into_iter().filter(|call| call["mutating"] == true);
    assert_eq!(changed.count(), 0);
    let proved = live(&ran, "proved");
    for what in ["read vpc", "read service", "read recovery-point", "ec2 CreateVpc", "ec2 AllocateAddress"] {
        assert!(proved.contains(what), "{what}: {proved:?}");
    }
    assert!(live(&ran, "failed").is_empty(), "{}", ran.stdout);
    assert!(live(&ran, "not-proved").contains("ECS Exec"));
    // What exists is where the rest is asked about.
    product.expect(0, &["apply", "FILE", "--yes"]);
    let before = account.every_call(0).len();
    let proved = live(&product.run(&arguments), "proved");
    assert!(proved.contains("ec2 CreateSubnet") && proved.contains("ec2 CreateSecurityGroup"), "{proved:?}");
    assert_eq!(account.journal(before).iter().filter(|call| call["mutating"] == true).count(), 0);
}

#[test]
fn live_refusals_are_named_and_ignored_dry_run_is_detected() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    account.post("settings", &json!({ "iam.caller": "user/op" }));
    account.post(
        "settings",
        &json!({ "iam.caller_policy": {
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": "Deny", "Action": ["ec2:AllocateAddress", "kms:*", "backup:List*"], "Resource": "*" },
        ],
    } }),
    );
    let ran = product.run(&["doctor", "FILE", "--live", "--output", "json"]);
    let failed = live(&ran, "failed");
    assert!(failed.contains("ec2 AllocateAddress"), "{failed:?}");
    assert!(failed.contains("read backup-vault"), "{failed:?}");
    assert!(live(&ran, "proved").contains("ec2 CreateVpc"), "{}", ran.stdout);
    account.post("settings", &json!({ "iam.caller_policy": null, "ec2.dry_run": false }));
    let before = account.every_call(0).len();
    let ran = product.run(&["doctor", "FILE", "--live", "--output", "json"]);
    assert!(live(&ran, "not-proved").contains("ec2 DryRun"), "{}", ran.stdout);
    // As other emulators do, it only checks the read, and would make the VPC: the one that cannot be made shows it.
    assert_eq!(rehearsed(&account, before).0, ["DescribeVpcs", "CreateVpc"]);
    let ignored = account.every_call(before).into_iter().filter(|call| call["operation"] == "CreateVpc");
    assert_eq!(ignored.map(|call| text(&call["code"]).to_owned()).collect::<Vec<_>>(), ["InvalidVpc.Range"]);
}
