//! Values of which there are only a few.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use crate::release::{Catalogue, Version, choice};

use super::{
    text::{Invalid, listed, quoted},
    value::{Found, Read, schema_of, text_value},
};

choice! {
    /// TLS versions that the UI's own web server offers, in the vendor's words.
    #[derive(Default)]
    pub enum TlsVersion("TLS version", "plan-file/unknown-tls-version") {
        /// 1.3 only.
        #[default]
        V1_3 = "TLSv1.3",
        /// 1.2 and 1.3, for older browsers.
        V1_2AndV1_3 = "TLSv1.2 TLSv1.3",
    }
}

choice! {
    /// How the file system's throughput is provided and billed, as the EFS API spells it.
    #[derive(Default)]
    pub enum Throughput("throughput mode", "plan-file/unknown-throughput") {
        /// Follows the load.
        #[default]
        Elastic = "elastic",
        /// Free; slow once the burst credits are used, because the baseline grows with the stored data.
        Bursting = "bursting",
    }
}

choice! {
    /// Internet access of a new VPC.
    #[derive(Default)]
    pub enum Nat("kind of NAT", "plan-file/unknown-nat") {
        /// A NAT gateway in each zone: neither depends on the other.
        #[default]
        PerZone = "per-zone",
        /// One NAT gateway, which costs less: if its zone fails, the other zone loses internet access too.
        Single = "single",
        /// No NAT gateway, internet gateway or public subnet: somebody else provides internet access.
        None = "none",
    }
}

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
    /// TLS 1.2 and 1.3, forward secrecy, in every region.
    pub const DEFAULT: Self = Self(SSL_POLICIES[0]);

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl std::str::FromStr for SslPolicy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        SSL_POLICIES.iter().find(|known| **known == text).map(|known| Self(known)).ok_or_else(|| {
            Invalid::new(
                "plan-file/unknown-ssl-policy",
                format!("{} is not a known TLS policy with TLS 1.2 or newer", quoted(text)),
                format!("write for instance \"{}\"; `ce-aws schema` lists all", Self::DEFAULT),
            )
        })
    }
}

text_value!(SslPolicy, expected: format!("a TLS policy such as \"{}\"", Self::DEFAULT), schema: {
    "enum": SSL_POLICIES,
});

impl Read for Version {
    fn expected() -> String {
        "a release such as \"5.0.0\"".to_owned()
    }

    /// A release of the catalogue that can be deployed.
    fn read(found: &Found<'_>) -> Option<Self> {
        found.parse(|text| {
            let known = listed(deployable().iter().map(String::as_str));
            let hint = format!("this version of ce-aws deploys {known}; --catalog adds releases");
            let release = Catalogue::effective().releases().find(|release| release.version.to_string() == text);
            match release.map(|release| (release.version, &release.undeployable)) {
                Some((version, None)) => Ok(version),
                Some((_, Some(why))) => Err(Invalid::new(
                    "plan-file/undeployable-release",
                    format!("release {text} cannot be deployed: {why}"),
                    hint,
                )),
                None => {
                    Err(Invalid::new("plan-file/unknown-release", format!("unknown release {}", quoted(text)), hint))
                }
            }
        })
    }
}

fn deployable() -> Vec<String> {
    Catalogue::effective().deployable().map(|release| release.version.to_string()).collect()
}

/// Schema of the `release` key.
pub(super) fn release_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": deployable() })
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
    const TYPE: &'static str = "an integer";

    fn expected() -> String {
        "a number of days such as 365".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let days = found.integer::<Self>()?;
        let place = match RETENTION_DAYS.binary_search_by_key(&days, |known| i64::from(*known)) {
            Ok(place) => return Some(Self(RETENTION_DAYS[place])),
            Err(place) => place,
        };
        let hint = match (place.checked_sub(1), RETENTION_DAYS.get(place)) {
            (Some(below), Some(above)) => {
                format!("the nearest that it accepts are {} and {above}", RETENTION_DAYS[below])
            }
            (Some(most), None) => format!("the longest that it accepts is {}", RETENTION_DAYS[most]),
            (None, _) => "the shortest that it accepts is 1".to_owned(),
        };
        found.refuse(Invalid::new(
            "plan-file/bad-retention",
            format!("CloudWatch Logs does not accept a retention of {days} days"),
            hint,
        ))
    }
}

schema_of!(RetentionDays, { "type": "integer", "enum": RETENTION_DAYS });
