//! Where a deployment is reached.

use crate::config::PlanFile;
use crate::engine::reference::Known;
use crate::existing::Existing;
use crate::session::Session;
use crate::session::address;
use crate::session::error::CommandError;
use crate::session::output::Output;
use crate::ui::whereabouts::{Whereabouts, after_apply};

/// Says where everything is.
pub fn report_endpoints(
    session: &Session,
    file: &PlanFile,
    existing: &Existing,
    known: &Known,
    first: bool,
    output: &Output,
) -> Result<(), CommandError> {
    let url = address::of(file, existing, known)?;
    let mut whereabouts = Whereabouts::of(&session.target(file.name.as_str()), known, url);
    if let Some(cluster) = existing.cluster.as_ref().and_then(|cluster| cluster.found()) {
        whereabouts.cluster = Some(cluster.name.clone());
    }
    if output.is_json() {
        let mut value = serde_json::to_value(&whereabouts).map_err(CommandError::unexpected)?;
        value["code"] = "deployed".into();
        value["ways"] = serde_json::to_value(whereabouts.ways()).map_err(CommandError::unexpected)?;
        output.line(&value)
    } else {
        output.note("\n");
        output.data(&after_apply(&whereabouts, first))
    }
}
