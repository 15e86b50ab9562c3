//! Values of which there are only a few.

use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::{
    found::{Found, Read},
    text::{Invalid, nearest, quoted, text_value},
};
use crate::release::{Catalogue, Label, Package, Version};

/// Finds a value by its spelling, or says which there are.
fn choose<T: Copy>(
    code: &'static str,
    what: &str,
    text: &str,
    all: &[T],
    spelling: impl Fn(T) -> &'static str,
) -> Result<T, Invalid> {
    if let Some(found) = all.iter().find(|value| spelling(**value) == text) {
        return Ok(*found);
    }
    let spellings: Vec<_> = all.iter().map(|value| spelling(*value)).collect();
    let hint = match nearest(text, spellings.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("write one of \"{}\"", spellings.join("\", \"")),
    };
    Err(Invalid::new(code, format!("unknown {what} {}", quoted(text)), hint))
}

/// TLS versions that the UI's own web server offers, in the vendor's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsVersion {
    /// 1.3 only.
    #[default]
    V1_3,
    /// 1.2 and 1.3.
    V1_2AndV1_3,
}

impl TlsVersion {
    const ALL: [Self; 2] = [Self::V1_3, Self::V1_2AndV1_3];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_3 => "TLSv1.3",
            Self::V1_2AndV1_3 => "TLSv1.2 TLSv1.3",
        }
    }
}

impl FromStr for TlsVersion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // The two spellings are alike, and so is every near miss: always name both.
        choose("plan-file/unknown-tls-version", "TLS version", text, &Self::ALL, Self::as_str).map_err(|invalid| {
            Invalid { hint: "write \"TLSv1.3\", or \"TLSv1.2 TLSv1.3\" to allow older browsers".to_owned(), ..invalid }
        })
    }
}

text_value!(TlsVersion, expected: "\"TLSv1.3\" or \"TLSv1.2 TLSv1.3\"", schema: {
    "enum": ["TLSv1.3", "TLSv1.2 TLSv1.3"],
});

/// How the file system's throughput is provided and paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Throughput {
    /// Follows the load.
    #[default]
    Elastic,
    /// Free; slow once the burst credits are used, because the baseline grows with the stored data.
    Bursting,
}

impl Throughput {
    const ALL: [Self; 2] = [Self::Elastic, Self::Bursting];

    /// As the EFS API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elastic => "elastic",
            Self::Bursting => "bursting",
        }
    }
}

impl FromStr for Throughput {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("plan-file/unknown-throughput", "throughput mode", text, &Self::ALL, Self::as_str)
    }
}

text_value!(Throughput, expected: "\"elastic\" or \"bursting\"", schema: {
    "enum": ["elastic", "bursting"],
});

/// The way out of a new VPC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nat {
    /// A NAT gateway in each zone: neither depends on the other.
    #[default]
    PerZone,
    /// One NAT gateway, for less money: if its zone fails, the other has no way out either.
    Single,
    /// No NAT gateway, internet gateway or public subnet: the way out is made by others.
    None,
}

impl Nat {
    const ALL: [Self; 3] = [Self::PerZone, Self::Single, Self::None];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerZone => "per-zone",
            Self::Single => "single",
            Self::None => "none",
        }
    }
}

impl FromStr for Nat {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("plan-file/unknown-nat", "way out", text, &Self::ALL, Self::as_str)
    }
}

text_value!(Nat, expected: "\"per-zone\", \"single\" or \"none\"", schema: {
    "enum": ["per-zone", "single", "none"],
});

/// A TLS policy of the load balancer's HTTPS listener. Those that allow TLS 1.1 or older are not
/// offered.
///
/// Source: Elastic Load Balancing user guide, "Security policies for your Application Load Balancer".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SslPolicy(&'static str);

const SSL_POLICIES: &[&str] = &[
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
];

