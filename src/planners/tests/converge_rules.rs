//! Single rules of the plan that makes live what the graph says.

use serde_json::{Value, json};

use super::account::{self, Account};
use super::samples::{Sample, deployed, graph, plan, steps, target};
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part};
use crate::engine::plan::{Action, Plan, Reason, Until};
use crate::planners::converge::{Options, converge};

fn codes(plan: &Plan) -> Vec<String> {
    let name = |finding: &crate::engine::plan::Finding| {
        format!("{} {}", finding.code, finding.address.as_ref().map_or("", |address| address.as_str()))
    };
    plan.refusals().map(name).collect()
}

/// Puts a second one of an address beside the first.
fn twin(account: &mut Account, address: &str, id: &str) {
    let mut twin = account.at(address).clone();
    twin.id = id.to_owned();
    twin.outputs.insert("id".to_owned(), id.to_owned());
    account.live.push(twin);
}

fn resized(kind: &str) -> ([Sample; 2], Plan, Account) {
    let before = [Sample::new(kind), Sample::new("plain").linked(0)];
    let mut after = before.clone();
    after[0].size = 2;
    let account = deployed(&before);
    let plan = plan(&after, &account);
    (after, plan, account)
}

#[test]
fn a_change_that_is_impossible_in_place_and_by_replacement_is_refused() {
    let (_, plan, _) = resized("fixed");
    assert_eq!(codes(&plan), ["plan/cannot-replace fixed/r0"]);
    assert!(plan.refusals().all(|finding| finding.message.contains("size") && finding.hint.is_some()));
    assert!(plan.is_empty(), "{:?}", steps(&plan));
}

#[test]
fn a_replacement_is_deleted_then_created_and_its_users_follow() {
    let (after, plan, mut account) = resized("swap");
    assert_eq!(steps(&plan), ["delete swap/r0", "create swap/r0", "update plain/r1"]);
    assert_eq!(plan.steps[0].reason, Reason::Replaced(vec!["size".to_owned()]));
    assert_eq!(plan.steps[2].reason, Reason::Changed);
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&after, &account).is_empty());
}

#[test]
fn a_failed_resource_is_replaced_or_refused() {
    for (kind, expected) in [("swap", vec!["delete swap/r0", "create swap/r0"]), ("fixed", vec![])] {
        let samples = [Sample::new(kind)];
        let mut account = deployed(&samples);
        account.at(&format!("{kind}/r0")).phase = Phase::Failed("it broke".into());
        let plan = plan(&samples, &account);
        assert_eq!(steps(&plan), expected);
        assert_eq!(codes(&plan).len(), usize::from(kind == "fixed"));
    }
}

#[test]
fn of_two_duplicates_the_unused_one_is_deleted() {
    let samples = [Sample::new("plain"), Sample::new("plain").linked(0)];
    let mut account = deployed(&samples);
    twin(&mut account, "plain/r0", "a-first-by-id");
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["delete plain/r0"]);
    assert_eq!((plan.steps[0].reason.clone(), plan.steps[0].id.as_deref()), (Reason::Twin, Some("a-first-by-id")));
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&samples, &account).is_empty());
}

#[test]
fn of_two_unused_duplicates_the_first_that_works_is_kept() {
    let samples = [Sample::new("slow")];
    let mut account = deployed(&samples);
    let first = account.at("slow/r0").id.clone();
    twin(&mut account, "slow/r0", "z-later");
    assert_eq!(plan(&samples, &account).steps[0].id.as_deref(), Some("z-later"));
    account.live[0].phase = Phase::Pending("starting".into());
    assert_eq!(plan(&samples, &account).steps[0].id, Some(first));
}

#[test]
fn a_user_of_the_wrong_duplicate_is_updated_before_that_is_deleted() {
    let samples = [Sample::new("plain"), Sample::new("plain").linked(0), Sample::new("plain").linked(0)];
    let mut account = deployed(&samples);
    twin(&mut account, "plain/r0", "z-twin");
    account.at("plain/r2").spec["links"] = json!({ "$set": ["z-twin"] });
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["delete plain/r0", "update plain/r2"]);
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&samples, &account).is_empty());
}

#[test]
fn two_duplicates_with_data_are_refused() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    twin(&mut account, "vault/r0", "z-twin");
    let plan = plan(&samples, &account);
    assert_eq!(codes(&plan), ["data/twins vault/r0"]);
    assert!(plan.is_empty());
}

