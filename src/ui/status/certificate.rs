//! The certificate that ce-aws has for the name of the UI.

use serde::Serialize;

use crate::engine::clock::timestamp;
use crate::engine::inventory::{Inventory, Phase};
use crate::ui::text::clean;

/// A certificate of our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    pub name: String,
    #[serde(flatten)]
    pub phase: Phase,
    /// Its last day: `2027-06-14`.
    pub valid_until: Option<String>,
}

impl Certificate {
    /// The one that a listener has, or else the one that is to take its place.
    pub fn of(inventory: &Inventory) -> Option<Self> {
        let of_kind = |kind: &'static str| inventory.live.iter().filter(move |live| live.address.kind() == kind);
        let used = of_kind("listener").find_map(|live| live.spec.get("certificate")?.as_str());
        let live = of_kind("certificate").max_by_key(|live| used == Some(live.id.as_str()))?;
        let end = live.outputs.get("not_after").and_then(|seconds| seconds.parse().ok());
        Some(Self {
            name: live.outputs.get("name").cloned().unwrap_or_default(),
            phase: live.phase.clone(),
            valid_until: end.map(|end| timestamp(end).chars().take(10).collect()),
        })
    }

    pub fn words(&self) -> String {
        let state = match (&self.phase, &self.valid_until) {
            (Phase::Ready, Some(end)) => format!("issued by ACM, valid until {}", clean(end)),
            (Phase::Ready, None) => "issued by ACM".to_owned(),
            (Phase::Failed(why), _) => format!("failed: {}", clean(why)),
            (phase, _) => format!("not issued yet: {}", clean(phase.awaits().unwrap_or_default())),
        };
        format!("{}, {state}", clean(&self.name))
    }
}
