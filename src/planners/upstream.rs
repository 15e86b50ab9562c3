//! The steps that a step waits for.

use std::collections::BTreeSet;

use crate::engine::plan::Step;

/// The given step and every step it waits for, directly or not.
pub fn upstream(steps: &[Step], step: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([step]);
    let mut open = vec![step];
    while let Some(next) = open.pop() {
        open.extend(steps[next].after.iter().map(|after| after.step).filter(|before| found.insert(*before)));
    }
    found
}
