//! One writer: every way to another task leads through a stop that was seen.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::account::{self, Account};
use super::samples::{Sample, deployed, plan, steps, target};
use crate::engine::graph::Graph;
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::plan::{Action, Plan, Reason, Until};
use crate::planners::converge::{Options, converge};
use crate::planners::upstream::upstream;

const SERVICE: &str = "service/r1";

/// A revision and the service that runs it.
fn samples() -> Vec<Sample> {
    vec![Sample::new("revision"), Sample::new("service").linked(0)]
}

fn service_steps(plan: &Plan) -> Vec<String> {
    steps(plan).into_iter().filter(|step| step.contains("service")).collect()
}

/// A service that can be replaced.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Movable(Value);

impl Spec for Movable {
    const KIND: Kind = Kind {
        immutable: &["size"],
        fenced: &["size"],
        replaceable: Some("it is gone for a moment"),
        ..Kind::new("service", Part::Service)
    };
}

/// Checks that every step that may start a task comes after a fence on the same service.
fn is_fenced(plan: &Plan) {
    for (number, step) in plan.steps.iter().enumerate() {
        if step.address.kind() != "service" || !matches!(step.action, Action::Update | Action::Delete) {
            continue;
        }
        let is_fence = |before: &usize| {
            let before = &plan.steps[*before];
            before.address == step.address && before.until == Until::Idle
        };
        assert!(upstream(&plan.steps, number).iter().any(is_fence), "no fence before {:?}", step.action);
    }
}

#[test]
fn a_new_revision_stops_the_task_once_the_revision_exists() {
    let account = deployed(&samples());
    let mut edited = samples();
    edited[0].note = "edited".to_owned();
    let plan = plan(&edited, &account);
    assert_eq!(steps(&plan), ["update revision/r0", "stop service/r1", "update service/r1"]);
    is_fenced(&plan);
    assert!(upstream(&plan.steps, 1).contains(&0), "the task is stopped only when the new revision exists");
    assert_eq!(plan.steps[1].reason, Reason::OneWriter);
    assert_eq!(plan.steps[2].reason, Reason::Changed);
    assert!(!plan.steps[1].consequences.is_empty());
}

#[test]
fn a_revision_registered_by_hand_is_drift() {
    let mut account = deployed(&samples());
    account.at("revision/r0").spec["note"] = "by hand".into();
    let reasons = |plan: &Plan| [plan.steps[0].reason.clone(), plan.steps[2].reason.clone()];
    let drifted = plan(&samples(), &account);
    assert_eq!(steps(&drifted), ["update revision/r0", "stop service/r1", "update service/r1"]);
    is_fenced(&drifted);
    assert_eq!(reasons(&drifted), [Reason::Drifted, Reason::Drifted]);
    assert_eq!(drifted.steps[0].changes[0].property, "note");

    let mut edited = samples();
    edited[0].note = "edited".to_owned();
    assert_eq!(reasons(&plan(&edited, &account)), [Reason::Changed, Reason::Changed]);
    // Nothing is recorded of one that was registered when ours were gone.
    account.at("revision/r0").tags.clear();
    assert_eq!(reasons(&plan(&samples(), &account))[0], Reason::Drifted);
}

#[test]
fn a_change_that_keeps_the_task_stops_nothing() {
    let account = deployed(&samples());
    let mut edited = samples();
    edited[1].note = "edited".to_owned();
    assert_eq!(steps(&plan(&edited, &account)), ["update service/r1"]);
    let tagged = vec![samples()[0].clone(), samples()[1].clone().tagged("team", "blue")];
    assert_eq!(steps(&plan(&tagged, &account)), ["update service/r1"]);
}

#[test]
fn tags_on_a_revision_lead_to_no_new_revision() {
    let account = deployed(&samples());
    let tagged = vec![samples()[0].clone().tagged("team", "blue"), samples()[1].clone()];
    assert_eq!(steps(&plan(&tagged, &account)), ["update revision/r0"]);
}

#[test]
fn a_service_at_zero_is_confirmed_idle_and_then_started() {
    let mut account = deployed(&samples());
    let live = account.at(SERVICE);
    (live.phase, live.spec["desired"]) = (Phase::Idle, json!(0));
    let plan = plan(&samples(), &account);
    assert_eq!(steps(&plan), ["verify service/r1", "update service/r1"]);
    is_fenced(&plan);
}

#[test]
fn a_service_whose_task_is_still_stopping_is_stopped_again() {
    let mut account = deployed(&samples());
    let live = account.at(SERVICE);
    (live.phase, live.spec["desired"]) = (Phase::Pending("stopping".into()), json!(0));
    let plan = plan(&samples(), &account);
    assert_eq!(steps(&plan), ["stop service/r1", "update service/r1"]);
    is_fenced(&plan);
}

#[test]
fn a_failed_service_is_always_restarted_through_the_fence() {
    let mut account = deployed(&samples());
    account.at(SERVICE).phase = Phase::Failed("the task keeps exiting".into());
    let plan = plan(&samples(), &account);
    assert_eq!(steps(&plan), ["stop service/r1", "update service/r1"]);
    assert_eq!(plan.steps[1].reason, Reason::Unhealthy("the task keeps exiting".to_owned()));
    is_fenced(&plan);
}

