//! What a new task answers itself, once it is healthy. That it cannot be asked, or what it answers, changes nothing
//! about how a run has ended: its health was verified, and what the real images offer is *unverified*.

use serde_json::json;

use crate::engine::plan::{Action, Plan, Until};
use crate::engine::reference::Known;
use crate::kinds::resource;
use crate::kinds::service::probe::UiAnswer;
use crate::kinds::service::read;
use crate::live::probe::{Web, ask_ui, probe};
use crate::release::Release;
use crate::ui;

use super::run::Context;

/// Whether a plan starts a task: that of a new service, or another one after the former is confirmed stopped.
pub fn starts_task(plan: &Plan) -> bool {
    let of_service = plan.steps.iter().filter(|step| step.address.kind() == "service");
    of_service.into_iter().any(|step| step.action == Action::Create || step.until == Until::Idle)
}

/// The ARN of the running task.
fn task(known: &Known) -> Option<&String> {
    let outputs = known.iter().find(|(address, _)| address.kind() == "service").map(|(_, outputs)| outputs)?;
    outputs.get("task")
}

/// After an upgrade, whose operator enters containers anyway, for the queues of RabbitMQ: says what the task answers.
pub async fn report_probe(context: Context<'_>, known: &Known, release: &Release) {
    let Context { session, scope, output, .. } = context;
    let aws = resource::Context { known: known.clone(), ..session.context(scope) };
    let Some(task) = task(known) else { return };
    let found = probe(&aws, &read::cluster(&aws), task, web(release)).await;
    output.news(&json!({ "code": "probed", "probe": found }), || ui::probe::text(&found));
}

/// After an apply that has started a task: says whether the UI answers. Whoever may apply need not have the right to
/// enter containers, and is then told that nobody was asked.
pub async fn report_ui(context: Context<'_>, known: &Known, release: &Release) {
    let Context { session, scope, output, .. } = context;
    let aws = resource::Context { known: known.clone(), ..session.context(scope) };
    let Some(task) = task(known) else { return };
    let answer = ask_ui(&aws, &read::cluster(&aws), task, web(release)).await;
    let event = match &answer {
        UiAnswer::Status(status) => json!({ "code": "ui-asked", "answers": answer.is_well(), "status": status }),
        UiAnswer::Nothing => json!({ "code": "ui-asked", "answers": false, "status": null }),
        UiAnswer::NotAsked(why) => json!({ "code": "ui-not-asked", "why": why }),
    };
    output.news(&event, || ui::probe::ui_line(&answer));
}

fn web(release: &Release) -> Web<'_> {
    Web { container: &release.web.container, port: release.web.port }
}
