//! Several deployments in one account: each finds its own, and none touches another.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::{SCALE, remaining};
use crate::existing::ExistingResources;
use crate::product::Product;

#[test]
fn two_deployments_in_one_region_and_one_name_in_two_regions() {
    let account = Account::new(SCALE);
    let plan = |name: &str, region: &str| format!("name = \"{name}\"\nrelease = \"5.0.0\"\nregion = \"{region}\"\n");
    let all = [plan("prod", "us-east-1"), plan("test", "us-east-1"), plan("prod", "eu-west-1")];
    let all = all.map(|plan| Product::with_plan(&account, &plan));
    for product in &all {
        product.expect(0, &["apply", "FILE", "--yes"]);
    }
    for product in &all {
        product.expect(0, &["plan", "FILE", "--exit-code"]);
    }
    let [first, second, third] = &all;
    assert_eq!(listed(first, "us-east-1"), ["prod running 5.0.0", "test running 5.0.0"]);
    assert_eq!(listed(first, "eu-west-1"), ["prod running 5.0.0"]);
    what_ce_aws_manages_is_marked(first);
    a_status_is_repeated_until_ctrl_c(first);
    second.expect(0, &["stop", "FILE", "--yes"]);
    assert_eq!(listed(first, "us-east-1"), ["prod running 5.0.0", "test stopped 5.0.0"]);
    second.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    assert_eq!(listed(first, "us-east-1"), ["prod running 5.0.0", "test data-kept "]);
    third.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    assert_eq!(listed(first, "eu-west-1"), [""; 0]);
    first.expect(0, &["plan", "FILE", "--exit-code"]);
    nothing_of_that_name_is_said_to_be_nothing(first);
}

/// Name, state and release of each.
fn listed(product: &Product<'_>, region: &str) -> Vec<String> {
    let ran = product.expect(0, &["list", "--region", region, "--output", "json"]);
    let all: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(all["region"], region);
    let all = all["deployments"].as_array().expect("deployments");
    let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| format!("{} {} {}", word(one, "deployment"), word(one, "state"), word(one, "release")))
        .collect()
}

fn what_ce_aws_manages_is_marked(product: &Product<'_>) {
    for kind in ["vpcs", "subnet", "cluster", "target-group", "load-balancer", "role"] {
        let ran = product.expect(0, &["discover", kind, "--region", "us-east-1", "--output", "json"]);
        let listing: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let items = listing["items"].as_array().expect("items");
        let of = |name: &str| items.iter().filter(|item| item["managed_by"] == name).count();
        assert!(of("prod") > 0 && of("test") > 0, "{kind}: {listing:#}");
        for line in listing["plan_file"].as_array().expect("lines") {
            let is_own = |item: &Value| item["managed_by"].is_string() && text(line).contains(text(&item["id"]));
            assert!(!items.iter().any(is_own), "{kind}: {line} is ce-aws's own");
        }
        let shown = product.expect(0, &["discover", kind, "--region", "us-east-1"]).stdout;
        assert!(shown.contains("managed by ce-aws: prod"), "{kind}:\n{shown}");
    }
}

/// In a pipe: a line for each poll, or a document on one line; Ctrl-C is no error.
fn a_status_is_repeated_until_ctrl_c(product: &Product<'_>) {
    let two = |arguments: &[&str]| {
        let mut child = product.spawn(arguments);
        let mut all = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let lines: Vec<String> = all.by_ref().take(2).map(|line| line.expect("text")).collect();
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0), "{arguments:?}");
        lines
    };
    // A reader that goes away ends it as well.
    let mut child = product.spawn(&["status", "FILE", "--watch=1"]);
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    for line in two(&["status", "FILE", "--watch=1"]) {
        assert!(line.contains("Z healthy; task ") && line.ends_with("; target healthy"), "{line}");
    }
    for line in two(&["status", "FILE", "--watch=1", "--output", "json"]) {
        let status: Value = serde_json::from_str(&line).expect("a document on one line");
        assert_eq!(status["state"], "healthy");
        assert!(text(&status["since"]).ends_with('Z'), "{status:#}");
    }
    // All of them: a line for each, or one document; what cannot change is read once.
    let lines = two(&["status", "--all", "--watch=1"]);
    for (line, name) in lines.iter().zip(["prod", "test"]) {
        assert!(line.contains(&format!("Z {name} healthy; task ")) && line.ends_with("; target healthy"), "{line}");
    }
    let before = product.account.journal(0).len();
    for line in two(&["status", "--all", "--watch=1", "--output", "json"]) {
        let all: Value = serde_json::from_str(&line).expect("a document on one line");
        let states = all["deployments"].as_array().expect("deployments").iter().map(|one| text(&one["state"]));
        assert_eq!(states.collect::<Vec<_>>(), ["healthy"; 2]);
    }
    let calls = product.account.journal(before);
    let count = |operation: &str| calls.iter().filter(|call| call["operation"] == operation).count();
    assert!(count("DescribeServices") >= 4 && count("DescribeTaskDefinition") == 2, "{}", calls.len());
}

