//! The plan that takes a deployment down, from the inventory alone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::engine::address::Address;
use crate::engine::holder::Holder;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Kept, Plan, Purpose, Reason, Target, Until};

use super::deletion::{self, Deletion, Holders};
use super::{data, held};

/// What the user has consented to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Delete the file system, the vault with its recovery points, the secrets and the log buckets too.
    pub delete_data: bool,
    /// Remove deletion protection.
    pub unprotect: bool,
    /// Keep the network, and what it depends on.
    #[serde(default)]
    pub leave_network: bool,
}

/// Plans the teardown of everything in the inventory. `holders` may prevent it.
pub fn teardown(inventory: &Inventory, target: Target, kinds: &[Kind], options: Options, holders: &[Holder]) -> Plan {
    let mut plan = Plan::empty(Purpose::Destroy, target);
    plan.known = inventory.known();
    let left = if options.leave_network { held::network(inventory, kinds, holders) } else { BTreeSet::new() };
    let mut deletions = Vec::new();
    for (number, live) in inventory.live.iter().enumerate() {
        let Some(kind) = kinds.kind(live.address.kind()) else { continue };
        if let Some(why) = reason_to_keep(live, kind, options, &left) {
            plan.kept.push(Kept { address: live.address.clone(), id: live.id.clone(), why });
            continue;
        }
        if matches!(kind.lifecycle, Lifecycle::Intrinsic | Lifecycle::Shared) {
            continue;
        }
        let mut step = deletion::step(live, kind, Reason::Teardown);
        let mut before = None;
        if live.is_going() {
            (step.action, step.until) = (Action::Verify, Until::Gone);
        } else {
            before = prepare(live, kind, options, &mut plan);
            step.wait_for(before);
        }
        let stop = before.filter(|before| plan.steps[*before].action == Action::Stop);
        deletions.push(Deletion { live: number, step: plan.steps.len(), stop });
        plan.steps.push(step);
    }
    deletion::order(&Holders::among(&inventory.live).letting_go(kinds), &deletions, &mut plan.steps, kinds);
    plan.findings.extend(held::findings(&plan, holders));
    plan
}

fn reason_to_keep(live: &Live, kind: &Kind, options: Options, left: &BTreeSet<Address>) -> Option<String> {
    match (kind.lifecycle, &live.phase) {
        (Lifecycle::Owned, _) if left.contains(&live.address) && !live.is_going() => Some(held::WHY_LEFT.to_owned()),
        (Lifecycle::Data, Phase::Recoverable) => Some("already marked for deletion; can still be restored".to_owned()),
        (Lifecycle::Data, _) if !options.delete_data => {
            Some(data::why_kept(&live.address, "data; a later apply uses it again"))
        }
        _ => None,
    }
}

/// Adds the step before the deletion itself: the task is stopped, or deletion protection removed.
fn prepare(live: &Live, kind: &Kind, options: Options, plan: &mut Plan) -> Option<usize> {
    const CONSENT: &str = "consent with --unprotect, or type the deployment's name when asked";
    let first = match deletion::stop(live, kind, Reason::Teardown) {
        Some(stop) => stop,
        None => {
            let (step, refusal) = deletion::unprotect(live, kind, Reason::Teardown, "destroy/protected", CONSENT)?;
            plan.findings.extend((!options.unprotect).then_some(refusal));
            step
        }
    };
    Some(plan.push(first))
}