#[test]
fn tasks_that_outlive_their_service_are_confirmed_stopped_before_it_is_recreated() {
    for phase in [Phase::Deleting("draining".into()), Phase::Pending("a task still runs".into())] {
        let mut account = deployed(&samples());
        let live = account.at(SERVICE);
        // Of what outlives its service, nothing but the phase can be read.
        (live.phase, live.spec, live.id) = (phase, json!(null), "task-arn".to_owned());
        let plan = plan(&samples(), &account);
        assert_eq!(steps(&plan), ["verify service/r1", "create service/r1"]);
        assert_eq!((plan.steps[0].until, plan.steps[0].id.as_deref()), (Until::Idle, None));
        assert!(upstream(&plan.steps, 1).contains(&0));
        account.execute(&plan, &[]);
        assert!(super::samples::plan(&samples(), &account).is_empty());
    }
}

#[test]
fn an_unwanted_service_is_stopped_before_it_is_deleted() {
    let account = deployed(&samples());
    let plan = plan(&samples()[..1], &account);
    assert_eq!(steps(&plan), ["stop service/r1", "delete service/r1"]);
    is_fenced(&plan);
}

#[test]
fn a_replaced_service_is_stopped_deleted_and_created() {
    let graph = |size: u32| {
        let mut graph = Graph::default();
        graph.add("r1", Default::default(), &Movable(json!({ "size": size, "desired": 1 })));
        graph.finish().unwrap()
    };
    let mut account = Account::default();
    let first = converge(&graph(1), &account.inventory(), target(), &[Movable::KIND], Options::default());
    account.execute(&first, &[]);
    let plan = converge(&graph(2), &account.inventory(), target(), &[Movable::KIND], Options::default());
    assert_eq!(steps(&plan), ["stop service/r1", "delete service/r1", "create service/r1"]);
    is_fenced(&plan);
    account.execute(&plan, &[]);
}

#[test]
fn health_is_verified_after_anything_that_could_disturb_the_task() {
    let deployment = vec![Sample::new("plain"), Sample::new("service").linked(0)];
    let account = deployed(&deployment);
    let mut edited = deployment.clone();
    edited[0].note = "edited".to_owned();
    let plan_of = |samples: &[Sample], account: &Account| plan(samples, account);
    let planned = plan_of(&edited, &account);
    let [update, recheck] = planned.steps.as_slice() else { panic!("{:?}", steps(&planned)) };
    assert_eq!((update.action, recheck.is_recheck(), recheck.until), (Action::Update, true, Until::READY));
    assert_eq!(recheck.after.iter().map(|after| after.step).collect::<Vec<_>>(), [0]);

    let mut tagged = deployment.clone();
    tagged[0] = tagged[0].clone().tagged("team", "blue");
    assert_eq!(plan_of(&tagged, &account).steps.len(), 1, "tags disturb nobody");
    assert!(plan_of(&deployment, &account).is_empty());
}

#[test]
fn a_recheck_after_a_creation_is_about_the_new_service() {
    let samples = vec![Sample::new("plain"), Sample::new("service"), Sample::new("plain").linked(1)];
    let mut account = Account::default();
    let mut gone = account::live(SERVICE, "task-arn", json!(null));
    gone.phase = Phase::Deleting("draining".into());
    account.live.push(gone);
    let plan = plan(&samples, &account);
    assert_eq!(service_steps(&plan), ["verify service/r1", "create service/r1"]);
    let recheck = plan.steps.last().unwrap();
    assert_eq!((recheck.is_recheck(), recheck.id.as_deref()), (true, None));
}

#[test]
fn what_leads_users_to_the_new_task_changes_while_no_task_runs() {
    let samples = |group: usize| {
        let leads = Sample::new("plain").linked(group);
        vec![Sample::new("plain"), Sample::new("plain"), leads, Sample::new("service").linked(group).linked(2)]
    };
    let plan = plan(&samples(1), &deployed(&samples(0)));
    let number = |wanted: &str| steps(&plan).iter().position(|step| step == wanted).unwrap();
    let (leads, stop, start) = (number("update plain/r2"), number("stop service/r3"), number("update service/r3"));
    assert!(upstream(&plan.steps, leads).contains(&stop), "users reach the old task until it stops");
    assert!(upstream(&plan.steps, start).contains(&leads), "ECS takes a target group only once something leads there");
    assert!(!upstream(&plan.steps, stop).contains(&leads));
    is_fenced(&plan);
    // What the new task needs and does not lead to it changes before.
    let mut edited = samples(0);
    edited[2].note = "edited".to_owned();
    edited[3].size = 2;
    let plan = super::samples::plan(&edited, &deployed(&samples(0)));
    let number = |wanted: &str| steps(&plan).iter().position(|step| step == wanted).unwrap();
    assert!(upstream(&plan.steps, number("stop service/r3")).contains(&number("update plain/r2")));
}
