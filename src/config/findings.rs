//! What is found while a plan file is read.

use std::{cell::RefCell, ops::Range};

use crate::partition::Partition;

use super::{
    keys::Key,
    problem::Problem,
    text::{Invalid, quoted},
};

pub(super) struct Findings {
    /// The keys of the top level.
    pub root: &'static [Key],
    pub problems: Vec<Problem>,
    /// Values that are valid in certain regions only.
    pub bound: Vec<Bound>,
}

/// Shared by everything that reads one file.
pub(super) type Sink = RefCell<Findings>;

impl Findings {
    /// All problems, including values that are not valid in the region, if that is known.
    pub fn into_problems(self, region: Option<&str>) -> Vec<Problem> {
        let elsewhere =
            region.into_iter().flat_map(|region| self.bound.iter().filter_map(|bound| bound.problem(region)));
        self.problems.into_iter().chain(elsewhere).collect()
    }
}

/// Where a value is valid.
pub(super) enum Home {
    /// Of an availability zone: its region.
    Zone(&'static str),
    /// Of an ARN: what it names, and its region.
    Region(&'static str, String),
    /// Of an ARN of IAM, which is global.
    Partition(String),
}

/// Such a value of the plan file.
pub(super) struct Bound {
    /// As it stands in the file.
    pub text: String,
    pub span: Range<usize>,
    pub home: Home,
}

impl Bound {
    /// What is wrong with the value in this region, if anything.
    pub fn problem(&self, region: &str) -> Option<Problem> {
        let text = quoted(&self.text);
        let partition = Partition::of_region(region);
        let (code, message, hint) = match &self.home {
            Home::Zone(home) if *home != region => (
                "plan-file/zone-of-another-region",
                format!("{text} is a zone of {home}, and the deployment is in {region}"),
                format!("write zones of {region}, such as \"{region}a\", or leave `zones` out"),
            ),
            Home::Region(what, home) if home != region => (
                "plan-file/arn-of-another-region",
                format!("this {what} is in {home}, and the deployment is in {region}"),
                format!("use a {what} of {region}"),
            ),
            Home::Partition(home) if home != partition.as_str() => (
                "plan-file/arn-of-another-partition",
                format!("{text} is in the partition {home}, and {region} is in {partition}"),
                format!("use an ARN that begins with arn:{partition}:"),
            ),
            _ => return None,
        };
        Some(Problem::error(Invalid::new(code, message, hint), self.span.clone()))
    }
}
