//! Resources outside the deployment that a teardown would run into: refused before anything, above all data, is
//! deleted.

use std::collections::BTreeSet;

use crate::engine::address::Address;
use crate::engine::holder::{Holder, Surroundings};
use crate::engine::inventory::{Inventory, Live};
use crate::engine::kind::{Kind, Kinds, Lifecycle, Part};
use crate::engine::plan::{Action, Finding, Plan, Severity};

use super::deletion::Holders;

/// Why the network is kept.
pub const WHY_LEFT: &str =
    "kept by --leave-network; a later destroy without it deletes it, and a later apply uses it again";

/// The finding for each of them.
const HELD: &str = "destroy/held";

/// A refusal for each holder of something that the plan deletes, and a warning for each whose network is kept.
pub fn findings(plan: &Plan, holders: &[Holder]) -> Vec<Finding> {
    let deleted: BTreeSet<&Address> =
        plan.steps.iter().filter(|step| step.action == Action::Delete).map(|step| &step.address).collect();
    let left = |address: &Address| plan.kept.iter().any(|kept| &kept.address == address && kept.why == WHY_LEFT);
    let finding = |holder: &Holder| {
        let held: Vec<&Address> = holder.holds.iter().filter(|address| deleted.contains(address)).collect();
        match held.first() {
            Some(first) => Some(refusal(holder, first, &held)),
            None => holder.holds.iter().find(|address| left(address)).map(|address| Finding {
                code: HELD.to_owned(),
                severity: Severity::Warning,
                address: Some(address.clone()),
                message: format!("is kept for the {}", holder.words()),
                hint: None,
            }),
        }
    };
    holders.iter().filter_map(finding).collect()
}

fn refusal(holder: &Holder, first: &Address, held: &[&Address]) -> Finding {
    let others: Vec<&str> = held.iter().skip(1).map(|address| address.as_str()).collect();
    let others = if others.is_empty() { String::new() } else { format!(" and also holds {}", others.join(", ")) };
    // Only these can be kept by --leave-network.
    let is_network = |address: &&Address| {
        ["vpc", "subnet", "route-table", "internet-gateway", "security-group"].contains(&address.kind())
    };
    let leave = if held.iter().all(is_network) { "; or keep the network with --leave-network" } else { "" };
    Finding {
        code: HELD.to_owned(),
        severity: Severity::Refusal,
        address: Some(first.clone()),
        message: format!("is in use by {}, which is not part of the deployment{others}", holder.words()),
        hint: Some(format!("{}{leave}", holder.remedy)),
    }
}

/// A warning for each kind of holder that could not be looked for.
pub fn not_checked(surroundings: &Surroundings) -> impl Iterator<Item = Finding> {
    surroundings.unread.iter().map(|(what, why)| Finding {
        code: "destroy/not-checked".to_owned(),
        severity: Severity::Warning,
        address: None,
        message: format!("cannot check for other {what}, which may stop the destroy part way: {why}"),
        hint: Some("grant that permission to ce-aws's operator, or check by hand".to_owned()),
    })
}

/// The network, security groups only where they are held, and everything that these refer to.
pub fn network(inventory: &Inventory, kinds: &[Kind], holders: &[Holder]) -> BTreeSet<Address> {
    let is_owned = |live: &Live| {
        kinds.kind(live.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Owned) && !live.is_going()
    };
    let is_part = |live: &Live| kinds.kind(live.address.kind()).is_some_and(|kind| kind.part == Part::Network);
    let is_held = |live: &Live| holders.iter().any(|holder| holder.holds.contains(&live.address));
    let live = &inventory.live;
    let stays = |live: &Live| is_part(live) && (live.address.kind() != "security-group" || is_held(live));
    let mut found: Vec<usize> = (0..live.len()).filter(|one| is_owned(&live[*one]) && stays(&live[*one])).collect();
    let mut left: BTreeSet<Address> = found.iter().map(|one| live[*one].address.clone()).collect();
    let references = Holders::among(live).references();
    while let Some(user) = found.pop() {
        for used in references[user].iter().filter(|used| is_owned(&live[**used])) {
            if left.insert(live[*used].address.clone()) {
                found.push(*used);
            }
        }
    }
    left
}
