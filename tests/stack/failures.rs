//! Tasks that do not start: the screen and the exit code say why, and once the cause is removed a retry succeeds.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::account::Account;
use crate::deploy::SCALE;
use crate::product::Product;

fn diagnosis(images: &serde_json::Value, expected: &[&str]) {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    account.post("images", images);
    let failed = product.expect(3, &["apply", "FILE", "--yes"]);
    for words in expected {
        assert!(failed.stderr.contains(words), "{words:?} is not in\n{}", failed.stderr);
    }
    account.delete("images");
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    crate::single_writer::never_two_deployments(&account);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let said = ["image/denied", "CannotPullContainerError", "ui5", "subscribe this account"];
    diagnosis(&json!({ "*ui5*": { "behaviour": "denied" } }), &said);
}

#[test]
fn a_missing_image_is_refused_before_any_change() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    account.post("images", &json!({ "*ui5*": { "behaviour": "missing" } }));
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    assert!(refused.stderr.contains("image/not-found"), "{}", refused.stderr);
    assert_eq!(account.mutations(0), [""; 0]);
}

/// The owner's transit gateway cannot be there before the VPC is.
#[test]
fn a_vpc_without_nat_runs_once_a_route_is_added() {
    let account = Account::new(SCALE);
    let plan = "name = \"prod\"\nrelease = \"5.0.0\"\n[network]\nnat = \"none\"\n[load_balancer]\nenabled = false\n";
    let product = Product::with_plan(&account, plan);
    let failed = product.expect(3, &["apply", "FILE", "--yes"]);
    for words in ["network/no-egress", "ResourceInitializationError"] {
        assert!(failed.stderr.contains(words), "{words:?} is not in\n{}", failed.stderr);
    }
    account.by_hand(
        r#"
subnets = ec2.describe_subnets()["Subnets"]
private = [find(subnets, f"subnet/private-{half}") for half in "ab"]
gateway = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
ec2.create_transit_gateway_vpc_attachment(
    TransitGatewayId=gateway, VpcId=private[0]["VpcId"], SubnetIds=[one["SubnetId"] for one in private])
tables = ec2.describe_route_tables()["RouteTables"]
for half in "ab":
    table = find(tables, f"route-table/private-{half}")["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", TransitGatewayId=gateway)
"#,
    );
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    crate::single_writer::never_two_deployments(&account);
}

#[test]
fn a_container_that_exits() {
    let images =
        json!({ "*core5*#core": { "behaviour": "exit", "exit_code": 137, "log": ["no space left on device"] } });
    diagnosis(&images, &["core", "137", "no space left on device"]);
}

#[test]
fn a_container_that_never_becomes_healthy() {
    let images = json!({ "*mongodb*": { "behaviour": "unhealthy", "log": ["WiredTiger error"] } });
    diagnosis(&images, &["mongodb-primary", "UNHEALTHY", "WiredTiger error"]);
}

#[test]
fn a_failed_service_is_restarted_by_a_tag_only_change() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    account.post("images", &json!({ "*ui5*": { "behaviour": "denied" } }));
    product.expect(3, &["apply", "FILE", "--yes"]);
    account.delete("images");
    product.edit("#+ Owner = ", "Owner = ");
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    crate::single_writer::never_two_deployments(&account);
}

#[test]
fn ctrl_c_finishes_calls_in_flight_and_reports_the_rest() {
    let account = Account::new(SCALE);
    let product = Product::new(&account);
    let child = product.spawn(&["apply", "FILE", "--yes"]);
    wait_for(&account, 25);
    let status = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let screen = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(screen.contains("nat-gateway/a") || screen.contains("service/main"), "what remains is named:\n{screen}");
    product.expect(0, &["apply", "FILE", "--yes"]);
    no_twins(&account);
}

#[test]
fn a_killed_apply_converges_without_duplicates() {
    for calls in [12, 40, 75] {
        let account = Account::new(SCALE);
        let product = Product::new(&account);
        let mut child = product.spawn(&["apply", "FILE", "--yes"]);
        wait_for(&account, calls);
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        product.expect(0, &["apply", "FILE", "--yes"]);
        product.expect(0, &["plan", "FILE", "--exit-code"]);
        no_twins(&account);
        crate::single_writer::never_two(&account);
    }
}

/// Waits until so many changing calls have been made.
pub fn wait_for(account: &Account, mutations: usize) {
    wait_until(&format!("{mutations} changing calls"), || account.mutations(0).len() >= mutations);
}

/// Waits until something that the program does is so.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One of everything: the listing of the account has no address twice, and nothing without an address.
pub fn no_twins(account: &Account) {
    let read = account.read();
    crate::properties::check(&read, &account.id);
    let count = |place: &serde_json::Value| place.as_array().map_or(0, Vec::len);
    let ours = read["ec2"]["vpcs"].as_array().into_iter().flatten().filter(|vpc| vpc["IsDefault"] != true).count();
    assert_eq!(ours, 1, "one VPC");
    assert_eq!(count(&read["ec2"]["addresses"]), 2, "two addresses");
    assert_eq!(count(&read["efs"]["file_systems"]), 1, "one file system");
    assert_eq!(count(&read["efs"]["access_points"]), 8, "eight access points");
    assert_eq!(count(&read["elb"]["load_balancers"]), 1, "one load balancer");
}