fn nothing_of_that_name_is_said_to_be_nothing(product: &Product<'_>) {
    for (name, region) in [("nope", "us-east-1"), ("test", "eu-west-1")] {
        let ran = product.expect(5, &["status", "--name", name, "--region", region]);
        let place = format!("{name:?} in account {}, region {region}", product.account.id);
        assert!(ran.stderr.contains("status/nothing-there") && ran.stderr.contains(&place), "{ran:?}");
        let destroyed = product.expect(5, &["destroy", "--name", name, "--region", region, "--yes"]);
        assert!(destroyed.stderr.contains("destroy/nothing-there"), "{destroyed:?}");
        let runs = product.expect(0, &["history", "--name", name, "--region", region, "--output", "json"]);
        assert!(!runs.stdout.contains("destroy"), "{runs:?}");
        let ran = product.expect(5, &["status", "--name", name, "--region", region, "--output", "json"]);
        let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!((&status["state"], &status["resources"]), (&json!("absent"), &json!(0)));
    }
    // What a destroy has kept is not nothing.
    let kept = product.expect(0, &["status", "--name", "test", "--region", "us-east-1"]);
    assert!(kept.stdout.contains("not running, no service"), "{kept:?}");
}

#[test]
fn deployments_behind_an_existing_load_balancer_are_told_apart() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let theirs = remaining(&account.read());
    let [one, other] = &resources.subnets;
    let plan = |name: &str, port: u16| {
        format!(
            "name = \"{name}\"\nrelease = \"5.0.0\"\n[load_balancer]\nport = {port}\n[existing]\nvpc = \"{}\"\n\
             private_subnets = [\"{one}\", \"{other}\"]\ncluster = \"{}\"\nload_balancer = \"{}\"\n",
            resources.vpc, resources.cluster, resources.load_balancer
        )
    };
    let product = Product::with_plan(&account, &plan("prod", 8443));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let status = product.expect(0, &["status", "--name", "prod"]);
    for words in [":8443", "HEALTHY", "corp"] {
        assert!(status.stdout.contains(words), "{words:?} is not in\n{}", status.stdout);
    }
    let url = status.stdout.lines().find_map(|line| line.strip_prefix("URL")).expect("a URL").trim();
    let all = product.expect(0, &["status", "--all"]).stdout;
    assert!(all.contains(&format!("prod  {url}\n")), "{url} is not in\n{all}");

    // Another one wants the same port of the same load balancer.
    let before = account.journal(0).len();
    let rival = Product::with_plan(&account, &plan("rival", 8443));
    let refused = rival.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("load-balancer/port-taken"), "{}", refused.stderr);
    assert!(refused.stderr.contains("prod"), "whose it is:\n{}", refused.stderr);
    assert_eq!(account.mutations(before), [""; 0]);

    // Its neighbour in the same cluster, subnets and load balancer lives on.
    rival.write_plan(&plan("rival", 8080));
    rival.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["destroy", "--name", "prod", "--yes"]);
    rival.expect(0, &["plan", "FILE", "--exit-code"]);
    rival.expect(0, &["destroy", "--name", "rival", "--yes"]);
    account.post("clock", &serde_json::json!({ "advance": 900 }));
    let mut ours = remaining(&account.read());
    ours.retain(|line| !theirs.contains(line));
    assert_eq!(
        ours,
        ["file system", "file system", "secret ce-aws/prod/credentials", "secret ce-aws/rival/credentials"]
    );
    resources.assert_untouched(&account);
}

/// A cluster that is not there, and everything else that is wrong, is reported at once, before any change.
#[test]
fn all_errors_are_reported_before_any_change() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let [one, other] = &resources.subnets;
    let product = Product::with_plan(
        &account,
        &format!(
            "name = \"prod\"\nrelease = \"5.0.0\"\n[existing]\nvpc = \"{}\"\n\
             private_subnets = [\"{one}\", \"{other}\"]\ncluster = \"nowhere\"\n\
             kms_key = \"alias/nowhere\"\ntask_role = \"arn:aws:iam::{}:role/nobody\"\n\
             [load_balancer]\nenabled = false\n",
            resources.vpc, account.id
        ),
    );
    let before = account.journal(0).len();
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    for code in ["cluster/not-found", "key/not-found", "role/not-found"] {
        assert!(refused.stderr.contains(code), "{code} is not in\n{}", refused.stderr);
    }
    assert_eq!(account.mutations(before), [""; 0]);
    resources.assert_untouched(&account);
}
