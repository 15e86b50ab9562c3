//! How a plan is shown.

use serde::Serialize;

use crate::engine::address::Address;
use crate::ui::standing::Standing;

/// The size of the task, for the reader's bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TaskSize {
    pub vcpus: u32,
    pub memory_mib: u32,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'a> {
    /// Also the values of what is created, and long values whole.
    pub all: bool,
    /// The same for these resources only.
    pub show: &'a [Address],
    /// The task that will run, if a plan file names it.
    pub task: Option<TaskSize>,
    /// The release that will run, likewise.
    pub release: Option<&'a Standing>,
    /// What the deployment costs, in one line.
    pub cost: Option<&'a str>,
}

impl View<'_> {
    /// As `-v` asks for.
    pub fn of(is_verbose: bool) -> Self {
        Self { all: is_verbose, ..Self::default() }
    }
}
