//! Which releases lie between two.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Catalogue, Label, Version};

/// Why no chain of upgrade steps leads where it shall.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    #[error("release {0} is not in the catalogue")]
    Unknown(Version),
    /// It is named as a predecessor, and nothing else is known of it.
    #[error("of release {from} is only known that {next} comes after it: nothing says what it runs")]
    Undescribed { from: Version, next: Version },
    #[error(
        "{to} is older than {from}, and going back to an earlier release is not supported: core migrates the database \
         when it starts"
    )]
    Downgrade { from: Version, to: Version },
    #[error("release {version} cannot be deployed: {why}")]
    Undeployable { version: Version, why: String },
    /// `nearest` is the newest release before `to` that can be reached.
    #[error("no known steps lead from {from} to {to}{}", as_far_as(*.nearest))]
    Unconnected { from: Version, to: Version, nearest: Option<Version> },
}

fn as_far_as(version: Option<Version>) -> String {
    version.map_or_else(String::new, |version| format!("; the nearest that can be reached is {version}"))
}

impl NoWay {
    /// What to do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown(_) => "`ce-aws releases` lists them; --catalog adds a release file of yours".to_owned(),
            Self::Undescribed { from, next } => {
                format!(
                    "first make it {next} the way it was deployed: the vendor has one template for {from} and {next}"
                )
            }
            Self::Downgrade { .. } => {
                "restore a recovery point from before the upgrade: `ce-aws backup list` shows them".to_owned()
            }
            Self::Undeployable { version, .. } => format!("`ce-aws releases {version}` says what is missing"),
            Self::Unconnected { nearest: Some(nearest), .. } => format!("go to {nearest}"),
            Self::Unconnected { nearest: None, .. } => {
                "`ce-aws releases` shows which release leads to which".to_owned()
            }
        }
    }
}

/// A chain of steps, ordered from good to bad: fewer steps, then better labels, then newer releases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    steps: usize,
    worst: Label,
    hops: Reverse<Vec<Version>>,
}

impl Catalogue {
    /// The releases to go through after `from`, in order and with `to` at the end; none if they are the same.
    ///
    /// # Errors
    ///
    /// There is no way, and why.
    pub fn chain(&self, from: Version, to: Version) -> Result<Vec<Version>, NoWay> {
        let target = self.get(to).ok_or(NoWay::Unknown(to))?;
        if self.get(from).is_none() {
            let next = self.releases().find(|release| release.predecessors.contains(&from));
            return Err(next.map_or(NoWay::Unknown(from), |next| NoWay::Undescribed { from, next: next.version }));
        }
        if from == to {
            return Ok(Vec::new());
        }
        if to < from {
            return Err(NoWay::Downgrade { from, to });
        }
        if let Some(why) = &target.undeployable {
            return Err(NoWay::Undeployable { version: to, why: why.clone() });
        }
        // Predecessors are older, so that their ways are known when a release is looked at.
        let start = Way { steps: 0, worst: Label::VendorTested, hops: Reverse(Vec::new()) };
        let mut ways = BTreeMap::from([(from, start)]);
        let between = self.releases().filter(|release| release.version > from && release.version <= to);
        for release in between.filter(|release| release.undeployable.is_none()) {
            let before = release.predecessors.iter().filter_map(|version| ways.get(version));
            let here = before.map(|Way { steps, worst, hops }| Way {
                steps: steps + 1,
                worst: release.label.max(*worst),
                hops: Reverse([hops.0.as_slice(), &[release.version]].concat()),
            });
            ways.extend(here.min().map(|way| (release.version, way)));
        }
        match ways.remove(&to) {
            Some(way) => Ok(way.hops.0),
            None => {
                let nearest = ways.into_keys().next_back().filter(|version| *version != from);
                Err(NoWay::Unconnected { from, to, nearest })
            }
        }
    }

    /// The worst label among these releases.
    pub fn worst_label(&self, releases: &[Version]) -> Option<Label> {
        releases.iter().filter_map(|version| self.get(*version)).map(|release| release.label).max()
    }
}