#[test]
fn duplicates_without_data_have_another_message() {
    let samples = [Sample::new("plain"), Sample::new("builtin").linked(0)];
    let mut account = deployed(&samples);
    twin(&mut account, "builtin/r1", "z-twin");
    assert_eq!(codes(&plan(&samples, &account)), ["plan/twins builtin/r1"]);
    // The one of a parent that goes, goes with it.
    twin(&mut account, "plain/r0", "z-parent");
    account.live.iter_mut().filter(|live| live.id == "z-twin").for_each(|live| {
        live.spec["links"] = json!({ "$set": ["z-parent"] });
    });
    let plan = plan(&samples, &account);
    assert_eq!(codes(&plan), [""; 0]);
    assert_eq!(steps(&plan), ["delete plain/r0"]);
}

#[test]
fn unwanted_resources_are_deleted_and_data_is_kept() {
    let account = deployed(&[
        Sample::new("plain"),
        Sample::new("swap"),
        Sample::new("plain").linked(1),
        Sample::new("vault"),
        Sample::new("shared"),
        Sample::new("builtin"),
    ]);
    let plan = plan(&[Sample::new("plain")], &account);
    let mut gone = steps(&plan);
    gone.sort();
    assert_eq!(gone, ["delete plain/r2", "delete swap/r1"]);
    assert_eq!(plan.kept.iter().map(|kept| kept.address.as_str()).collect::<Vec<_>>(), ["vault/r3"]);
    account.clone().execute(&plan, &[]);
}

#[test]
fn unknown_kinds_are_left_alone() {
    let mut account = deployed(&[Sample::new("plain")]);
    account.live.push(account::live("from-a-later-version/x", "id-x", json!({})));
    assert!(plan(&[Sample::new("plain")], &account).is_empty());
}

#[test]
fn a_deletion_in_progress_is_awaited_before_its_successor() {
    let samples = [Sample::new("slow"), Sample::new("plain")];
    let mut account = deployed(&samples);
    for address in ["slow/r0", "plain/r1"] {
        account.at(address).phase = Phase::Deleting("going".into());
    }
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["create plain/r1", "verify slow/r0", "create slow/r0"]);
    assert_eq!((plan.steps[1].until, plan.steps[1].id.is_some()), (Until::Gone, true));
    account.live.retain(|live| live.address.as_str() != "plain/r1");
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&samples, &account).is_empty());
}

#[test]
fn an_unfinished_resource_is_awaited_even_where_acceptance_is_usually_enough() {
    for kind in ["plain", "slow"] {
        let samples = [Sample::new(kind)];
        let mut account = deployed(&samples);
        account.at(&format!("{kind}/r0")).phase = Phase::Pending("starting".into());
        let plan = plan(&samples, &account);
        assert_eq!(steps(&plan), [format!("verify {kind}/r0")]);
        assert_eq!(plan.steps[0].until, Until::READY);
        assert_eq!(plan.steps[0].reason, Reason::Unfinished("starting".to_owned()));
    }
}

#[test]
fn a_resource_marked_for_deletion_is_restored_with_its_id() {
    let samples = [Sample::new("vault"), Sample::new("plain").linked(0)];
    let mut account = deployed(&samples);
    account.at("vault/r0").phase = Phase::Recoverable;
    let before = account.at("vault/r0").id.clone();
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["restore vault/r0"]);
    account.execute(&plan, &[]);
    assert_eq!(account.at("vault/r0").id, before);
    assert!(super::samples::plan(&samples, &account).is_empty());
}

#[test]
fn a_restored_resource_that_differs_is_then_changed() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    account.at("vault/r0").phase = Phase::Recoverable;
    account.at("vault/r0").spec["note"] = json!("by hand");
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["restore vault/r0", "update vault/r0"]);
    assert_eq!(plan.steps[1].after.iter().map(|after| after.step).collect::<Vec<_>>(), [0]);
}

#[test]
fn write_once_properties_are_never_compared() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    assert_eq!(account.at("vault/r0").spec["recipe"], Value::Null);
    assert!(plan(&samples, &account).is_empty());
}

#[test]
fn a_shared_resource_is_created_once_and_never_changed() {
    let samples = [Sample::new("shared")];
    let mut account = Account::default();
    let first = plan(&samples, &account);
    assert_eq!(steps(&first), ["create shared/r0"]);
    account.execute(&first, &[]);
    account.at("shared/r0").spec["note"] = json!("as another deployment likes it");
    assert!(plan(&samples, &account).is_empty());
}

#[test]
fn an_unknown_kind_does_not_stop_the_rest() {
    let account = deployed(&[Sample::new("plain"), Sample::new("slow")]);
    let only_plain = [Kind::new("plain", Part::Network)];
    let plan =
        converge(&graph(&[Sample::new("plain")]), &account.inventory(), target(), &only_plain, Options::default());
    assert!(plan.steps.iter().all(|step| step.action != Action::Delete));
}
