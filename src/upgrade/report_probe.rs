//! What the new task of an upgrade answers itself, once it is healthy. Upgrades enter containers anyway, for the queues
//! of RabbitMQ; a first apply does not, and needs no right to.

use serde_json::json;

use crate::engine::reference::Known;
use crate::kinds::resource;
use crate::kinds::service::read;
use crate::live::probe::{Web, probe};
use crate::release::Release;
use crate::ui;

use super::run::Context;

/// Says what it answers. That it cannot be asked, or what it answers, changes nothing about how the run has ended: its
/// health was verified, and what the real images offer is *unverified*.
pub async fn report_probe(context: Context<'_>, known: &Known, release: &Release) {
    let Context { session, scope, output, .. } = context;
    let aws = resource::Context { known: known.clone(), ..session.context(scope) };
    let outputs = known.iter().find(|(address, _)| address.kind() == "service").map(|(_, outputs)| outputs);
    let Some(task) = outputs.and_then(|outputs| outputs.get("task")) else { return };
    let cluster = read::cluster(&aws);
    let web = Web { container: &release.web.container, port: release.web.port };
    let found = probe(&aws, &cluster, task, web).await;
    output.news(&json!({ "code": "probed", "probe": found }), || ui::probe::text(&found));
}
