//! What a destroy leaves behind, and why.

use serde::Serialize;

use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Plan, Step};

use super::style::{TITLE, paint};
use super::text::clean;

/// Something that still exists after a destroy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remains {
    /// An address, or what AWS calls it where it has none.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub why: String,
}

/// What remains after the plan has run: what it keeps, and what AWS keeps by itself.
pub fn remains(plan: &Plan, kinds: &[Kind]) -> Vec<Remains> {
    let kept = plan.kept.iter().map(|kept| Remains {
        what: kept.address.to_string(),
        id: Some(kept.id.clone()),
        why: kept.why.clone(),
    });
    let mut all: Vec<Remains> = kept.collect();
    let deleted = |kind| deleted(plan, kind);
    let note =
        |step: &Step, why: &str| Remains { what: step.address.to_string(), id: step.id.clone(), why: why.to_owned() };
    all.extend(
        deleted("secret").map(|step| note(step, "scheduled for deletion in 7 days; an apply before that restores it")),
    );
    all.extend(
        deleted("task-definition").map(|step| note(step, "inactive; AWS keeps revisions and does not charge for them")),
    );
    let one = |what: &str, why: &str| Remains { what: what.to_owned(), id: None, why: why.to_owned() };
    if deleted("cluster").next().is_some() {
        all.push(one(
            &format!("log group /aws/ecs/containerinsights/ce-{}/performance", plan.target.deployment),
            "created by ECS if Container Insights is on; ce-aws does not own it",
        ));
    }
    if deleted("topic").next().is_some() {
        all.push(one(
            &format!("log groups sns/…/ce-{} and …/Failure", plan.target.deployment),
            "created by SNS if an HTTPS endpoint was told; ce-aws does not own them",
        ));
    }
    if deleted("file-system").next().is_some() {
        all.push(one(
            "automatic recovery points of the file system",
            "AWS Backup deletes them when they are 35 days old",
        ));
    }
    if kinds.iter().any(|kind| kind.lifecycle == Lifecycle::Shared) && !plan.steps.is_empty() {
        all.push(one("service-linked roles of ECS and Elastic Load Balancing", "they belong to the whole account"));
    }
    all
}

fn deleted<'a>(plan: &'a Plan, kind: &'static str) -> impl Iterator<Item = &'a Step> {
    plan.steps.iter().filter(move |step| step.address.kind() == kind && step.action == Action::Delete)
}

/// The list, ended by a newline; empty when nothing remains.
pub fn after_destroy(remains: &[Remains]) -> String {
    if remains.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", paint(TITLE, "What remains"));
    for Remains { what, id, why } in remains {
        let id = id.as_ref().map(|id| format!(" ({})", clean(id))).unwrap_or_default();
        text.push_str(&format!("  {}{id}: {}\n", clean(what), clean(why)));
    }
    text
}

/// True when the plan deletes data that cannot be recovered.
pub fn deletes_data(plan: &Plan, kinds: &[Kind]) -> bool {
    plan.steps.iter().any(|step| {
        step.action == Action::Delete
            && kinds.kind(step.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Data)
    })
}
