//! Stopping by request, and starting again.
//!
//! The request is written on the service before it is stopped and taken back before it is started, so that whatever
//! interrupts it, the next apply brings it where it was meant to be.

use serde_json::{Value, json};

use crate::engine::compare::Change;
use crate::engine::graph::Node;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::plan::{Action, After, Finding, Plan, Purpose, Reason, Severity, Step, Target, Until};
use crate::engine::reference::Need;
use crate::kinds::names;

/// Stops the service. `request` says who asked for it and when.
pub fn stop(inventory: &Inventory, target: Target, service: &Live, request: &str) -> Plan {
    let mut plan = begin(inventory, target);
    if !service.tags.contains_key(names::STOPPED) {
        let mut note = step(service, Action::Update, "so that nothing starts it again");
        note.changes.push(change(service, Value::from(request)));
        note.tags.insert(names::STOPPED.to_owned(), request.to_owned());
        plan.steps.push(note);
    }
    if service.phase != Phase::Idle {
        let mut fence = step(service, Action::Stop, "every task must be seen stopped");
        fence.until = Until::Idle;
        fence.consequences.push("Cloud Exchange is down until it is started again".to_owned());
        push(&mut plan, fence);
    }
    plan
}

/// Starts the service: with one task, which has to become healthy within `deadline` and to stay so for `watch` seconds.
pub fn start(inventory: &Inventory, target: Target, service: &Live, deadline: f64, watch: f64) -> Plan {
    let mut plan = begin(inventory, target);
    if service.tags.contains_key(names::STOPPED) {
        let mut note = step(service, Action::Update, "it is no longer to be stopped");
        note.changes.push(change(service, Value::Null));
        plan.steps.push(note);
    }
    if service.phase == Phase::Ready {
        return plan;
    }
    let desired = service.spec.get("desired").cloned().unwrap_or_default();
    let is_wanted = desired.as_u64().is_some_and(|desired| desired > 0);
    if is_wanted && service.phase.awaits().is_some() {
        push(&mut plan, Step { until: Until::Ready, ..step(service, Action::Await, "it is starting") });
    } else {
        let fence = if is_wanted { Action::Stop } else { Action::Await };
        push(&mut plan, Step { until: Until::Idle, ..step(service, fence, "nobody else may write") });
        let mut start = step(service, Action::Update, "one task");
        start.spec = service.spec.clone();
        start.spec["desired"] = json!(1);
        start.changes.push(Change { property: "desired".to_owned(), from: desired, to: json!(1) });
        (start.until, start.patience) = (Until::Ready, Some(deadline));
        push(&mut plan, start);
    }
    let prove = step(service, Action::Prove, &format!("it has to stay healthy for {watch:.0} s"));
    push(&mut plan, Step { until: Until::Steady, patience: Some(watch), ..prove });
    plan
}

/// What is said of a service that is stopped by request.
pub fn stopped(node: &Node, since: &str) -> Finding {
    Finding {
        code: "service/stopped".to_owned(),
        severity: Severity::Warning,
        address: Some(node.address.clone()),
        message: format!("is stopped by request ({since}), and stays so"),
        hint: Some("start it with `ce-aws start FILE`".to_owned()),
    }
}

fn begin(inventory: &Inventory, target: Target) -> Plan {
    Plan { known: inventory.known(), ..Plan::empty(Purpose::Apply, target) }
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
fn push(plan: &mut Plan, mut step: Step) {
    step.after = plan.steps.len().checked_sub(1).map(|step| After { step, need: Need::Ready }).into_iter().collect();
    plan.steps.push(step);
}
