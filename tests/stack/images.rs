//! Which image runs: the deployed one, whatever tags and registries do, until a change is requested.

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const VENDOR: &str = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope";

/// Images of the running task's containers, as ECS has them.
fn running(account: &Account) -> Vec<String> {
    let read = account.read();
    let definitions = read["ecs"]["task_definitions"].as_array().expect("task definitions");
    let newest = definitions.iter().max_by_key(|one| one["revision"].as_u64()).expect("a revision");
    let containers = newest["containerDefinitions"].as_array().expect("containers");
    containers.iter().map(|one| text(&one["image"]).to_owned()).collect()
}

#[test]
fn a_moved_tag_changes_nothing_until_requested() {
    let account = Account::new(SCALE);
    let product =
        Product::with_plan(&account, "name = \"prod\"\nrelease = \"5.0.0\"\n[load_balancer]\nenabled = false\n");
    product.expect(0, &["apply", "FILE", "--yes"]);
    let first = running(&account);
    let moved: Value = account.post("registry", &json!({ (format!("{VENDOR}/ui5:11062023")): "another build" }));
    assert!(moved.to_string().contains("sha256:"), "{moved}");
    product.expect(0, &["plan", "FILE", "--exit-code"]);

    let asked = product.expect(2, &["plan", "FILE", "--exit-code", "--refresh-images"]);
    assert!(asked.stdout.contains("ui digest sha256:"), "{}", asked.stdout);
    product.expect(0, &["apply", "FILE", "--yes", "--refresh-images"]);
    let second = running(&account);
    let differ: Vec<_> = first.iter().filter(|image| !second.contains(image)).collect();
    assert_eq!(differ.len(), 1, "{differ:?}");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    crate::single_writer::never_two(&account);

    // Its registry refuses to tell: nothing is lost, and other changes go on with what runs.
    account.post("images", &json!({ "*netskope*": { "behaviour": "denied" } }));
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let refused = product.expect(0, &["plan", "FILE", "--exit-code", "--refresh-images"]);
    assert!(refused.stdout.contains("image/"), "{}", refused.stdout);
    account.delete("images");
    assert_eq!(running(&account), second);
}

#[test]
fn a_mirror_and_one_image_from_elsewhere() {
    let account = Account::new(SCALE);
    let mirror = format!("{}.dkr.ecr.us-east-1.amazonaws.com/mirror", account.id);
    let vendors =
        ["cloudexchange:aws-cli-latest", "core5:11062023", "ui5:11062023", "mongodb:5.0", "rabbitmq:3.12.6-management"];
    let copies = vendors.map(|image| (format!("{mirror}/netskope/{image}"), Value::from(image)));
    account.post("registry", &Value::Object(copies.into_iter().collect()));
    account.post("registry", &json!({ (format!("{mirror}/patched/ui:1")): "patched" }));
    let plan = format!(
        "name = \"prod\"\nrelease = \"5.0.0\"\n[load_balancer]\nenabled = false\n\
         [images]\nregistry = \"{mirror}\"\n[images.override]\nui = \"{mirror}/patched/ui:1\"\n"
    );
    let product = Product::with_plan(&account, &plan);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let images = running(&account);
    assert!(images.iter().all(|image| image.starts_with(&mirror) && image.contains("@sha256:")), "{images:?}");
    assert_eq!(images.iter().filter(|image| image.contains("/patched/ui@")).count(), 1, "{images:?}");
    let status = product.expect(0, &["status", "FILE"]);
    assert!(status.stdout.contains("patched/ui:1"), "{}", status.stdout);
}
