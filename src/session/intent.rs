//! What is said of an upgrade or a restore that is not finished.

use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Severity};
use crate::kinds::names;
use crate::planners::intent::{Intent, Mark, Work};

/// Refuses every change but those that end what is under way.
pub fn open_intent(inventory: &Inventory) -> Option<Finding> {
    let service = inventory.live.iter().find(|live| live.address.kind() == "service")?;
    let text = service.tags.get(names::INTENT)?;
    let (message, hint) = match text.parse::<Intent>() {
        Ok(intent) => (describe(&intent), way_out(&intent)),
        Err(error) => (
            format!("the tag {} is not one of this version: {error}", names::INTENT),
            "use the version of ce-aws that wrote it, or check what runs and remove the tag".to_owned(),
        ),
    };
    Some(Finding {
        code: "upgrade/open".to_owned(),
        severity: Severity::Refusal,
        address: Some(service.address.clone()),
        message,
        hint: Some(hint),
    })
}

/// An intent in words.
pub fn describe(intent: &Intent) -> String {
    let Intent { from, to, .. } = intent;
    match (intent.work, intent.mark) {
        (Work::Restore, _) => "a restore is not finished".to_owned(),
        (Work::Load, Mark::Back | Mark::Restore) => "the rollback of a database restore is not finished".to_owned(),
        (Work::Load, _) => "a database restore is not finished".to_owned(),
        (Work::Upgrade, Mark::Back | Mark::Restore) => {
            format!("the rollback of an upgrade from {from} to {to} is not finished")
        }
        (Work::Upgrade, Mark::Stop | Mark::Data) => format!("an upgrade from {from} to {to} is not finished"),
        (Work::Upgrade, Mark::Start) => {
            format!("an upgrade from {from} to {to} is not finished, and the new release may have run")
        }
    }
}

/// The command that ends it.
pub fn way_out(intent: &Intent) -> String {
    match (intent.work, intent.mark) {
        (Work::Restore, _) => {
            "finish it with `ce-aws backup restore FILE --resume`, or roll it back with `--rollback`".to_owned()
        }
        (Work::Load, _) => "roll it back with `ce-aws backup restore FILE --rollback`, then restore again".to_owned(),
        (Work::Upgrade, Mark::Back | Mark::Restore) => "finish it with `ce-aws upgrade FILE --rollback`".to_owned(),
        (Work::Upgrade, _) => {
            "finish it with `ce-aws upgrade FILE --resume`, or roll it back with `ce-aws upgrade FILE --rollback`"
                .to_owned()
        }
    }
}
