//! What holds of every teardown.

use proptest::prelude::*;
use serde_json::json;

use super::account::{self, Account};
use super::samples::{self, KINDS, Sample, deployed, plan, steps, target};
use crate::engine::holder::Holder;
use crate::engine::inventory::Phase;
use crate::engine::plan::{Action, Finding, Plan, Until};
use crate::engine::queue::Queue;
use crate::kinds::registry;
use crate::planners::teardown::{Options, teardown};
use crate::planners::upstream::upstream;

const ALL: Options = Options { delete_data: true, unprotect: true, leave_network: false };

fn torn(account: &Account, options: Options) -> Plan {
    teardown(&account.inventory(), target(), &KINDS, options, &[])
}

/// What is there and not on its way out, but for what comes and goes with others.
fn left(account: &Account) -> Vec<&str> {
    let stays = account.live.iter().filter(|live| live.address.kind() != "builtin" && live.phase == Phase::Ready);
    stays.map(|live| live.address.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The account objects when something goes before its users, or while a task runs.
    #[test]
    fn users_are_deleted_before_what_they_use_and_data_is_kept(
        samples in samples::samples(14), weights in prop::collection::vec(0.0..100.0_f64, 1..20), delete_data: bool,
    ) {
        let mut account = deployed(&samples);
        let plan = torn(&account, Options { delete_data, ..Options::default() });
        account.execute(&plan, &weights);
        let stays = |sample: &&Sample| match KINDS[sample.kind].name {
            "shared" => true,
            "vault" => !delete_data,
            _ => false,
        };
        prop_assert_eq!(left(&account).len(), samples.iter().filter(stays).count());
        let again = torn(&account, Options { delete_data, ..Options::default() });
        prop_assert!(again.is_empty(), "still to do: {:?}", steps(&again));
    }

    /// Also when they refer to each other in circles, as security groups do.
    #[test]
    fn any_references_give_a_plan_that_can_start(
        links in prop::collection::vec(prop::collection::vec(0..12_usize, 0..4), 1..12),
        kinds in prop::collection::vec(0..KINDS.len(), 12),
    ) {
        let mut account = Account::default();
        for (number, links) in links.iter().enumerate() {
            let links: Vec<_> = links.iter().map(|link| format!("id-{link}")).collect();
            let address = format!("{}/r{number}", KINDS[kinds[number]].name);
            account.live.push(account::live(&address, &format!("id-{number}"), json!({ "links": links })));
        }
        let plan = torn(&account, ALL);
        prop_assert!(Queue::new(&plan.steps, &[]).is_ok());
    }

    #[test]
    fn a_later_apply_uses_the_data_again(samples in samples::samples(10), delete_data: bool) {
        let mut account = deployed(&samples);
        let before = account.essence();
        let vaults = |account: &Account| -> Vec<String> {
            let data = account.live.iter().filter(|live| live.address.kind() == "vault");
            data.map(|live| live.id.clone()).collect()
        };
        let data = vaults(&account);
        let down = torn(&account, Options { delete_data, ..Options::default() });
        account.execute(&down, &[]);
        // With its parent, what comes and goes with it is gone.
        account.live.retain(|live| live.address.kind() != "builtin");
        let up = plan(&samples, &account);
        account.execute(&up, &[]);
        prop_assert_eq!(account.essence(), before);
        prop_assert_eq!(vaults(&account), data);
    }
}

#[test]
fn data_is_named_when_it_is_kept_and_when_it_is_lost() {
    let account = deployed(&[Sample::new("vault")]);
    let keeps = torn(&account, Options::default());
    assert_eq!((steps(&keeps).len(), keeps.kept.len()), (0, 1));
    let loses = torn(&account, ALL);
    assert_eq!(loses.steps[0].consequences, ["the data in it is lost"]);
}

#[test]
fn protection_is_removed_only_with_consent_and_before_the_deletion() {
    let mut account = deployed(&[Sample::new("plain")]);
    account.at("plain/r0").spec["deletion_protection"] = json!(true);
    let refused = torn(&account, Options { delete_data: true, ..Options::default() });
    assert_eq!(refused.refusals().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["destroy/protected"]);
    let plan = torn(&account, ALL);
    assert_eq!(steps(&plan), ["unprotect plain/r0", "delete plain/r0"]);
    account.execute(&plan, &[]);
    assert!(account.live.is_empty());
}

#[test]
fn the_task_is_confirmed_stopped_before_its_service_is_deleted() {
    let account = deployed(&[Sample::new("service"), Sample::new("fixed")]);
    let plan = torn(&account, ALL);
    // By address; the order is in what waits for what.
    assert_eq!(steps(&plan), ["delete fixed/r1", "stop service/r0", "delete service/r0"]);
    assert_eq!(plan.steps[1].until, Until::Idle);
    assert_eq!(plan.steps[2].after.iter().map(|after| after.step).collect::<Vec<_>>(), [1]);
    // The kind `fixed` says that it goes after services.
    assert_eq!(plan.steps[0].after.iter().map(|after| after.step).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_name_in_common_is_no_reference() {
    let mut account = deployed(&[Sample::new("plain"), Sample::new("slow").linked(0)]);
    for live in &mut account.live {
        live.spec["note"] = json!("ce-demo");
        live.outputs.insert("name".to_owned(), "ce-demo".to_owned());
    }
    let plan = torn(&account, ALL);
    assert_eq!(steps(&plan), ["delete plain/r0", "delete slow/r1"]);
    assert_eq!((plan.steps[0].after.len(), plan.steps[1].after.len()), (1, 0));
}

#[test]
fn deletions_in_progress_are_only_awaited() {
    let mut account = deployed(&[Sample::new("service"), Sample::new("fixed")]);
    account.at("service/r0").phase = Phase::Deleting("draining".into());
    let plan = torn(&account, ALL);
    assert_eq!(steps(&plan), ["delete fixed/r1", "verify service/r0"]);
    assert_eq!((plan.steps[1].until, plan.steps[0].after.len()), (Until::Gone, 1));
    account.execute(&plan, &[]);
    assert!(account.live.is_empty());
}

#[test]
fn tasks_that_outlive_their_service_are_awaited() {
    let mut account = Account::default();
    let mut task = account::live("service/r0", "task-arn", json!(null));
    task.phase = Phase::Pending("a task still runs".into());
    account.live.push(task);
    let plan = torn(&account, ALL);
    assert_eq!((steps(&plan), plan.steps[0].until), (vec!["verify service/r0".to_owned()], Until::Gone));
}

#[test]
fn both_twins_go() {
    let mut account = deployed(&[Sample::new("plain"), Sample::new("plain").linked(0)]);
    account.live.push(account::live("plain/r0", "z-twin", json!({})));
    let plan = torn(&account, ALL);
    assert_eq!(plan.steps.iter().filter(|step| step.action == Action::Delete).count(), 3);
    account.execute(&plan, &[]);
    assert!(account.live.is_empty());
}

#[test]
fn a_resource_marked_for_deletion_stays_marked() {
    let mut account = deployed(&[Sample::new("vault")]);
    account.at("vault/r0").phase = Phase::Recoverable;
    let plan = torn(&account, ALL);
    assert!(plan.is_empty());
    assert!(plan.kept[0].why.contains("restored"));
}

fn holder(id: &str, holds: &[&str]) -> Holder {
    Holder {
        what: "network interface".to_owned(),
        id: id.to_owned(),
        whose: "account 2".to_owned(),
        holds: holds.iter().map(|text| text.parse().unwrap()).collect(),
        remedy: "delete it".to_owned(),
    }
}

fn found(plan: &Plan) -> Vec<String> {
    let line = |finding: &Finding| {
        let address = finding.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let hint = finding.hint.clone().unwrap_or_default();
        format!("{:?} {}: {address} {} [{hint}]", finding.severity, finding.code, finding.message)
    };
    plan.findings.iter().map(line).collect()
}

#[test]
fn foreign_holders_are_refused_before_anything_is_deleted() {
    let account = deployed(&[Sample::new("plain"), Sample::new("vault").linked(0)]);
    let holders = [holder("eni-1", &["plain/r0"]), holder("eni-2", &["vault/r1"]), holder("eni-3", &["plain/r9"])];
    let of = |options| teardown(&account.inventory(), target(), &KINDS, options, &holders);
    // The data are kept, so that only the first of them is in the way; and what holds nothing that goes is none of our
    // business.
    assert_eq!(
        found(&of(Options::default())),
        ["Refusal destroy/held: plain/r0 is in use by network interface eni-1 (account 2), which is not part of the \
          deployment [delete it]"]
    );
    let codes: Vec<String> = of(ALL).refusals().map(|finding| finding.address.clone().unwrap().to_string()).collect();
    assert_eq!(codes, ["plain/r0", "vault/r1"]);
}

/// A VPC as a deployment has it, as far as it matters here.
fn network() -> Account {
    let one = |address: &str, id: &str, spec: serde_json::Value| {
        let mut live = account::live(address, id, spec);
        live.outputs.insert("id".to_owned(), id.to_owned());
        live
    };
    let mut account = Account::default();
    account.live = vec![
        one("vpc/main", "vpc-1", json!({})),
        one("subnet/a", "subnet-1", json!({ "vpc": "vpc-1" })),
        one("security-group/task", "sg-1", json!({ "vpc": "vpc-1", "ingress": ["sg-2"] })),
        one("security-group/ui", "sg-2", json!({ "vpc": "vpc-1" })),
        one("security-group/storage", "sg-3", json!({ "vpc": "vpc-1" })),
        one("flow-log/main", "fl-1", json!({ "vpc": "vpc-1", "role": "role-1" })),
        one("role/flow", "role-1", json!({})),
        one("role/task", "role-2", json!({})),
        one("cluster/main", "cluster-1", json!({})),
        one(
            "guardduty-endpoint/main",
            "vpce-1",
            json!({ "vpc": "vpc-1", "subnets": ["subnet-1"], "groups": ["sg-9"] }),
        ),
        one("guardduty-group/main", "sg-9", json!({ "vpc": "vpc-1" })),
    ];
    account
}

#[test]
fn the_network_is_kept_with_all_that_it_needs_and_nothing_else() {
    let holders = [holder("eni-1", &["subnet/a", "security-group/task", "vpc/main"])];
    let options = Options { leave_network: true, ..ALL };
    let plan = teardown(&network().inventory(), target(), &registry::facts(), options, &holders);
    assert_eq!(steps(&plan), ["delete cluster/main", "delete role/task", "delete security-group/storage"]);
    assert_eq!(found(&plan), ["Warning destroy/held: subnet/a is kept for the network interface eni-1 (account 2) []"]);
    let refused = teardown(&network().inventory(), target(), &registry::facts(), ALL, &holders);
    assert_eq!(
        found(&refused),
        ["Refusal destroy/held: subnet/a is in use by network interface eni-1 (account 2), which is not part of the \
          deployment and also holds \
          security-group/task, vpc/main [delete it; or keep the network with --leave-network]"]
    );
}

#[test]
fn guarddutys_resources_are_deleted_before_their_network() {
    let plan = teardown(&network().inventory(), target(), &registry::facts(), ALL, &[]);
    let position = |address: &str| plan.steps.iter().position(|step| step.address.as_str() == address).unwrap();
    let waits = |later: &str, earlier: &str| upstream(&plan.steps, position(later)).contains(&position(earlier));
    assert!(waits("guardduty-group/main", "guardduty-endpoint/main"));
    assert!(waits("subnet/a", "guardduty-endpoint/main") && waits("vpc/main", "guardduty-group/main"));
}

#[test]
fn only_the_cluster_waits_until_the_service_is_gone() {
    let mut account = network();
    let service = json!({ "cluster": "cluster-1", "groups": ["sg-1"], "subnets": ["subnet-1"] });
    account.live.push(account::live("service/main", "service-1", service));
    account.live.push(account::live("mount-target/a", "fsmt-1", json!({ "subnet": "subnet-1" })));
    let plan = teardown(&account.inventory(), target(), &registry::facts(), ALL, &[]);
    let step = |action: Action, address: &str| {
        plan.steps.iter().position(|step| step.action == action && step.address.as_str() == address).unwrap()
    };
    let (stop, deletion) = (step(Action::Stop, "service/main"), step(Action::Delete, "service/main"));
    for address in ["mount-target/a", "subnet/a", "security-group/task", "vpc/main"] {
        let before = upstream(&plan.steps, step(Action::Delete, address));
        assert!(before.contains(&stop) && !before.contains(&deletion), "{address}: {before:?}");
    }
    assert!(upstream(&plan.steps, step(Action::Delete, "cluster/main")).contains(&deletion));
}
