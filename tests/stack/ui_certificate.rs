//! HTTPS by the UI's own web server: switched on, replaced, renewed and switched off by a single writer; the key is
//! shown nowhere.

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::certificates::{both, ends_in};
use crate::deploy::SCALE;
use crate::drift::steps;
use crate::policy::operator::Operator;
use crate::product::{Product, Ran};
use crate::single_writer::never_two;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n";
const SELF_SIGNED: &str = "[ui_certificate]\nself_signed = true\n";
const FILES: &str = "[ui_certificate]\ncertificate = \"ui.pem\"\nkey = \"ui.key\"\n";
const WITHOUT_BALANCER: &str = "[load_balancer]\nenabled = false\n";
const SECRET: &str = "ce-aws/prod/ui-certificate";

fn plan(product: &Product<'_>, more: &str) {
    product.write_plan(&format!("{PLAN}{more}"));
}

fn apply(product: &Product<'_>) -> Ran {
    let ran = product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    ran
}

/// Writes another certificate with its key beside the plan file; gives the key.
fn write_pair(product: &Product<'_>) -> String {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["ce.example.com".to_owned()]).expect("a name");
    let today = time::OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (today - time::Duration::days(1), today + time::Duration::days(90));
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    std::fs::write(product.folder().join("ui.pem"), certificate).expect("a file");
    std::fs::write(product.folder().join("ui.key"), key.serialize_pem()).expect("a file");
    key.serialize_pem()
}

/// What the secret holds, if there is one.
fn values(account: &Account) -> Option<Value> {
    let held = account.inventory(&["secrets"]);
    held.get(SECRET).map(|value| serde_json::from_str(text(value)).expect("a JSON secret"))
}

/// The target groups, each with its protocol and the state of its targets; the action of the listener; the scheme in
/// the health check of ui; and the notes.
pub fn shape(account: &Account) -> String {
    account.by_hand(
        r#"
elb, ecs, ec2 = client("elbv2"), client("ecs"), client("ec2")
groups = elb.describe_target_groups()["TargetGroups"]
names = {group["TargetGroupArn"]: group["TargetGroupName"] for group in groups}
for group in sorted(groups, key=lambda group: group["TargetGroupName"]):
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    states = [one["TargetHealth"]["State"] for one in health if one["TargetHealth"]["State"] != "draining"]
    print(group["TargetGroupName"], group["Protocol"], group["HealthCheckProtocol"], *states)
for balancer in elb.describe_load_balancers()["LoadBalancers"]:
    for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
        print("listener", listener["Protocol"], names[listener["DefaultActions"][0]["TargetGroupArn"]])
service = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]
print("service", *[names[one["targetGroupArn"]] for one in service["loadBalancers"]])
task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
ui = next(one for one in task["containerDefinitions"] if one["name"] == "ui")
print("ui", "https" if "https" in ui["healthCheck"]["command"][1] else "http")
for group in ec2.describe_security_groups()["SecurityGroups"]:
    for tag in group.get("Tags", []):
        if tag["Key"] == "ce-aws:ui-certificate":
            print("note", tag["Value"])
"#,
    )
}

const PLAIN: &str = "ce-prod-ui HTTP HTTP healthy\nlistener HTTP ce-prod-ui\nservice ce-prod-ui\nui http";
const OVER_TLS: &str = "ce-prod-ui-https HTTPS HTTPS healthy\nlistener HTTP ce-prod-ui-https\n\
                        service ce-prod-ui-https\nui https\nnote ce-aws/prod/ui-certificate";

