//! How many rules AWS allows in this account.

use std::collections::BTreeSet;

use crate::config::{Limits, PlanFile};
use crate::kinds::context::Context;

use super::quota::{self, Limited};

/// The limits in force, and why they could not be read if they are AWS's defaults. They are read only if the defaults
/// do not suffice to admit all allowed networks.
pub async fn of_rules(context: &Context, plan: &PlanFile) -> (Limits, Option<String>) {
    let mut limits = Limits::default();
    if plan.reach_is_exact() {
        return (limits, None);
    }
    let asked = [Limited::GroupRules, Limited::GroupsOfInterface, Limited::AclEntries];
    let answers = quota::limits(context, &BTreeSet::from(asked)).await;
    let mut unread = None;
    for (of, limit) in [
        (Limited::GroupRules, &mut limits.rules),
        (Limited::GroupsOfInterface, &mut limits.groups),
        (Limited::AclEntries, &mut limits.entries),
    ] {
        match answers.get(&of) {
            Some(Ok(value)) => *limit = whole(*value),
            Some(Err(why)) => unread = Some(why.clone()),
            None => {}
        }
    }
    (limits, unread)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Quotas are small whole numbers.
fn whole(value: f64) -> usize {
    value.max(1.0) as usize
}
