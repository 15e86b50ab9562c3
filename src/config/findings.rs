//! What is found while a plan file is read.

use std::cell::RefCell;

use super::{home::Bound, keys::Key, problem::Problem};

pub(super) struct Findings {
    /// The keys of the top level.
    pub root: &'static [Key],
    problems: Vec<Problem>,
    bound: Vec<Bound>,
}

/// Shared by everything that reads one file.
pub(super) type Sink = RefCell<Findings>;

impl Findings {
    pub fn new(root: &'static [Key]) -> Self {
        Self { root, problems: Vec::new(), bound: Vec::new() }
    }

    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Remembers a value that is valid in certain regions only.
    pub fn bind(&mut self, bound: Bound) {
        self.bound.push(bound);
    }

    /// All problems, including values that are not valid in the region, if that is known.
    pub fn into_problems(self, region: Option<&str>) -> Vec<Problem> {
        let elsewhere =
            region.into_iter().flat_map(|region| self.bound.iter().filter_map(|bound| bound.problem(region)));
        self.problems.into_iter().chain(elsewhere).collect()
    }
}