impl SslPolicy {
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl Default for SslPolicy {
    /// TLS 1.2 and 1.3, forward secrecy, in every region.
    fn default() -> Self {
        Self("ELBSecurityPolicy-TLS13-1-2-2021-06")
    }
}

impl FromStr for SslPolicy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match SSL_POLICIES.iter().find(|known| **known == text) {
            Some(known) => Ok(Self(known)),
            None => Err(Invalid::new(
                "plan-file/unknown-ssl-policy",
                format!("{} is not a known TLS policy with TLS 1.2 or newer", quoted(text)),
                format!("write for instance \"{}\"; `ce-aws schema` lists all", Self::default().0),
            )),
        }
    }
}

text_value!(SslPolicy, expected: "a TLS policy such as \"ELBSecurityPolicy-TLS13-1-2-2021-06\"", schema: {
    "enum": SSL_POLICIES,
});

impl Read for Package {
    const EXPECTED: &'static str = "\"extra-small\", \"small\", \"medium\" or \"large\"";

    fn read(value: Found<'_>) -> Option<Self> {
        value.parse(|text| choose("plan-file/unknown-package", "package", text, &Self::ALL, Self::as_str))
    }
}

impl Read for Label {
    const EXPECTED: &'static str = "\"unsupported\" or \"experimental\"";

    fn read(value: Found<'_>) -> Option<Self> {
        value.parse(|text| choose("plan-file/unknown-label", "label", text, &Self::ALL, Self::as_str))
    }
}

impl Read for Version {
    const EXPECTED: &'static str = "a release such as \"5.0.0\"";

    /// A release of the catalogue that can be deployed.
    fn read(value: Found<'_>) -> Option<Self> {
        value.parse(|text| {
            let all = Catalogue::effective();
            let known: Vec<_> = all.deployable().map(|release| format!("\"{}\"", release.version)).collect();
            let hint = || format!("this version of ce-aws deploys {}; --catalog adds releases", known.join(", "));
            match all.releases().find(|release| release.version.to_string() == text) {
                None => {
                    Err(Invalid::new("plan-file/unknown-release", format!("unknown release {}", quoted(text)), hint()))
                }
                Some(release) => match &release.undeployable {
                    None => Ok(release.version),
                    Some(why) => Err(Invalid::new(
                        "plan-file/undeployable-release",
                        format!("release {text} cannot be deployed: {why}"),
                        hint(),
                    )),
                },
            }
        })
    }
}

/// Schema of the `release` key.
pub(super) fn release_schema(_: &mut SchemaGenerator) -> Schema {
    let known: Vec<_> = Catalogue::effective().deployable().map(|release| release.version.to_string()).collect();
    json_schema!({ "type": "string", "enum": known })
}

/// Days that CloudWatch Logs keeps events; only certain numbers are accepted.
///
/// Source: Amazon CloudWatch Logs API reference, `PutRetentionPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RetentionDays(i32);

const RETENTION_DAYS: &[i32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl RetentionDays {
    pub const fn days(self) -> i32 {
        self.0
    }
}

impl Default for RetentionDays {
    fn default() -> Self {
        Self(365)
    }
}

impl Read for RetentionDays {
    const EXPECTED: &'static str = "a number of days such as 365";

    fn read(value: Found<'_>) -> Option<Self> {
        let days = value.integer(Self::EXPECTED)?;
        if let Some(known) = RETENTION_DAYS.iter().find(|known| i64::from(**known) == days) {
            return Some(Self(*known));
        }
        let below = RETENTION_DAYS.iter().rfind(|known| i64::from(**known) < days);
        let above = RETENTION_DAYS.iter().find(|known| i64::from(**known) > days);
        let hint = match (below, above) {
            (Some(below), Some(above)) => format!("the nearest that it accepts are {below} and {above}"),
            (Some(most), None) => format!("the longest that it accepts is {most}"),
            (None, _) => "the shortest that it accepts is 1".to_owned(),
        };
        value.refuse(Invalid::new(
            "plan-file/bad-retention",
            format!("CloudWatch Logs does not accept a retention of {days} days"),
            hint,
        ))
    }
}

impl JsonSchema for RetentionDays {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RetentionDays".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": RETENTION_DAYS })
    }
}
