//! The number of a Cloud Exchange release.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::text::as_string;

/// Three numbers, ordered as releases are: `4.2.0 < 5.0.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// The text is not three numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a release is three numbers such as 5.0.0")]
pub struct VersionError;

impl FromStr for Version {
    type Err = VersionError;

    /// Refuses signs and leading zeros, so that each release has one spelling.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            let canonical = part == "0" || !part.starts_with('0');
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            if canonical && digits { part.parse().map_err(|_| VersionError) } else { Err(VersionError) }
        };
        let mut parts = text.split('.').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(major), Some(minor), Some(patch), None) => Ok(Self { major: major?, minor: minor?, patch: patch? }),
            _ => Err(VersionError),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

as_string!(Version);
