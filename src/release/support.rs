//! The end of the vendor's support for a release.

use std::fmt;

use time::{Date, Month};

use super::{Catalogue, Label, Release};

/// Days before the end of support from which on it counts as soon.
pub const SOON: i64 = 90;

/// The vendor's support for a release, as of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// The vendor has named no end, or none is known.
    Open,
    /// Until the end of this day, which is more than [`SOON`] days away.
    Until(Date),
    /// Until the end of this day, so many days from now.
    Ending(Date, i64),
    /// It ended with this day.
    Ended(Date),
}

impl Support {
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// The last day.
    pub const fn end(self) -> Option<Date> {
        match self {
            Self::Open => None,
            Self::Until(end) | Self::Ending(end, _) | Self::Ended(end) => Some(end),
        }
    }

    /// As scripts read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "not-known",
            Self::Until(_) => "supported",
            Self::Ending(..) => "ends-soon",
            Self::Ended(_) => "ended",
        }
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("end of support not known"),
            Self::Until(end) => write!(f, "supported until {end}"),
            Self::Ending(end, 0) => write!(f, "supported until {end}, the last day"),
            Self::Ending(end, 1) => write!(f, "supported until {end}, 1 day left"),
            Self::Ending(end, days) => write!(f, "supported until {end}, {days} days left"),
            Self::Ended(end) => write!(f, "support ended {end}"),
        }
    }
}

impl Release {
    /// The last day of the vendor's support.
    pub fn end_of_support(&self) -> Option<Date> {
        let date = self.end_of_life?.date?;
        Date::from_calendar_date(date.year.into(), Month::try_from(date.month).ok()?, date.day).ok()
    }

    /// Its support as of this day.
    pub fn support(&self, today: Date) -> Support {
        let Some(end) = self.end_of_support() else { return Support::Open };
        match (end - today).whole_days() {
            days if days < 0 => Support::Ended(end),
            days if days <= SOON => Support::Ending(end, days),
            _ => Support::Until(end),
        }
    }
}

impl Catalogue {
    /// The release for a new deployment: the newest that the vendor still supports or, if there is none, the newest
    /// that the vendor has tested on Fargate. An experimental one is never recommended.
    pub fn recommended(&self, today: Date) -> Option<&Release> {
        let tested = || self.deployable().rev().find(|release| release.label == Label::VendorTested);
        self.supported(today).or_else(tested)
    }

    /// The newest release that can be deployed, is still supported, and is not experimental.
    pub fn supported(&self, today: Date) -> Option<&Release> {
        let usable = |release: &&Release| release.label < Label::Experimental && !release.support(today).is_over();
        self.deployable().rev().find(usable)
    }
}
