//! The whole life of a deployment in an account as enterprises run them: everything that AWS, the organization, a
//! security team and the neighbours may do is done at once. Which that is:
//! `localstack/src/localstack_fargate/profiles.py`.

use serde_json::json;

use crate::account::Account;
use crate::deploy::{SCALE, remaining};
use crate::existing::ExistingResources;
use crate::product::{Product, Ran};
use crate::single_writer::never_two_deployments;
use crate::upgrade::{is_well_at, plan_file};
use crate::upgrade_failures::exits;

const PLAN: &str = "name = \"prod\"\nrelease = \"4.2.0\"\n\
                    [tags]\nCostCenter = \"4711\"\nEnvironment = \"production\"\n[service]\ndebug = false\n";

#[test]
fn a_whole_lifecycle_in_an_enterprise_account() {
    let account = Account::new(SCALE);
    let resources = ExistingResources::beside(&account, include_str!("similar_resources.py"));
    let theirs = remaining(&account.read());
    account.post("profile", &json!({ "name": "enterprise" }));
    let product = Product::with_plan(&account, PLAN);

    product.expect(0, &["apply", "FILE", "--yes"]);
    is_well_at(&product, "4.2.0");

    product.edit("debug = false", "debug = true");
    product.expect(0, &["apply", "FILE", "--yes"]);
    is_well_at(&product, "4.2.0");

    let before = plan_file(&product);
    exits(&account);
    product.expect(6, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    account.delete("images");
    assert_eq!(plan_file(&product), before, "the plan file says what runs");
    is_well_at(&product, "4.2.0");

    product.expect(0, &["upgrade", "FILE", "--to", "5.0.0", "--yes"]);
    is_well_at(&product, "5.0.0");

    let names_itself = |ran: &Ran, command: &str| {
        assert!(ran.stderr.contains(&format!("  {command:<12} prod: ")), "{}", ran.stderr);
    };
    names_itself(&product.expect(0, &["stop", "FILE", "--yes"]), "stop");
    product.expect(0, &["plan", "FILE", "--exit-code"]);
    let started = product.expect(0, &["start", "FILE", "--yes", "--deadline", "20m"]);
    names_itself(&started, "start");
    assert!(started.stdout.contains("How to reach the UI"), "{}", started.stdout);
    names_itself(&product.expect(0, &["backup", "create", "FILE", "--yes"]), "backup");
    product.expect(0, &["backup", "restore", "FILE", "latest", "--yes"]);
    is_well_at(&product, "5.0.0");
    never_two_deployments(&account);

    product.expect(0, &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"]);
    account.post("clock", &json!({ "advance": 900 }));
    // What is there is read and compared as it was before.
    account.post("settings", &json!({ "page.size": 0, "responses.reversed": false, "responses.sparse": false }));
    let mut ours = remaining(&account.read());
    ours.retain(|line| !theirs.contains(line));
    assert_eq!(ours, ["secret ce-aws/prod/credentials (in its recovery window)"]);
    resources.assert_untouched(&account);
    assert_eq!(account.get("clock")["errors"], json!([]), "nothing of the emulator failed");
}
