//! Which step may start next.
//!
//! A step waits for (step, need) pairs: for another's call to be *accepted*, or for it to be *done*. Of the steps that
//! wait for nothing, the one with the longest remaining path starts first: its own usual duration plus that of the
//! slowest chain of steps that wait for it. On a Cloud Exchange stack that is the NAT gateways, then the load balancer.
//!
//! Pure data: its user reports what was accepted and what is done.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::clock::Ordered;
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
    /// How many waits of each step are not over.
    open: Vec<usize>,
    dependents: Vec<Vec<After>>,
    priority: Vec<f64>,
    /// The longest path first; the lower number among equals, so that runs are reproducible.
    free: BinaryHeap<(Ordered, Reverse<usize>)>,
    /// The waits for each step that are over: for its acceptance, and for its end.
    released: Vec<[bool; 2]>,
    cut_off: Vec<bool>,
}

/// Steps that wait for each other, or for a step that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {0} can never start: the plan is circular or refers to a step it does not have")]
pub struct Unstartable(pub usize);

impl Queue {
    /// A queue of as many steps as there are entries, numbered from 0; each entry has what its step waits for.
    pub fn new(after: &[impl AsRef<[After]>], durations: &[Duration]) -> Result<Self, Unstartable> {
        let count = after.len();
        let mut dependents = vec![Vec::new(); count];
        for (step, waits) in after.iter().enumerate() {
            for wait in waits.as_ref() {
                let dependent = After { step, need: wait.need };
                dependents.get_mut(wait.step).ok_or(Unstartable(step))?.push(dependent);
            }
        }
        let mut queue = Self {
            open: after.iter().map(|waits| waits.as_ref().len()).collect(),
            priority: longest_paths(after, &dependents, durations)?,
            dependents,
            free: BinaryHeap::new(),
            released: vec![[false; 2]; count],
            cut_off: vec![false; count],
        };
        for step in 0..count {
            queue.free_if_ready(step);
        }
        Ok(queue)
    }

    /// Takes the next step to start, if any may.
    pub fn pop(&mut self) -> Option<usize> {
        self.free.pop().map(|(_, Reverse(step))| step)
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
        if std::mem::replace(&mut self.released[step][need as usize], true) {
            return;
        }
        for index in 0..self.dependents[step].len() {
            let dependent = self.dependents[step][index];
            if dependent.need == need {
                self.open[dependent.step] -= 1;
                self.free_if_ready(dependent.step);
            }
        }
    }

    fn free_if_ready(&mut self, step: usize) {
        if self.open[step] == 0 {
            self.free.push((Ordered(self.priority[step]), Reverse(step)));
        }
    }

    /// Cuts off every step that waits, directly or not, for the given one, and gives those that were not cut off
    /// before, in order.
    pub fn cut_off(&mut self, step: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            for dependent in &self.dependents[next] {
                if !std::mem::replace(&mut self.cut_off[dependent.step], true) {
                    found.insert(dependent.step);
                    open.push(dependent.step);
                }
            }
        }
        found
    }

    /// The usual time in seconds from the start of a step until everything that waits for it is done.
    pub fn path(&self, step: usize) -> f64 {
        self.priority[step]
    }
}

fn longest_paths(
    after: &[impl AsRef<[After]>],
    dependents: &[Vec<After>],
    durations: &[Duration],
) -> Result<Vec<f64>, Unstartable> {
    let mut open: Vec<usize> = dependents.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..after.len()).filter(|step| open[*step] == 0).collect();
    let mut paths: Vec<Option<f64>> = vec![None; after.len()];
    while let Some(step) = ready.pop() {
        let own = durations.get(step).copied().unwrap_or_default();
        let after_that = dependents[step].iter().map(|dependent| {
            let start = if dependent.need == Need::Ready { own.accept + own.settle } else { own.accept };
            start + paths[dependent.step].unwrap_or_default()
        });
        paths[step] = Some(after_that.fold(own.accept + own.settle, f64::max));
        for wait in after[step].as_ref() {
            open[wait.step] -= 1;
            if open[wait.step] == 0 {
                ready.push(wait.step);
            }
        }
    }
    paths.iter().enumerate().map(|(step, path)| path.ok_or(Unstartable(step))).collect()
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
        assert_eq!(queue.path(0), 108.0);
    }

    #[test]
    fn a_circle_and_a_missing_step_are_refused() {
        let circle = [vec![after(1, Need::Ready)], vec![after(0, Need::Exists)]];
        assert!(Queue::new(&circle, &[]).is_err());
        assert_eq!(Queue::new(&[vec![after(7, Need::Ready)]], &[]).unwrap_err(), Unstartable(0));
    }
}