#[test]
fn https_is_switched_on_replaced_and_switched_off_by_a_single_writer() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    apply(&product);
    assert_eq!(shape(&account), PLAIN);
    let calls = |arguments: &[&str]| {
        let before = account.journal(0).len();
        product.expect(0, arguments);
        let mut calls: Vec<String> = account
            .journal(before)
            .iter()
            .map(|call| format!("{} {}", text(&call["service"]), text(&call["operation"])))
            // More of these are about the stopped tasks that ECS still lists.
            .filter(|call| !["ecs DescribeTasks", "ecs DescribeTaskDefinition"].contains(&call.as_str()))
            .collect();
        calls.sort();
        calls
    };
    let empty = calls(&["plan", "FILE", "--exit-code"]);

    plan(&product, SELF_SIGNED);
    let planned = steps(&product);
    let on = [
        "create target-group/ui-https missing",
        "create ui-certificate/main missing",
        "delete target-group/ui unwanted",
        "stop service/main one-writer",
        "update listener/http changed",
        "update role/execution changed",
        "update service/main changed",
        "update task-definition/main changed",
    ];
    assert_eq!(planned, on);
    let journal = account.journal(0).len();
    apply(&product);
    assert_eq!(shape(&account), OVER_TLS);
    let changed = account.mutations(journal);
    let at = |call: &str| changed.iter().position(|one| one == call).unwrap_or_else(|| panic!("{call}: {changed:?}"));
    let last =
        |call: &str| changed.iter().rposition(|one| one == call).unwrap_or_else(|| panic!("{call}: {changed:?}"));
    let stop = at("ecs UpdateService");
    assert!(at("secretsmanager CreateSecret") < stop && at("elbv2 CreateTargetGroup") < stop, "{changed:?}");
    assert!(stop < at("elbv2 ModifyListener"), "users reach the old task until it stops: {changed:?}");
    assert!(at("elbv2 ModifyListener") < last("ecs UpdateService"), "{changed:?}");
    assert!(last("ecs UpdateService") < at("elbv2 DeleteTargetGroup"), "{changed:?}");
    let status = product.expect(0, &["status", "FILE", "--probe", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!((&status["state"], &status["probe"]["ui_status"]), (&json!("healthy"), &json!(200)), "{status}");
    assert!(text(&status["whereabouts"]["url"]).starts_with("http://"), "{status}");
    let end = text(&status["ui_certificate"]).to_owned();
    let said = product.expect(0, &["status", "FILE"]).stdout;
    assert!(said.contains(&format!("certificate of the UI's web server, valid until {end}")), "{said}");

    let first = values(&account).expect("a secret");
    let key = write_pair(&product);
    plan(&product, FILES);
    let replaced = [
        "stop service/main one-writer",
        "update service/main changed",
        "update task-definition/main changed",
        "update ui-certificate/main changed",
    ];
    assert_eq!(steps(&product), replaced);
    apply(&product);
    let second = values(&account).expect("a secret");
    assert_ne!(first["ui_key"], second["ui_key"]);
    assert_eq!(second["ui_key"], key.replace('\r', ""));
    let other = write_pair(&product);
    assert_eq!(steps(&product), replaced, "other files under the same names");
    apply(&product);
    assert_eq!(values(&account).expect("a secret")["ui_key"], other.replace('\r', ""));
    assert_eq!(shape(&account), OVER_TLS);

    plan(&product, "");
    let journal = account.journal(0).len();
    apply(&product);
    assert_eq!((shape(&account).as_str(), values(&account)), (PLAIN, None));
    let changed = account.mutations(journal);
    assert!(changed.contains(&"secretsmanager DeleteSecret".to_owned()), "{changed:?}");
    assert_eq!(calls(&["plan", "FILE", "--exit-code"]), empty, "no call more than before");
    never_two(&account);
}

#[test]
fn the_key_is_shown_nowhere() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &format!("{PLAN}{FILES}"));
    let key = write_pair(&product);
    let saved = ["plan", "FILE", "--out", "saved.json", "-vvv", "--log-file", "plan.log"];
    let mut said = both(&product.expect(0, &saved));
    said += &both(&product.expect(0, &["apply", "saved.json", "--yes", "-vvv", "--log-file", "apply.log"]));
    for arguments in [
        &["plan", "FILE", "--exit-code", "-vvv", "--output", "json"][..],
        &["validate", "FILE", "--output", "json"],
        &["status", "FILE", "--output", "json"],
        &["doctor", "FILE"],
        &["graph", "FILE"],
        &["history", "FILE"],
        &["policy", "FILE"],
    ] {
        said += &both(&product.expect(0, arguments));
    }
    let file = |name: &str| std::fs::read_to_string(product.folder().join(name)).expect("the file is there");
    let kept = account.by_hand(
        r#"
s3 = client("s3")
for bucket in s3.list_buckets()["Buckets"]:
    for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
        if bucket["Name"].startswith("ce-aws-"):
            print(s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read().decode())
"#,
    );
    assert_eq!(values(&account).expect("a secret")["ui_key"], key.replace('\r', ""));
    // The third line is of the public key alone, which is in the certificate, too.
    let lines: Vec<&str> = key.lines().skip(1).take(2).map(str::trim).collect();
    assert!(lines.iter().all(|line| line.len() == 64), "{}", lines.len());
    let places = [
        ("output", said),
        ("saved plan", file("saved.json")),
        ("log files", file("plan.log") + &file("apply.log")),
        ("history and lease", kept),
        ("journal of calls", serde_json::to_string(&account.every_call(0)).expect("JSON")),
        ("account", account.read().to_string()),
    ];
    for (place, content) in &places {
        assert!(content.len() > 200, "{place} is nearly empty: {content}");
        assert_eq!(lines.iter().find(|line| content.contains(**line)), None, "the key is in the {place}");
    }
    assert!(places[1].1.contains("BEGIN CERTIFICATE"), "the certificate itself is public");
}

