//! Values that go with one region or partition only.

use std::ops::Range;

use super::{
    found::Located,
    problem::Problem,
    region::{Region, Zone},
    text::{Invalid, quoted},
};

/// A value of the plan file, and where it is at home.
pub(super) struct Bound {
    /// As it stands in the file.
    pub text: String,
    pub span: Range<usize>,
    pub home: Home,
}

pub(super) enum Home {
    Zone(Zone),
    /// What it names, and its region.
    Arn(&'static str, String),
    /// IAM is global: only the partition counts.
    Partition(String),
}

impl Bound {
    pub fn new<T: std::fmt::Display>(value: &Located<T>, home: Home) -> Self {
        Self { text: value.value.to_string(), span: value.span.clone(), home }
    }

    /// What is wrong with the value in this region, if anything.
    pub fn problem(&self, region: Region) -> Option<Problem> {
        let text = quoted(&self.text);
        let (code, message, hint) = match &self.home {
            Home::Zone(zone) if zone.region() != region => (
                "plan-file/zone-of-another-region",
                format!("{text} is a zone of {}, and the deployment is in {region}", zone.region()),
                format!("write zones of {region}, such as \"{region}a\", or leave `zones` out"),
            ),
            Home::Arn(what, home) if home != region.as_str() => (
                "plan-file/arn-of-another-region",
                format!("this {what} is in {home}, and the deployment is in {region}"),
                format!("use a {what} of {region}"),
            ),
            Home::Partition(home) if home != region.partition().as_str() => (
                "plan-file/arn-of-another-partition",
                format!("{text} is in the partition {home}, and {region} is in {}", region.partition()),
                format!("use an ARN that begins with arn:{}:", region.partition()),
            ),
            _ => return None,
        };
        Some(Problem::error(Invalid::new(code, message, hint), self.span.clone()))
    }
}
