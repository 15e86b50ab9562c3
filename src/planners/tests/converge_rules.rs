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
fn what_cannot_change_and_cannot_be_replaced_is_refused() {
    let (_, plan, _) = resized("fixed");
    assert_eq!(codes(&plan), ["plan/cannot-replace fixed/r0"]);
    assert!(plan.refusals().all(|finding| finding.message.contains("size") && finding.hint.is_some()));
    assert!(plan.is_empty(), "{:?}", steps(&plan));
}

#[test]
fn what_cannot_change_and_can_be_replaced_goes_before_it_comes_and_its_users_follow() {
    let (after, plan, mut account) = resized("swap");
    assert_eq!(steps(&plan), ["delete swap/r0", "create swap/r0", "update plain/r1"]);
    assert_eq!(plan.steps[0].reason, Reason::Replaced(vec!["size".to_owned()]));
    assert_eq!(plan.steps[2].reason, Reason::Changed);
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&after, &account).is_empty());
}

#[test]
fn what_has_failed_is_replaced_or_refused() {
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
fn of_two_the_unused_goes_whatever_its_id() {
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
fn of_two_unused_ones_the_first_that_works_stays() {
    let samples = [Sample::new("slow")];
    let mut account = deployed(&samples);
    let first = account.at("slow/r0").id.clone();
    twin(&mut account, "slow/r0", "z-later");
    assert_eq!(plan(&samples, &account).steps[0].id.as_deref(), Some("z-later"));
    account.live[0].phase = Phase::Pending("starting".into());
    assert_eq!(plan(&samples, &account).steps[0].id, Some(first));
}

#[test]
fn a_user_of_the_wrong_twin_is_pointed_elsewhere_before_it_goes() {
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
fn two_that_hold_data_are_for_a_person_to_tell_apart() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    twin(&mut account, "vault/r0", "z-twin");
    let plan = plan(&samples, &account);
    assert_eq!(codes(&plan), ["data/twins vault/r0"]);
    assert!(plan.is_empty());
}

#[test]
fn twins_that_hold_no_data_are_not_said_to() {
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
fn what_is_no_longer_asked_for_goes_and_data_stays() {
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
fn what_is_unknown_is_left_alone() {
    let mut account = deployed(&[Sample::new("plain")]);
    account.live.push(account::live("from-a-later-version/x", "id-x", json!({})));
    assert!(plan(&[Sample::new("plain")], &account).is_empty());
}

#[test]
fn what_is_still_going_is_waited_for_where_another_must_take_its_place() {
    let samples = [Sample::new("slow"), Sample::new("plain")];
    let mut account = deployed(&samples);
    for address in ["slow/r0", "plain/r1"] {
        account.at(address).phase = Phase::Deleting("going".into());
    }
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["create plain/r1", "await slow/r0", "create slow/r0"]);
    assert_eq!((plan.steps[1].until, plan.steps[1].id.is_some()), (Until::Gone, true));
    account.live.retain(|live| live.address.as_str() != "plain/r1");
    account.execute(&plan, &[]);
    assert!(super::samples::plan(&samples, &account).is_empty());
}

#[test]
fn what_is_unfinished_is_waited_for_even_where_acceptance_is_usually_enough() {
    for kind in ["plain", "slow"] {
        let samples = [Sample::new(kind)];
        let mut account = deployed(&samples);
        account.at(&format!("{kind}/r0")).phase = Phase::Pending("starting".into());
        let plan = plan(&samples, &account);
        assert_eq!(steps(&plan), [format!("await {kind}/r0")]);
        assert_eq!(plan.steps[0].until, Until::Ready);
        assert_eq!(plan.steps[0].reason, Reason::Unfinished("starting".to_owned()));
    }
}

#[test]
fn what_is_marked_for_deletion_is_taken_back_with_its_identity() {
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
fn what_is_taken_back_and_differs_is_then_changed() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    account.at("vault/r0").phase = Phase::Recoverable;
    account.at("vault/r0").spec["note"] = json!("by hand");
    let plan = plan(&samples, &account);
    assert_eq!(steps(&plan), ["restore vault/r0", "update vault/r0"]);
    assert_eq!(plan.steps[1].after.iter().map(|after| after.step).collect::<Vec<_>>(), [0]);
}

#[test]
fn what_only_creation_looks_at_is_never_compared() {
    let samples = [Sample::new("vault")];
    let mut account = deployed(&samples);
    assert_eq!(account.at("vault/r0").spec["recipe"], Value::Null);
    assert!(plan(&samples, &account).is_empty());
}

#[test]
fn what_belongs_to_the_whole_account_is_made_once_and_never_changed() {
    let samples = [Sample::new("shared")];
    let mut account = Account::default();
    let first = plan(&samples, &account);
    assert_eq!(steps(&first), ["create shared/r0"]);
    account.execute(&first, &[]);
    account.at("shared/r0").spec["note"] = json!("as another deployment likes it");
    assert!(plan(&samples, &account).is_empty());
}

#[test]
fn a_kind_that_nobody_knows_does_not_stop_the_rest() {
    let account = deployed(&[Sample::new("plain"), Sample::new("slow")]);
    let only_plain = [Kind::new("plain", Part::Network)];
    let plan =
        converge(&graph(&[Sample::new("plain")]), &account.inventory(), target(), &only_plain, Options::default());
    assert!(plan.steps.iter().all(|step| step.action != Action::Delete));
}