#[test]
fn without_a_load_balancer_the_task_itself_speaks_https() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &format!("{PLAN}{WITHOUT_BALANCER}{SELF_SIGNED}"));
    let applied = apply(&product);
    assert!(applied.stdout.contains("URL         https://") && applied.stdout.contains(":3000"), "{}", applied.stdout);
    assert!(applied.stdout.contains("then open https://localhost:8000"), "{}", applied.stdout);
    let status = product.expect(0, &["status", "--name", "prod", "--region", "us-east-1", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert!(text(&status["whereabouts"]["url"]).starts_with("https://"), "{status}");
    // It is the address that `open` prints, too.
    assert!(crate::open::address_of(&product).starts_with("https://127.0.0.1:"));
    product.expect(0, &["stop", "FILE", "--yes"]);
    product.expect(0, &["start", "FILE", "--yes"]);
    product.expect(0, &["destroy", "--name", "prod", "--region", "us-east-1", "--yes", "--delete-data"]);
    assert_eq!(values(&account), None);
    never_two(&account);
}

#[test]
fn a_self_signed_one_is_renewed_in_time() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, &format!("{PLAN}{WITHOUT_BALANCER}{SELF_SIGNED}"));
    apply(&product);
    let first = values(&account);
    ends_in(&account, SECRET, 32);
    assert_eq!(steps(&product), [""; 0], "long enough");
    let end = ends_in(&account, SECRET, 29);
    for command in [&["plan", "FILE"][..], &["doctor", "FILE"]] {
        let said = both(&product.expect(0, command));
        assert!(said.contains("certificate/ui-expires-soon") && said.contains(&end), "{said}");
    }
    let said = both(&product.expect(0, &["status", "FILE"]));
    assert!(said.contains(&format!("the UI's certificate expires on {end}: the next `ce-aws apply`")), "{said}");
    apply(&product);
    let second = values(&account);
    assert_ne!(first, second);
    product.expect(0, &["apply", "FILE", "--yes", "--renew-certificates"]);
    assert_ne!(second, values(&account));
    assert_eq!(steps(&product), [""; 0]);
    never_two(&account);
}

/// A run is cut off at a call, and another one ends it.
fn cut_and_mend(product: &Product<'_>, wanted: &str, (service, operation, nth): (&str, &str, u32)) {
    let account = product.account;
    account.post(
        "faults",
        &json!({ "service": service, "operation": operation, "kind": "error", "code": "AccessDeniedException",
            "status": 400, "message": "not now", "nth": nth }),
    );
    let cut = product.run(&["apply", "FILE", "--yes"]);
    account.delete("faults");
    assert_ne!(cut.code, 0, "{operation} {nth} did not happen: {cut:?}");
    let ended = product.run(&["apply", "FILE", "--yes"]);
    assert_eq!(ended.code, 0, "after {operation} {nth}: {ended:?}");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(shape(account), wanted, "after {operation} {nth}");
}

#[test]
fn switching_can_be_cut_off_anywhere() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    apply(&product);
    let on = [
        ("secretsmanager", "CreateSecret", 1),
        ("elbv2", "CreateTargetGroup", 1),
        ("ecs", "RegisterTaskDefinition", 1),
        ("ecs", "UpdateService", 1),
        ("elbv2", "ModifyListener", 1),
        ("ecs", "UpdateService", 2),
        ("elbv2", "DeleteTargetGroup", 1),
    ];
    let off = [
        ("elbv2", "CreateTargetGroup", 1),
        ("ecs", "RegisterTaskDefinition", 1),
        ("ecs", "UpdateService", 1),
        ("elbv2", "ModifyListener", 1),
        ("ecs", "UpdateService", 2),
        ("elbv2", "DeleteTargetGroup", 1),
        ("secretsmanager", "DeleteSecret", 1),
    ];
    for (on, off) in on.into_iter().zip(off) {
        plan(&product, SELF_SIGNED);
        cut_and_mend(&product, OVER_TLS, on);
        plan(&product, "");
        cut_and_mend(&product, PLAIN, off);
    }
    never_two(&account);
}

#[test]
fn a_deployment_that_is_stopped_stays_stopped() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    apply(&product);
    product.expect(0, &["stop", "FILE", "--yes"]);
    plan(&product, SELF_SIGNED);
    apply(&product);
    product.expect(0, &["start", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    assert_eq!(shape(&account), OVER_TLS);
    never_two(&account);
}

#[test]
fn the_printed_policy_is_sufficient() {
    let account = Account::new(SCALE);
    let one = Operator::new(&account, &format!("{PLAN}{SELF_SIGNED}"));
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("apply", &["apply", "FILE", "--yes", "--renew-certificates"]);
    one.does("plan", &["plan", "FILE", "--exit-code"]);
    one.product.write_plan(PLAN);
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.product.write_plan(&format!("{PLAN}{SELF_SIGNED}"));
    one.does("apply", &["apply", "FILE", "--yes"]);
    one.does("destroy", &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_eq!(values(&account), None);
}

#[test]
fn release_6_delivers_it_with_its_other_files() {
    let account = Account::new(SCALE);
    let plan = format!(
        "name = \"prod\"\nrelease = \"6.1.0\"\npackage = \"medium\"\nregion = \"us-east-1\"\nallow = \"unsupported\"\n\
         {SELF_SIGNED}"
    );
    let product = Product::with_plan(&account, &plan);
    apply(&product);
    assert_eq!(shape(&account), OVER_TLS);
    let runs = account.get("cloud-exchange");
    let runs = runs.as_array().expect("a list of runs");
    let delivered = runs.iter().find(|run| run["container"] == "init-container").expect("it has run");
    for file in ["cte_cert.crt", "cte_cert_key.key"] {
        assert_eq!(delivered["files"][format!("/files/ui-certificate/{file}")], "1001:1001 0444", "{delivered}");
    }
}
