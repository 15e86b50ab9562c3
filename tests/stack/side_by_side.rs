//! Several deployments in one account: each finds its own, and none touches another.

use crate::account::Account;
use crate::deploy::{SCALE, remaining};
use crate::existing::World;
use crate::product::Product;

#[test]
fn two_in_one_region_and_the_same_name_in_two() {
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
    second.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    third.expect(0, &["destroy", "FILE", "--yes", "--unprotect"]);
    first.expect(0, &["plan", "FILE", "--exit-code"]);
}

#[test]
fn what_stands_behind_a_load_balancer_of_the_users_is_found_by_its_name_alone() {
    let account = Account::new(SCALE);
    let world = World::new(&account);
    let theirs = remaining(&account.read());
    let [one, other] = &world.subnets;
    let plan = |name: &str, port: u16| {
        format!(
            "name = \"{name}\"\nrelease = \"5.0.0\"\n[load_balancer]\nport = {port}\n[existing]\nvpc = \"{}\"\n\
             private_subnets = [\"{one}\", \"{other}\"]\ncluster = \"{}\"\nload_balancer = \"{}\"\n",
            world.vpc, world.cluster, world.load_balancer
        )
    };
    let product = Product::with_plan(&account, &plan("prod", 8443));
    product.expect(0, &["apply", "FILE", "--yes"]);
    let status = product.expect(0, &["status", "--name", "prod"]);
    for words in [":8443", "HEALTHY", "corp"] {
        assert!(status.stdout.contains(words), "{words:?} is not in\n{}", status.stdout);
    }

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
    world.assert_untouched(&account);
}

/// A cluster that is not there, and everything else that is wrong, is told at once, before anything is made.
#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_is_made() {
    let account = Account::new(SCALE);
    let world = World::new(&account);
    let [one, other] = &world.subnets;
    let product = Product::with_plan(
        &account,
        &format!(
            "name = \"prod\"\nrelease = \"5.0.0\"\n[existing]\nvpc = \"{}\"\nprivate_subnets = [\"{one}\", \"{other}\"]\n\
             cluster = \"nowhere\"\nkms_key = \"alias/nowhere\"\ntask_role = \"arn:aws:iam::{}:role/nobody\"\n\
             [load_balancer]\nenabled = false\n",
            world.vpc, account.id
        ),
    );
    let before = account.journal(0).len();
    let refused = product.expect(5, &["apply", "FILE", "--yes"]);
    for code in ["cluster/not-found", "key/not-found", "role/not-found"] {
        assert!(refused.stderr.contains(code), "{code} is not in\n{}", refused.stderr);
    }
    assert_eq!(account.mutations(before), [""; 0]);
    world.assert_untouched(&account);
}
