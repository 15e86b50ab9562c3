//! Plans that would lose data or lock Cloud Exchange out of it are refused.

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Finding, Plan, Severity, Step};
use crate::kinds::file_system;

/// Refuses to create an empty file system where a former one holds the data: a swap of the two was interrupted.
pub fn new_file_system_beside_former(plan: &Plan, inventory: &Inventory) -> Option<Finding> {
    let is_main = |step: &&Step| step.action == Action::Create && step.address.as_str() == "file-system/main";
    let created = plan.steps.iter().find(is_main)?;
    let former = inventory.live.iter().find(|live| live.address.kind() == "file-system" && !live.is_going())?;
    Some(Finding {
        code: "data/former-file-system".to_owned(),
        severity: Severity::Refusal,
        address: Some(created.address.clone()),
        message: format!("is missing, and {} ({}) holds data: a new one would be empty", former.address, former.id),
        hint: Some(
            "finish the restore with `ce-aws backup restore FILE --resume`, or undo it with `--rollback`; if the data \
             of the former file system is not needed, delete that first with `ce-aws backup drop`"
                .to_owned(),
        ),
    })
}

/// Refuses to create another secret for a file system that exists: Cloud Exchange took its password when its database
/// was empty, and cannot log in with a new one.
pub fn new_secret_for_old_data(plan: &Plan, graph: &Graph, inventory: &Inventory) -> Option<Finding> {
    let of_kind = |kind: &'static str| graph.nodes().filter(move |node| node.address.kind() == kind);
    let data = of_kind("file-system").find(|node| !inventory.at(&node.address).is_empty())?;
    let created = |step: &&Step| step.action == Action::Create && step.address.kind() == "secret";
    let secret = plan.steps.iter().find(created)?;
    Some(Finding {
        code: "data/secret-missing".to_owned(),
        severity: Severity::Refusal,
        address: Some(secret.address.clone()),
        message: format!("is missing, and {} exists: a new password would lock Cloud Exchange out", data.address),
        hint: Some(
            "restore the secret, or create one of the same name with the old values and tags; if the data is not \
             needed, destroy with --delete-data first"
                .to_owned(),
        ),
    })
}

/// Why data is kept: as given, unless it is a former file system, which a restored one has replaced.
pub fn why_kept(address: &Address, otherwise: &str) -> String {
    if file_system::is_former(address) {
        "a former file system, with its data; `ce-aws backup drop` deletes it".to_owned()
    } else {
        otherwise.to_owned()
    }
}
