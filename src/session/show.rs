//! A plan before it is carried out, as people and scripts read it.

use crate::config::PlanFile;
use crate::engine::kind::Kind;
use crate::engine::plan::Plan;
use crate::ui;
use crate::ui::cost::Effect;
use crate::ui::plan::{TaskSize, View};
use crate::ui::summary::Summary;

use super::output::Output;
use super::standing;

/// A plan as people read it. `cost`: what it makes of the monthly price.
pub fn text(plan: &Plan, kinds: &[Kind], file: Option<&PlanFile>, cost: Option<&Effect>, output: &Output) -> String {
    let line = cost.and_then(Effect::line);
    shown(plan, kinds, file, View { cost: line.as_deref(), ..View::of(output.is_verbose()) })
}

/// The same, as `view` asks for; what the plan file says is added.
pub fn shown(plan: &Plan, kinds: &[Kind], file: Option<&PlanFile>, view: View<'_>) -> String {
    let release = file.and_then(standing::of_file);
    ui::plan::plan(plan, kinds, View { task: file.map(size), release: release.as_ref(), ..view })
}

pub fn size(file: &PlanFile) -> TaskSize {
    TaskSize { vcpus: file.package.vcpus(), memory_mib: file.package.memory_mib() }
}

/// A plan in one line of a stream of events: the numbers, and what must be known before it is carried out. `file` is
/// the plan file that it follows, `cost` what it makes of the monthly price.
pub fn event(plan: &Plan, file: Option<&PlanFile>, cost: Option<&Effect>) -> serde_json::Value {
    let mut event = serde_json::json!({
        "code": "planned",
        "digest": plan.digest(),
        "summary": Summary::of(plan),
        "findings": plan.findings,
    });
    if let Some(file) = file {
        event["release"] = standing::of_file(file).and_then(|release| serde_json::to_value(release).ok()).into();
    }
    if let Some(cost) = cost {
        event["cost"] = cost.document();
    }
    event
}
