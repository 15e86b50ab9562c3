//! What must not happen to the data, whatever the comparison says.

use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Finding, Plan, Severity};
use crate::kinds::file_system;

/// Refuses to make an empty file system where a former one holds the data: a swap of the two was cut off.
pub fn new_file_system_beside_former(plan: &Plan, inventory: &Inventory) -> Option<Finding> {
    let is_main = |step: &&crate::engine::plan::Step| {
        step.action == Action::Create && step.address.as_str() == "file-system/main"
    };
    let created = plan.steps.iter().find(is_main)?;
    let former = inventory.live.iter().find(|live| live.address.kind() == "file-system" && !live.is_going())?;
    Some(Finding {
        code: "data/former-file-system".to_owned(),
        severity: Severity::Refusal,
        address: Some(created.address.clone()),
        message: format!("is missing, and {} ({}) holds data: a new one would be empty", former.address, former.id),
        hint: Some(
            "end what is under way with `ce-aws backup restore FILE --resume` or `--rollback`; or drop the former one first \
             with `ce-aws backup drop`, if its data is not wanted"
                .to_owned(),
        ),
    })
}

/// Refuses to make another secret for a file system that exists: Cloud Exchange took its password when its database was
/// empty, and would never get in with a new one.
pub fn new_secret_for_old_data(plan: &Plan, graph: &Graph, inventory: &Inventory) -> Option<Finding> {
    let of_kind = |kind: &'static str| graph.nodes().filter(move |node| node.address.kind() == kind);
    let file_system = of_kind("file-system").find(|node| inventory.at(&node.address).next().is_some())?;
    let created = |step: &&crate::engine::plan::Step| step.action == Action::Create && step.address.kind() == "secret";
    let secret = plan.steps.iter().find(created)?;
    Some(Finding {
        code: "data/secret-missing".to_owned(),
        severity: Severity::Refusal,
        address: Some(secret.address.clone()),
        message: format!("is missing, and {} exists: a new password would lock Cloud Exchange out", file_system.address),
        hint: Some(
            "restore the secret, or create one of its name with the old values and its tags; if the data is not wanted, \
             destroy with --delete-data first"
                .to_owned(),
        ),
    })
}

/// Why data is kept: as said, unless a restored file system has taken its place and it waits for somebody to drop it.
pub fn why_kept(address: &Address, otherwise: &str) -> String {
    if file_system::is_former(address) {
        "a former file system, with its data; `ce-aws backup drop` deletes it".to_owned()
    } else {
        otherwise.to_owned()
    }
}
