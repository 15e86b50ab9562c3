//! The steps that a step waits for, and those that wait for it.

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

/// The steps that wait for each step.
pub struct Dependents(Vec<Vec<usize>>);

impl Dependents {
    pub fn of(steps: &[Step]) -> Self {
        let mut dependents = Self(vec![Vec::new(); steps.len()]);
        for (later, step) in steps.iter().enumerate() {
            step.after.iter().for_each(|after| dependents.add(later, after.step));
        }
        dependents
    }

    /// `later` waits for `earlier`.
    pub fn add(&mut self, later: usize, earlier: usize) {
        self.0[earlier].push(later);
    }

    /// The given step and every step that waits for it, directly or not.
    pub fn downstream(&self, step: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::from([step]);
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            open.extend(self.0[next].iter().copied().filter(|later| found.insert(*later)));
        }
        found
    }
}
