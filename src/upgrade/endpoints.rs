//! Where a deployment is reached, at the end of a command that leaves it running.

use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::reference::Known;
use crate::existing::Existing;
use crate::kinds::secret::ui_certificate;
use crate::session::address;
use crate::session::error::CommandError;
use crate::ui::whereabouts::{Whereabouts, after_apply};

use super::run::Context;

/// Of a deployment as its plan file has it.
pub fn report_endpoints(
    context: Context<'_>,
    file: &PlanFile,
    existing: &Existing,
    known: &Known,
    is_first: bool,
) -> Result<(), CommandError> {
    let url = address::of(file, existing, known)?;
    let cluster = existing.cluster.as_ref().and_then(|cluster| cluster.found()).map(|cluster| cluster.name.clone());
    report(context, known, (url, file.ui_certificate.is_some()), cluster, is_first)
}

/// Of a deployment as it was found: `known` holds what has changed since.
pub async fn report_found(context: Context<'_>, inventory: &Inventory, known: &Known) -> Result<(), CommandError> {
    let url = context.session.url(context.scope, inventory, known).await?;
    let is_https = ui_certificate::is_served(inventory);
    report(context, known, (url, is_https), context.scope.cluster_name(), false)
}

fn report(
    context: Context<'_>,
    known: &Known,
    (url, is_https): (Option<String>, bool),
    cluster: Option<String>,
    is_first: bool,
) -> Result<(), CommandError> {
    let Context { session, scope, output, .. } = context;
    let mut whereabouts = Whereabouts::of(&session.target(&scope.name), known, url, is_https);
    whereabouts.cluster = cluster.or(whereabouts.cluster);
    if output.is_json() {
        let mut value = serde_json::to_value(&whereabouts).map_err(CommandError::unexpected)?;
        value["code"] = "deployed".into();
        value["ways"] = serde_json::to_value(whereabouts.ways()).map_err(CommandError::unexpected)?;
        output.line(&value)
    } else {
        output.note("\n");
        output.data(&after_apply(&whereabouts, is_first))
    }
}
