//! Regions, partitions and availability zones.

use std::str::FromStr;

use crate::partition::Partition;

use super::{
    findings::Home,
    text::{Invalid, nearest, quoted},
    value::text_value,
};

/// An AWS region that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(&'static str);

/// Source: the AWS SDKs' endpoint list (botocore, `endpoints.json`), partitions `aws`, `aws-cn` and
/// `aws-us-gov`.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

impl Region {
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    pub fn partition(self) -> Partition {
        Partition::of_region(self.0)
    }

    /// Every known region, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.iter().map(|name| Self(name))
    }
}

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if let Some(known) = REGIONS.iter().find(|known| **known == text) {
            return Ok(Self(known));
        }
        let hint = match text.parse::<Zone>() {
            Ok(zone) => format!("this is an availability zone; its region is \"{}\"", zone.region()),
            Err(_) => match nearest(text, REGIONS.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write a region such as \"us-east-1\" or \"eu-central-1\"".to_owned(),
            },
        };
        Err(Invalid::new("plan-file/unknown-region", format!("unknown region {}", quoted(text)), hint))
    }
}

text_value!(Region, expected: "a region such as \"us-east-1\"", schema: {
    "enum": REGIONS,
});

/// An availability zone: a known region and one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone {
    region: Region,
    letter: char,
}

impl Zone {
    pub const fn region(self) -> Region {
        self.region
    }

    pub fn as_str(&self) -> String {
        format!("{}{}", self.region.0, self.letter)
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut characters = text.chars();
        let letter = characters.next_back().filter(char::is_ascii_lowercase);
        let region = REGIONS.iter().find(|known| **known == characters.as_str());
        match (region, letter) {
            (Some(region), Some(letter)) => Ok(Self { region: Region(region), letter }),
            _ => Err(Invalid::new(
                "plan-file/bad-zone",
                format!("{} is not an availability zone", quoted(text)),
                "write a region and one letter, such as \"us-east-1a\"; local zones cannot be used",
            )),
        }
    }
}

text_value!(Zone, expected: "an availability zone such as \"us-east-1a\"", schema: {
    "pattern": "^[a-z]+(-[a-z]+)+-[0-9][a-z]$",
}, home: |zone| Some(Home::Zone(zone.region.0)));
