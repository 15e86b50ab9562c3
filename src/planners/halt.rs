//! Stopping on request, and starting again.
//!
//! The request is recorded on the service before it is stopped and cleared before it is started, so that the next apply
//! completes whichever was interrupted.

use serde_json::{Value, json};

use crate::engine::compare::Change;
use crate::engine::graph::Node;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::plan::{Action, Finding, Plan, Purpose, Reason, Severity, Step, Target, Until};
use crate::kinds::names;

/// Stops the service. `request` says who asked for it and when.
pub fn stop(inventory: &Inventory, target: Target, service: &Live, request: &str) -> Plan {
    let mut plan = begin(Purpose::Stop, inventory, target);
    if !service.tags.contains_key(names::STOPPED) {
        let mut note = step(service, Action::Update, "record the stop request");
        note.changes.push(change(service, Value::from(request)));
        note.tags.insert(names::STOPPED.to_owned(), request.to_owned());
        plan.steps.push(note);
    }
    if service.phase != Phase::Idle {
        let mut fence = step(service, Action::Stop, "every task must be confirmed stopped");
        fence.until = Until::Idle;
        fence.consequences.push("Cloud Exchange is down until it is started again".to_owned());
        push(&mut plan, fence);
    }
    plan
}

/// Starts the service with one task, which has to become healthy within `deadline` and stay so for `watch` seconds.
pub fn start(inventory: &Inventory, target: Target, service: &Live, deadline: f64, watch: f64) -> Plan {
    let mut plan = begin(Purpose::Start, inventory, target);
    if service.tags.contains_key(names::STOPPED) {
        let mut note = step(service, Action::Update, "clear the stop request");
        note.changes.push(change(service, Value::Null));
        plan.steps.push(note);
    }
    if service.phase == Phase::Ready {
        return plan;
    }
    let desired = service.spec.get("desired").cloned().unwrap_or_default();
    let is_wanted = desired.as_u64().is_some_and(|desired| desired > 0);
    if is_wanted && service.phase.awaits().is_some() {
        push(&mut plan, Step { until: Until::READY, ..step(service, Action::Verify, "it is starting") });
    } else {
        let fence = if is_wanted { Action::Stop } else { Action::Verify };
        push(&mut plan, Step { until: Until::Idle, ..step(service, fence, "no other task may write") });
        let mut start = step(service, Action::Update, "start one task");
        start.spec = service.spec.clone();
        start.spec["desired"] = json!(1);
        start.changes.push(Change { property: "desired".to_owned(), from: desired, to: json!(1) });
        (start.until, start.patience) = (Until::READY, Some(deadline));
        push(&mut plan, start);
    }
    let verify = step(service, Action::Verify, &format!("it has to stay healthy for {watch:.0} s"));
    push(&mut plan, Step { until: Until::STAYS_READY, patience: Some(watch), ..verify });
    plan
}

/// The finding for a service that is stopped on request.
pub fn stopped(node: &Node, since: &str) -> Finding {
    Finding {
        code: "service/stopped".to_owned(),
        severity: Severity::Warning,
        address: Some(node.address.clone()),
        message: format!("is stopped by request ({since}), and stays stopped"),
        hint: Some("start it with `ce-aws start FILE`".to_owned()),
    }
}

fn begin(purpose: Purpose, inventory: &Inventory, target: Target) -> Plan {
    Plan { known: inventory.known(), ..Plan::empty(purpose, target) }
}

fn change(service: &Live, to: Value) -> Change {
    let from = service.tags.get(names::STOPPED).map_or(Value::Null, |text| Value::from(text.as_str()));
    Change { property: format!("tags.{}", names::STOPPED), from, to }
}

fn step(service: &Live, action: Action, why: &str) -> Step {
    let step = Step::new(service.address.clone(), action, Reason::Upgrade(why.to_owned()));
    Step { id: Some(service.id.clone()), ..step }
}

/// Adds a step after all others.
fn push(plan: &mut Plan, step: Step) {
    let last = plan.steps.len().checked_sub(1);
    plan.push(step.after(last));
}
