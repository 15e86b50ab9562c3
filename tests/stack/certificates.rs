//! The TLS certificates between the containers: created once, renewed in time by one fenced change, shown nowhere.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::policy::operator::Operator;
use crate::product::{Product, Ran};
use crate::single_writer::{never_two, never_two_deployments};

const PLAN: &str = "name = \"prod\"\nrelease = \"6.9.0\"\npackage = \"medium\"\n";
const SECRET: &str = "ce-aws/prod/internal-certificate";

/// The image of core as it stands in the release file.
const CORE: &str = "core5-5.1.2\"\nproxy";
/// Another one, which does what a test wants of it.
const OTHER_CORE: &str = "core5-5.1.1\"\nproxy";

/// 5.1.2 under another number, with a container that gets what the certificates are.
fn release(number: &str, predecessor: &str, core: &str) -> String {
    let text = include_str!("../../src/release/catalogue/5.1.2.toml");
    let (number, predecessor) = (format!("version = \"{number}\""), format!("predecessors = [\"{predecessor}\"]"));
    let replaced = [
        ("version = \"5.1.2\"", number.as_str()),
        ("predecessors = [\"5.1.1\"]", predecessor.as_str()),
        ("end_of_life = 2026-10-31\n", ""),
        (
            "# Copies the plug-ins",
            "[containers.secrets]\nSECRET_INTERNAL_CA = \"internal_ca\"\n\
             SECRET_INTERNAL_CERTIFICATE = \"internal_certificate\"\nSECRET_INTERNAL_KEY = \"internal_key\"\n\n\
             # Copies the plug-ins",
        ),
        (CORE, core),
    ];
    replaced.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the release file has no {from:?}");
        text.replacen(from, to, 1)
    })
}

/// A plan file of that release, with the release beside it.
struct Deployment<'a> {
    product: Product<'a>,
}

impl<'a> Deployment<'a> {
    fn new(account: &'a Account, plan: &str) -> Self {
        let deployment = Self { product: Product::with_plan(account, plan) };
        deployment.write(&release("6.9.0", "5.1.2", CORE));
        deployment
    }

    fn write(&self, release: &str) {
        std::fs::write(self.product.folder().join("release.toml"), release).expect("the release can be written");
    }

    fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        self.product.expect(code, &[arguments, &["--catalog", "release.toml"]].concat())
    }

    fn apply(&self) -> Ran {
        self.expect(0, &["apply", "FILE", "--yes", "--allow", "unsupported"])
    }

    fn converges(&self) {
        self.apply();
        let planned = self.expect(0, &["plan", "FILE", "--exit-code"]);
        assert!(!both(&planned).contains("certificate/"), "{planned:?}");
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.product.run(&[arguments, &["--output", "json", "--catalog", "release.toml"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// The steps of a plan as `action address why`, but for those that change nothing.
    fn steps(&self, options: &[&str]) -> Vec<String> {
        let plan = self.json(&[&["plan", "FILE"], options].concat());
        let steps = plan["steps"].as_array().expect("a list of steps").iter();
        let changing = steps.filter(|step| !["await", "prove"].contains(&text(&step["action"])));
        let mut steps: Vec<String> = changing
            .map(|step| {
                let why = step["detail"].as_str().unwrap_or(text(&step["reason"]));
                format!("{} {} {why}", text(&step["action"]), text(&step["address"]))
            })
            .collect();
        steps.sort();
        steps
    }
}

pub fn both(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

/// The secret as Secrets Manager describes it.
fn described(account: &Account) -> Option<Value> {
    let read = account.read();
    let secrets = read["secrets"]["secrets"].as_array().expect("a list of secrets");
    secrets.iter().find(|secret| secret["Name"] == SECRET).cloned()
}

/// What it holds.
fn values(account: &Account) -> Value {
    serde_json::from_str(text(&account.inventory(&["secrets"])[SECRET])).expect("a JSON secret")
}

/// The generation that the newest revision was made for.
fn of_task(account: &Account) -> String {
    account.by_hand(
        r#"
task = ecs.describe_task_definition(taskDefinition="ce-prod")["taskDefinition"]
for container in task["containerDefinitions"]:
    for variable in container.get("environment", []):
        if variable["name"] == "INTERNAL_CERTIFICATE_GENERATION":
            print(container["name"], variable["value"])
"#,
    )
}

/// Lets it end so many days from now, as its description says: the program has no other way to know, and takes the day
/// from this machine's clock.
pub fn ends_in(account: &Account, secret: &str, days: i32) -> String {
    account.by_hand(&format!(
        r#"
import datetime, re
secrets = client("secretsmanager")
text = secrets.describe_secret(SecretId="{secret}")["Description"]
end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days={days})).date().isoformat()
text, count = re.subn("valid until [-0-9]+$", "valid until " + end, text)
assert count == 1, text
secrets.update_secret(SecretId="{secret}", Description=text)
print(end)
"#
    ))
}

#[test]
fn certificates_are_created_once_and_stay_in_the_secret() {
    let account = Account::new(SCALE);
    let one = Deployment::new(&account, PLAN);
    let saved = ["plan", "FILE", "--allow", "unsupported", "--out", "saved.json", "-vvv", "--log-file", "plan.log"];
    let saved = one.expect(0, &saved);
    assert!(both(&saved).contains("internal-certificate/main"), "{saved:?}");
    let applied = ["apply", "FILE", "--yes", "--allow", "unsupported", "-vvv", "--log-file", "apply.log"];
    let applied = one.expect(0, &applied);
    let is_read = account.journal(0).iter().any(|call| call["operation"] == "GetSecretValue");
    assert!(!is_read, "the program reads no value back");
    let values = values(&account);
    assert_eq!(values.as_object().expect("an object").len(), 3);
    let description = text(&described(&account).expect("the secret")["Description"]).to_owned();
    let (what, end) = description.split_once(", valid until ").expect("an end");
    assert_eq!(what, "Internal TLS certificates of Cloud Exchange, generation 1");
    assert_eq!(of_task(&account), "init-container 1");

    let status = one.json(&["status", "FILE"]);
    assert_eq!(text(&status["internal_certificate"]), end);
    let said = one.expect(0, &["status", "FILE", "-vvv"]);
    assert!(said.stdout.contains(&format!("valid until {end}")), "{}", said.stdout);
    let planned = one.expect(0, &["plan", "FILE", "--exit-code", "-vvv", "--output", "json"]);
    let doctor = one.expect(0, &["doctor", "FILE", "--allow", "unsupported"]);
    assert!(!both(&doctor).contains("certificate/internal"), "{doctor:?}");
    let more = [["graph", "FILE"], ["history", "FILE"], ["discover", "certificates"], ["policy", "FILE"]];
    let more = more.map(|arguments| both(&one.expect(0, &arguments))).concat();
    let calls = account.every_call(0);

    let file = |name: &str| std::fs::read_to_string(one.product.folder().join(name)).expect("the file is there");
    let kept = account.by_hand(
        r#"
s3 = client("s3")
for bucket in s3.list_buckets()["Buckets"]:
    for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
        if bucket["Name"].startswith("ce-aws-"):
            print(s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read().decode())
"#,
    );
    let places = [
        ("output", [&saved, &applied, &said, &planned, &doctor].map(both).concat() + &more),
        ("status", status.to_string()),
        ("saved plan", file("saved.json")),
        ("log files", file("plan.log") + &file("apply.log")),
        ("history and lease", kept),
        ("journal of calls", serde_json::to_string(&calls).expect("JSON")),
        ("account", account.read().to_string()),
    ];
    for (key, value) in values.as_object().expect("an object") {
        let lines: Vec<&str> = text(value).lines().filter(|line| line.len() == 64).collect();
        assert!(lines.len() > 20, "{key}");
        for (place, content) in &places {
            assert!(content.len() > 200, "{place} is nearly empty: {content}");
            let found = lines.iter().find(|line| content.contains(**line));
            assert_eq!(found, None, "{key} is in the {place}");
        }
    }
}

#[test]
fn certificates_are_renewed_in_time_by_a_single_writer() {
    let account = Account::new(SCALE);
    let one = Deployment::new(&account, PLAN);
    one.apply();
    let first = values(&account);
    ends_in(&account, SECRET, 32);
    assert_eq!(one.steps(&[]), [""; 0], "long enough");

    let end = ends_in(&account, SECRET, 29);
    let renews = |why: &str| {
        [
            "stop service/main one-writer".to_owned(),
            format!("update internal-certificate/main {why}"),
            format!("update service/main {why}"),
            format!("update task-definition/main {why}"),
        ]
    };
    assert_eq!(one.steps(&[]), renews(&format!("the internal certificate expires on {end}")));
    for command in [&["plan", "FILE"][..], &["doctor", "FILE"]] {
        let said = both(&one.expect(0, command));
        assert!(said.contains("certificate/internal-expires-soon") && said.contains(&end), "{said}");
    }
    let said = both(&one.expect(0, &["status", "FILE"]));
    assert!(said.contains(&format!("the internal certificate expires on {end}: the next `ce-aws apply`")), "{said}");
    let journal = account.journal(0).len();
    one.converges();
    let changed: Vec<String> = account
        .mutations(journal)
        .into_iter()
        .filter(|call| !call.ends_with("TagResource") && call != "ecs ExecuteCommand")
        .collect();
    let stop = ["secretsmanager UpdateSecret", "ecs RegisterTaskDefinition", "ecs UpdateService", "ecs UpdateService"];
    assert_eq!(changed, stop, "the values are there before anything is stopped");
    let second = values(&account);
    for key in ["internal_ca", "internal_certificate", "internal_key"] {
        assert_ne!(first[key], second[key], "{key}");
    }
    assert_eq!(of_task(&account), "init-container 2");

    let end = ends_in(&account, SECRET, 0);
    assert_eq!(one.steps(&[]), renews(&format!("the internal certificate expired on {end}")));
    let said = both(&one.expect(0, &["doctor", "FILE"]));
    assert!(said.contains("certificate/internal-expired"), "{said}");
    // Cut off after the values: the task follows with the next run, which makes no others.
    account.post(
        "faults",
        &json!({ "operation": "RegisterTaskDefinition", "kind": "error", "code": "ClientException", "status": 400,
            "message": "not now" }),
    );
    let cut = one.product.run(&["apply", "FILE", "--yes", "--catalog", "release.toml"]);
    assert_ne!(cut.code, 0, "{cut:?}");
    account.delete("faults");
    let third = values(&account);
    assert_ne!(second["internal_key"], third["internal_key"]);
    let follows = renews("the internal certificate was renewed");
    assert_eq!(one.steps(&[]), [&follows[..1], &follows[2..]].concat());
    one.converges();
    assert_eq!((of_task(&account).as_str(), values(&account) == third), ("init-container 3", true));

    // On request, once.
    assert_eq!(one.steps(&["--renew-certificates"]), renews("a new internal certificate was asked for"));
    one.expect(0, &["apply", "FILE", "--yes", "--renew-certificates"]);
    assert_eq!(of_task(&account), "init-container 4");
    assert_eq!(one.steps(&[]), [""; 0]);
    never_two(&account);
}

#[test]
fn apply_converges_whatever_happened_to_the_secret() {
    let account = Account::new(SCALE);
    let one = Deployment::new(&account, PLAN);
    let lost = |operation: &str| {
        account.post(
            "faults",
            &json!({ "service": "secretsmanager", "operation": operation, "contains": "internal-certificate",
                "kind": "lost", "times": 1 }),
        );
    };
    lost("CreateSecret");
    one.converges();
    assert_eq!(of_task(&account), "init-container 1");
    let arn = || text(&described(&account).expect("the secret")["ARN"]).to_owned();
    let first = arn();

    // A response lost during a renewal: values and description still agree.
    ends_in(&account, SECRET, 3);
    lost("UpdateSecret");
    one.converges();
    assert_eq!(of_task(&account), "init-container 2");
    account.delete("faults");

    // Marked for deletion by hand: it is brought back as it was.
    let before = values(&account);
    account.by_hand(&format!(r#"client("secretsmanager").delete_secret(SecretId="{SECRET}", RecoveryWindowInDays=7)"#));
    assert_eq!(one.steps(&[]), ["restore internal-certificate/main recoverable"]);
    one.converges();
    assert_eq!((values(&account) == before, arn() == first), (true, true));

    // Its description edited by hand: nobody knows until when it is valid, and there is a new one.
    account.by_hand(&format!(r#"client("secretsmanager").update_secret(SecretId="{SECRET}", Description="mine")"#));
    let why = "update internal-certificate/main the secret no longer says when the internal certificate expires";
    assert!(one.steps(&[]).contains(&why.to_owned()));
    one.converges();
    assert_eq!(of_task(&account), "init-container 3");

    // Deleted by hand for good: another one, whose ARN makes another task.
    let delete = "delete_secret(SecretId=\"ce-aws/prod/internal-certificate\", ForceDeleteWithoutRecovery=True)";
    account.by_hand(&format!(r#"client("secretsmanager").{delete}"#));
    one.converges();
    assert_ne!(arn(), first);
    assert_eq!(of_task(&account), "init-container 1");
    never_two(&account);

    // It goes with the deployment, and the password stays. What comes afterwards is new.
    let last = arn();
    one.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_eq!(described(&account), None);
    assert!(account.read().to_string().contains("ce-aws/prod/credentials"));
    one.converges();
    assert_ne!(arn(), last);
    one.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(described(&account), None);
}

#[test]
fn a_foreign_secret_is_refused_and_an_untagged_one_can_be_adopted() {
    let account = Account::new(SCALE);
    let one = Deployment::new(&account, PLAN);
    account.by_hand(&format!(r#"client("secretsmanager").create_secret(Name="{SECRET}", SecretString="theirs")"#));
    let refused = both(&one.expect(5, &["apply", "FILE", "--yes", "--allow", "unsupported"]));
    assert!(refused.contains("name/taken") && refused.contains(SECRET), "{refused}");
    assert_eq!(account.inventory(&["secrets"])[SECRET], "theirs");
    account.by_hand(&format!(
        r#"
client("secretsmanager").tag_resource(SecretId="{SECRET}", Tags=[
    {{"Key": "ce-aws:deployment", "Value": "prod"}},
    {{"Key": "ce-aws:address", "Value": "internal-certificate/main"}}])
"#
    ));
    one.converges();
    assert_eq!(values(&account).as_object().map(serde_json::Map::len), Some(3));
}

#[test]
fn an_upgrade_creates_certificates_and_a_rollback_removes_them() {
    let account = Account::new(SCALE);
    let arn = account.by_hand(
        r#"
import json
print(client("secretsmanager").create_secret(Name="mine", SecretString=json.dumps(
    {"maintenance_password": "PlantedPassword0123456789abcdef"}))["ARN"])
"#,
    );
    let old = format!("{}[secrets]\nexisting = \"{arn}\"\n", PLAN.replace("6.9.0", "5.1.2"));
    let one = Deployment::new(&account, &old);
    one.converges();
    assert_eq!((described(&account), of_task(&account).as_str()), (None, ""));
    let said = both(&one.expect(0, &["plan", "FILE", "--renew-certificates"]));
    assert!(said.contains("certificate/none-to-renew"), "{said}");

    one.write(&release("6.9.0", "5.1.2", OTHER_CORE));
    account
        .post("images", &json!({ "*core5-5.1.1": { "behaviour": "exit", "exit_code": 1, "after": 5, "log": ["no"] } }));
    let upgrade = ["upgrade", "FILE", "--to", "6.9.0", "--allow", "unsupported", "--yes"];
    let back = one.expect(6, &upgrade);
    assert!(back.stderr.contains("rolled back"), "{}", back.stderr);
    assert_eq!(described(&account), None, "{}", back.stderr);
    one.expect(0, &["plan", "FILE", "--exit-code"]);

    account.post("images", &json!({ "*core5-5.1.1": { "behaviour": "run" } }));
    one.expect(0, &upgrade);
    assert_eq!(of_task(&account), "init-container 1");
    let planned = one.expect(0, &["plan", "FILE", "--exit-code"]);
    assert!(!both(&planned).contains("certificate/"), "{planned:?}");
    never_two_deployments(&account);
}

#[test]
fn a_rollback_after_renewal_leaves_usable_certificates() {
    let account = Account::new(SCALE);
    let one = Deployment::new(&account, PLAN);
    one.apply();
    let first = values(&account);
    ends_in(&account, SECRET, 5);
    let next = one.product.folder().join("next.toml");
    std::fs::write(&next, release("6.9.1", "6.9.0", OTHER_CORE)).expect("the release can be written");
    account
        .post("images", &json!({ "*core5-5.1.1": { "behaviour": "exit", "exit_code": 1, "after": 5, "log": ["no"] } }));
    let upgrade = ["upgrade", "FILE", "--to", "6.9.1", "--allow", "unsupported", "--yes", "--catalog", "next.toml"];
    let back = one.expect(6, &upgrade);
    assert!(back.stderr.contains("rolled back"), "{}", back.stderr);
    let status = one.json(&["status", "FILE"]);
    assert_eq!((text(&status["state"]), text(&status["release"])), ("healthy", "6.9.0"));
    // The rollback, onto the restored data, has made a revision that names the new values: nothing is left to do.
    let second = values(&account);
    assert_ne!(first["internal_key"], second["internal_key"]);
    assert_eq!(one.steps(&[]), [""; 0]);
    one.converges();
    assert_eq!((of_task(&account).as_str(), values(&account) == second), ("init-container 2", true));
    never_two_deployments(&account);
}

#[test]
fn the_printed_policy_is_sufficient() {
    let account = Account::new(SCALE);
    let one = Operator::new(&account, PLAN);
    std::fs::write(one.product.folder().join("release.toml"), release("6.9.0", "5.1.2", CORE)).expect("a file");
    let printed = |purpose: &str| -> Vec<Value> {
        let said = ["policy", "FILE", "--output", "json", "--for", purpose, "--catalog", "release.toml"];
        let said: Value = serde_json::from_str(&one.product.expect(0, &said).stdout).expect("JSON");
        said["policies"].as_array().expect("policies").iter().map(|one| one["document"].clone()).collect()
    };
    let does = |purpose: &str, arguments: &[&str]| {
        account.post("settings", &json!({ "iam.caller_policy": null }));
        let policies = printed(purpose);
        let arguments = [arguments, &["--catalog", "release.toml"]].concat();
        let ran = one.patiently(|| one.run_with(&policies, &arguments));
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    };
    does("apply", &["apply", "FILE", "--yes", "--allow", "unsupported"]);
    does("plan", &["plan", "FILE", "--renew-certificates"]);
    does("apply", &["apply", "FILE", "--yes", "--renew-certificates"]);
    assert_eq!(of_task(&account), "init-container 2");
    does("destroy", &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_eq!(described(&account), None);
}
