//! Which package a load needs, by the vendor's sizing guide.
//!
//! Source: the vendor's sizing table of 2022 (Cloud Exchange 4.x): events a minute, credits of modules, 0.75 events a
//! minute for each user. There is no newer table; releases from 5.1.0 on accept medium and large only.

use std::str::FromStr;

use serde::Serialize;

use crate::config::Throughput;
use crate::release::{Package, Release, choice};

use super::usage::{EVENT_BYTES, HOURS, WEB_TRANSACTION_BYTES, WRITTEN_PER_BYTE};

/// Events a minute for each user (vendor's rule of thumb).
pub const EVENTS_PER_USER: f64 = 0.75;

/// Room for peaks above the given load.
const HEADROOM: f64 = 1.3;

/// What EFS allows a small file system that has used up its burst credits, in bytes a day: 1 MiB/s (Amazon EFS user
/// guide, "Throughput modes").
pub(super) const BURSTING_BASELINE: f64 = 1_048_576.0 * 86_400.0;

/// The part of it that events may use: the databases write without events too.
const SHARE_OF_BASELINE: f64 = 0.5;

choice! {
    /// A module of Cloud Exchange.
    pub enum Module {
        LogShipper = "log-shipper",
        Cto = "cto",
        Cte = "cte",
        Ure = "ure",
        Are = "are",
        Webtx = "webtx",
    }
}

impl Module {
    /// What it takes of a package's credits.
    const fn credits(self) -> u32 {
        match self {
            Self::Cto => 1,
            Self::Ure | Self::Are => 2,
            Self::LogShipper | Self::Cte => 3,
            Self::Webtx => 6,
        }
    }
}

impl FromStr for Module {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|module| module.as_str() == text);
        known.ok_or_else(|| format!("unknown module; there are {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// What a deployment has to bear.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub events_per_minute: f64,
    pub modules: Vec<Module>,
}

/// The package that bears it, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sizing {
    pub package: Package,
    /// Whether the package bears the load: false where even the largest is too small by the vendor's table.
    pub fits: bool,
    pub events_per_minute: f64,
    /// With room for peaks.
    pub events_to_bear: f64,
    pub capacity: f64,
    pub credits_needed: u32,
    pub credits: u32,
    /// The release accepts nothing smaller.
    pub minimum: Option<Package>,
    /// GB (10⁹ bytes) a month that come in, and go out again to wherever they are sent.
    pub volume: f64,
    /// GB a day that are written to the file system.
    pub written: f64,
    /// The throughput mode that fits: bursting is free as long as its baseline is not exceeded.
    pub throughput: Throughput,
}

/// Events a minute that a package bears (vendor's sizing table).
pub const fn capacity(package: Package) -> f64 {
    match package {
        Package::ExtraSmall => 20_000.0,
        Package::Small => 50_000.0,
        Package::Medium => 100_000.0,
        Package::Large => 200_000.0,
    }
}

/// Credits that a package has for modules (the same).
pub const fn credits(package: Package) -> u32 {
    match package {
        Package::ExtraSmall => 3,
        Package::Small => 5,
        Package::Medium => 10,
        Package::Large => 20,
    }
}

/// The smallest package that bears the load and that the release accepts; the largest if none does.
pub fn choose(load: &Load, release: Option<&Release>) -> Sizing {
    let events_to_bear = load.events_per_minute * HEADROOM;
    let credits_needed: u32 = load.modules.iter().map(|module| module.credits()).sum();
    let minimum = release.map(|release| release.minimum_package);
    let bears = |package: &Package| capacity(*package) >= events_to_bear && credits(*package) >= credits_needed;
    let accepted = Package::ALL.into_iter().filter(|package| minimum.is_none_or(|minimum| *package >= minimum));
    let found = accepted.into_iter().find(bears);
    let package = found.unwrap_or(Package::Large);
    let bytes = if load.modules.contains(&Module::Webtx) { WEB_TRANSACTION_BYTES } else { EVENT_BYTES };
    let a_minute = load.events_per_minute * bytes;
    let written = a_minute * 60.0 * 24.0 * WRITTEN_PER_BYTE;
    let throughput =
        if written <= BURSTING_BASELINE * SHARE_OF_BASELINE { Throughput::Bursting } else { Throughput::Elastic };
    Sizing {
        package,
        fits: found.is_some(),
        events_per_minute: load.events_per_minute,
        events_to_bear,
        capacity: capacity(package),
        credits_needed,
        credits: credits(package),
        minimum,
        volume: a_minute * 60.0 * HOURS / 1e9,
        written: written / 1e9,
        throughput,
    }
}
