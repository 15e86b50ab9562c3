//! The upgrade path from one release to another.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Catalogue, Label, Version};

/// Why there is no chain of upgrade steps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoChain {
    #[error("release {0} is not in the catalogue")]
    Unknown(Version),
    /// It is named as a predecessor, and has no file.
    #[error("release {from} is known only as the predecessor of {next}: the catalogue does not say what it runs")]
    Undescribed { from: Version, next: Version },
    #[error(
        "{to} is older than {from}, and going back to an earlier release is not supported: core migrates the database \
         when it starts"
    )]
    Downgrade { from: Version, to: Version },
    #[error("release {version} cannot be deployed: {why}")]
    Undeployable { version: Version, why: String },
    /// `nearest` is the newest release before `to` that can be reached.
    #[error("no known upgrade path from {from} to {to}{}", as_far_as(*.nearest))]
    Unconnected { from: Version, to: Version, nearest: Option<Version> },
}

fn as_far_as(version: Option<Version>) -> String {
    version.map_or_else(String::new, |version| format!("; the nearest release that can be reached is {version}"))
}

impl NoChain {
    /// What to do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Unknown(_) => "`ce-aws releases` lists them; --catalog adds a release file of yours".to_owned(),
            Self::Undescribed { from, next } => {
                format!("first update to {next} with the vendor's template, which is the same for {from} and {next}")
            }
            Self::Downgrade { .. } => {
                "restore a recovery point from before the upgrade: `ce-aws backup list` shows them".to_owned()
            }
            Self::Undeployable { version, .. } => format!("`ce-aws releases {version}` says what is missing"),
            Self::Unconnected { nearest: Some(nearest), .. } => format!("go to {nearest}"),
            Self::Unconnected { nearest: None, .. } => {
                "`ce-aws releases` shows the predecessors of each release".to_owned()
            }
        }
    }
}

/// A chain of steps. The best comes first: fewer steps, then better labels, then newer releases.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    steps: usize,
    worst: Label,
    releases: Reverse<Vec<Version>>,
}

impl Catalogue {
    /// The releases to go through after `from`, in order and with `to` at the end; none if they are the same.
    pub fn chain(&self, from: Version, to: Version) -> Result<Vec<Version>, NoChain> {
        let target = self.get(to).ok_or(NoChain::Unknown(to))?;
        if self.get(from).is_none() {
            let next = self.releases().find(|release| release.predecessors.contains(&from));
            return Err(next.map_or(NoChain::Unknown(from), |next| NoChain::Undescribed { from, next: next.version }));
        }
        if from == to {
            return Ok(Vec::new());
        }
        if to < from {
            return Err(NoChain::Downgrade { from, to });
        }
        if let Some(why) = &target.undeployable {
            return Err(NoChain::Undeployable { version: to, why: why.clone() });
        }
        // Predecessors are older, so their chains are known by the time that a release is reached.
        let start = Chain { steps: 0, worst: Label::VendorTested, releases: Reverse(Vec::new()) };
        let mut chains = BTreeMap::from([(from, start)]);
        let between = self.releases().filter(|release| release.version > from && release.version <= to);
        for release in between.filter(|release| release.undeployable.is_none()) {
            let before = release.predecessors.iter().filter_map(|version| chains.get(version));
            let here = before.map(|Chain { steps, worst, releases }| Chain {
                steps: steps + 1,
                worst: release.label.max(*worst),
                releases: Reverse([releases.0.as_slice(), &[release.version]].concat()),
            });
            chains.extend(here.min().map(|chain| (release.version, chain)));
        }
        match chains.remove(&to) {
            Some(chain) => Ok(chain.releases.0),
            None => {
                let nearest = chains.into_keys().next_back().filter(|version| *version != from);
                Err(NoChain::Unconnected { from, to, nearest })
            }
        }
    }

    /// The worst label among these releases.
    pub fn worst_label(&self, releases: &[Version]) -> Option<Label> {
        releases.iter().filter_map(|version| self.get(*version)).map(|release| release.label).max()
    }
}
