//! Which step may start next.
//!
//! A step waits for (step, need) pairs: for another's call to be *accepted*, or for it to be *done*. Of the steps that
//! wait for nothing, the one with the longest remaining path starts first: its own usual duration plus that of the
//! slowest chain of steps that wait for it. On a Cloud Exchange stack that is the NAT gateways, then the load balancer.
//!
//! Pure data: its user reports what was accepted and what is done.

use std::collections::BTreeSet;

use super::plan::After;
use super::reference::Need;

/// How long a step usually takes, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Duration {
    /// Until the call is accepted.
    pub accept: f64,
    /// From acceptance until it is done.
    pub settle: f64,
}

/// The steps that have not started, and what each still waits for.
#[derive(Clone, Debug)]
pub struct Queue {
    waits: Vec<BTreeSet<After>>,
    dependents: Vec<Vec<(usize, Need)>>,
    priority: Vec<f64>,
    free: BTreeSet<usize>,
}

/// Steps that wait for each other, or for a step that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {0} can never start: the plan is circular or refers to a step it does not have")]
pub struct Unstartable(pub usize);

impl Queue {
    /// A queue of as many steps as there are entries, numbered from 0.
    pub fn new(after: &[Vec<After>], durations: &[Duration]) -> Result<Self, Unstartable> {
        let count = after.len();
        let waits: Vec<BTreeSet<After>> = after.iter().map(|list| list.iter().copied().collect()).collect();
        let mut dependents = vec![Vec::new(); count];
        for (step, waits) in waits.iter().enumerate() {
            for wait in waits {
                dependents.get_mut(wait.step).ok_or(Unstartable(step))?.push((step, wait.need));
            }
        }
        let priority = longest_ways(&waits, &dependents, durations)?;
        let free = (0..count).filter(|step| waits[*step].is_empty()).collect();
        Ok(Self { waits, dependents, priority, free })
    }

    /// Takes the next step to start, if any may.
    pub fn pop(&mut self) -> Option<usize> {
        let next = self.free.iter().copied().max_by(|a, b| {
            // Longest path first; the lower number among equals, so that runs are reproducible.
            self.priority[*a].total_cmp(&self.priority[*b]).then(b.cmp(a))
        })?;
        self.free.remove(&next);
        Some(next)
    }

    /// The call of a step was accepted.
    pub fn accepted(&mut self, step: usize) {
        self.release(step, Need::Exists);
    }

    /// A step is done; that it was accepted is implied.
    pub fn done(&mut self, step: usize) {
        self.release(step, Need::Exists);
        self.release(step, Need::Ready);
    }

    fn release(&mut self, step: usize, need: Need) {
        for index in 0..self.dependents[step].len() {
            let (dependent, wanted) = self.dependents[step][index];
            if wanted == need && self.waits[dependent].remove(&After { step, need }) && self.waits[dependent].is_empty()
            {
                self.free.insert(dependent);
            }
        }
    }

    /// Every step that waits, directly or not, for the given one.
    pub fn downstream(&self, step: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            for (dependent, _) in &self.dependents[next] {
                if found.insert(*dependent) {
                    open.push(*dependent);
                }
            }
        }
        found
    }

    /// What a step still waits for.
    pub fn waits(&self, step: usize) -> impl Iterator<Item = &After> {
        self.waits[step].iter()
    }

    /// The usual time in seconds from the start of a step until everything that waits for it is done.
    pub fn way(&self, step: usize) -> f64 {
        self.priority[step]
    }
}

fn longest_ways(
    waits: &[BTreeSet<After>],
    dependents: &[Vec<(usize, Need)>],
    durations: &[Duration],
) -> Result<Vec<f64>, Unstartable> {
    let mut open: Vec<usize> = dependents.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..waits.len()).filter(|step| open[*step] == 0).collect();
    let mut ways: Vec<Option<f64>> = vec![None; waits.len()];
    while let Some(step) = ready.pop() {
        let own = durations.get(step).copied().unwrap_or_default();
        let after_that = dependents[step].iter().map(|(dependent, need)| {
            let start = if *need == Need::Ready { own.accept + own.settle } else { own.accept };
            start + ways[*dependent].unwrap_or_default()
        });
        ways[step] = Some(after_that.fold(own.accept + own.settle, f64::max));
        for wait in &waits[step] {
            open[wait.step] -= 1;
            if open[wait.step] == 0 {
                ready.push(wait.step);
            }
        }
    }
    ways.iter().enumerate().map(|(step, way)| way.ok_or(Unstartable(step))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(step: usize, need: Need) -> After {
        After { step, need }
    }

    fn takes(accept: f64, settle: f64) -> Duration {
        Duration { accept, settle }
    }

    #[test]
    fn the_longest_path_goes_first_and_needs_differ() {
        // 0: VPC. 1: a short leaf. 2: NAT gateway. 3: a tag on it. 4: a route that needs it ready.
        let plan = [
            vec![],
            vec![after(0, Need::Exists)],
            vec![after(0, Need::Exists)],
            vec![after(2, Need::Exists)],
            vec![after(2, Need::Ready)],
        ];
        let durations = [takes(1.0, 0.0), takes(1.0, 0.0), takes(1.0, 105.0), takes(1.0, 0.0), takes(1.0, 0.0)];
        let mut queue = Queue::new(&plan, &durations).unwrap();
        assert_eq!((queue.pop(), queue.pop()), (Some(0), None));
        queue.accepted(0);
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(2), Some(1), None));
        queue.accepted(2);
        assert_eq!((queue.pop(), queue.pop()), (Some(3), None));
        queue.done(2);
        assert_eq!((queue.pop(), queue.pop()), (Some(4), None));
        assert_eq!(queue.way(0), 108.0);
    }

    #[test]
    fn a_circle_and_a_missing_step_are_refused() {
        let circle = [vec![after(1, Need::Ready)], vec![after(0, Need::Exists)]];
        assert!(Queue::new(&circle, &[]).is_err());
        assert_eq!(Queue::new(&[vec![after(7, Need::Ready)]], &[]).unwrap_err(), Unstartable(0));
    }
}
