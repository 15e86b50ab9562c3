//! Deployment variants: each pair of choices is deployed, found complete and destroyed, and existing resources are left
//! as they were.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::account::{Account, text};
use crate::deploy::{SCALE, remaining};
use crate::existing::ExistingResources;
use crate::pairwise::{Variant, table};
use crate::product::Product;

/// One test a row of the table, so that they run side by side and fail by themselves.
macro_rules! rows {
    ($($test:ident $number:literal)*) => {
        $(#[test] fn $test() { row($number); })*

        #[test]
        fn every_row_of_the_table_has_its_test() {
            let numbers = [$($number),*];
            assert_eq!(numbers.to_vec(), (0..table().len()).collect::<Vec<_>>());
        }
    };
}

rows! {
    variant_00 0 variant_01 1 variant_02 2 variant_03 3 variant_04 4 variant_05 5 variant_06 6
    variant_07 7 variant_08 8 variant_09 9 variant_10 10 variant_11 11 variant_12 12 variant_13 13
    variant_14 14 variant_15 15 variant_16 16 variant_17 17 variant_18 18
}

fn row(number: usize) {
    let variant = &table()[number];
    println!("row {number}: {}", variant.name());
    let account = Account::new(SCALE);
    let resources = ExistingResources::new(&account);
    let theirs = remaining(&account.read());
    let product = Product::with_plan(&account, &plan_file(variant, &resources));
    std::fs::write(product.folder().join("corp-ca.pem"), &resources.authorities[0]).expect("the folder can be written");

    product.expect(0, &["apply", "FILE", "--yes"]);
    let planned = product.expect(0, &["plan", "FILE", "--exit-code", "--output", "json"]);
    let planned: Value = serde_json::from_str(&planned.stdout).expect("JSON");
    assert_eq!(findings(&planned), [""; 0], "{planned}");
    holds(variant, &resources, &account.read());
    crate::single_writer::never_two(&account);

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    // Interfaces and targets linger.
    account.post("clock", &serde_json::json!({ "advance": 900 }));
    let mut ours = remaining(&account.read());
    ours.retain(|line| !theirs.contains(line));
    let data = kept(variant, &account.id);
    assert_eq!(ours, data);
    resources.assert_untouched(&account);
}

/// Codes of what the checks found.
fn findings(plan: &Value) -> Vec<&str> {
    plan["findings"].as_array().expect("a list of findings").iter().map(|finding| text(&finding["code"])).collect()
}

/// The plan file of a variant.
fn plan_file(variant: &Variant, resources: &ExistingResources) -> String {
    let mut existing: Vec<(&str, String)> = Vec::new();
    if variant.is("network", "existing") {
        let [one, other] = &resources.subnets;
        existing
            .extend([("vpc", toml(&resources.vpc)), ("private_subnets", format!("[{}, {}]", toml(one), toml(other)))]);
    }
    // One role for both, or one of each.
    let both = variant.is("task role", "existing") && variant.is("execution role", "existing");
    let role = |own: &str| toml(if both { &resources.shared_role } else { own });
    let uses = [
        ("ingress", "existing balancer", "load_balancer", toml(&resources.load_balancer)),
        ("ingress", "existing target group", "target_group", toml(&resources.target_group)),
        ("task role", "existing", "task_role", role(&resources.task_role)),
        ("execution role", "existing", "execution_role", role(&resources.execution_role)),
        ("cluster", "existing", "cluster", toml(if both { "corp" } else { &resources.cluster })),
        ("key", "existing", "kms_key", toml(if both { "alias/corp" } else { &resources.key })),
    ];
    existing.extend(
        uses.into_iter().filter(|(factor, choice, ..)| variant.is(factor, choice)).map(|(.., key, value)| (key, value)),
    );
    let switch = |factor: &str, key: &'static str| Some((key, (variant.of(factor)? == "on").to_string()));
    let nat = variant.is("network", "single NAT").then(|| ("nat", toml("single")));
    let network = [nat, switch("flow logs", "flow_logs"), switch("harden", "harden")];
    let balancer = [
        variant.is("ingress", "none").then(|| ("enabled", "false".to_owned())),
        variant.is("ingress", "existing balancer").then(|| ("port", "8080".to_owned())),
        switch("access logs", "access_logs"),
    ];
    let proxy = match variant.of("proxy") {
        Some("addresses") => vec![("http", toml("http://10.40.9.9:3128")), ("https", toml("http://10.40.9.9:3128"))],
        Some("secret") => vec![("secret", toml(&resources.proxy_secret))],
        _ => Vec::new(),
    };
    let ca = match variant.of("ca") {
        Some("file") => vec![("file", toml("corp-ca.pem"))],
        Some("secret") => vec![("secret", toml(&resources.ca_secret))],
        _ => Vec::new(),
    };
    let tables = [
        ("existing", existing),
        ("network", network.into_iter().flatten().collect()),
        ("load_balancer", balancer.into_iter().flatten().collect()),
        ("service", switch("insights", "container_insights").into_iter().collect()),
        ("proxy", proxy),
        ("ca", ca),
    ];
    let mut plan = "name = \"prod\"\nrelease = \"5.0.0\"\n".to_owned();
    for (name, keys) in tables.into_iter().filter(|(_, keys)| !keys.is_empty()) {
        plan += &format!("[{name}]\n");
        keys.into_iter().for_each(|(key, value)| plan += &format!("{key} = {value}\n"));
    }
    plan
}

fn toml(text: &str) -> String {
    Value::from(text).to_string()
}

/// What the choices come to, as far as a look at the account shows it.
fn holds(variant: &Variant, resources: &ExistingResources, read: &Value) {
    let list = |service: &str, list: &str| read[service][list].as_array().expect("a list").clone();
    let ours = |item: &&Value| {
        item["Tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag["Key"] == "ce-aws:deployment"))
    };
    let count = |service: &str, name: &str| list(service, name).iter().filter(ours).count();
    let vpcs = usize::from(!variant.is("network", "existing"));
    assert_eq!(count("ec2", "vpcs"), vpcs, "VPCs of ours");
    let gateways = match variant.of("network") {
        Some("per-zone NAT") => 2,
        Some("single NAT") => 1,
        _ => 0,
    };
    assert_eq!(count("ec2", "nat_gateways"), gateways, "NAT gateways of ours");
    assert_eq!(
        count("elb", "load_balancers"),
        usize::from(variant.is("ingress", "new balancer")),
        "load balancers of ours"
    );
    let groups = variant.is("ingress", "new balancer") || variant.is("ingress", "existing balancer");
    assert_eq!(count("elb", "target_groups"), usize::from(groups), "target groups of ours");

    let clusters = list("ecs", "clusters");
    let services: Vec<&Value> = clusters.iter().flat_map(|one| one["Services"].as_array().expect("services")).collect();
    let [service] = services.as_slice() else { panic!("one service: {services:?}") };
    assert_eq!(text(&service["clusterArn"]) == resources.cluster, variant.is("cluster", "existing"), "the cluster");
    let registered = service["loadBalancers"].as_array().expect("a list");
    assert_eq!(registered.len(), usize::from(!variant.is("ingress", "none")), "{registered:?}");
    let theirs = variant.is("ingress", "existing target group");
    assert!(
        registered.iter().all(|one| (text(&one["targetGroupArn"]) == resources.target_group) == theirs),
        "{registered:?}"
    );

    let definitions = list("ecs", "task_definitions");
    let definition = definitions.iter().find(|one| one["taskDefinitionArn"] == service["taskDefinition"]);
    let definition = definition.expect("the service's task definition");
    let roles = [&resources.task_role, &resources.execution_role, &resources.shared_role];
    for (factor, field) in [("task role", "taskRoleArn"), ("execution role", "executionRoleArn")] {
        let existing = roles.into_iter().any(|role| role == text(&definition[field]));
        assert_eq!(existing, variant.is(factor, "existing"), "{field}: {}", definition[field]);
    }
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    let names = |container: &str, list: &str| -> BTreeSet<&str> {
        let named = containers.iter().find(|one| one["name"] == container).expect("a container of that name");
        named[list].as_array().into_iter().flatten().map(|one| text(&one["name"])).collect()
    };
    let (plain, secret) = (names("core", "environment"), names("core", "secrets"));
    assert_eq!(plain.contains("HTTPS_PROXY"), variant.is("proxy", "addresses"), "{plain:?}");
    assert_eq!(secret.contains("HTTPS_PROXY"), variant.is("proxy", "secret"), "{secret:?}");
    assert_eq!(plain.contains("NO_PROXY"), !variant.is("proxy", "none"), "{plain:?}");
    let secret = names("init-container", "secrets");
    assert_eq!(secret.contains("CA_CERTIFICATE"), !variant.is("ca", "none"), "{secret:?}");
    let key = list("efs", "file_systems")[0]["KmsKeyId"].clone();
    assert_eq!(text(&key) == resources.key, variant.is("key", "existing"), "{key}");
}

/// What a destroyed deployment leaves: its data.
fn kept(variant: &Variant, account: &str) -> Vec<String> {
    let mut kept = Vec::new();
    if variant.is("access logs", "on") {
        kept.extend(["access-logs", "alb-logs"].map(|name| format!("bucket ce-prod-{account}-us-east-1-{name}")));
    }
    kept.extend(["file system", "secret ce-aws/prod/credentials"].map(str::to_owned));
    kept
}
