//! Why something differs: `reasons.toml`.

use std::{collections::BTreeSet, fs, path::Path};

use serde::Deserialize;

use super::{
    facts::{Facts, Source},
    properties::{Difference, Kind},
};
use crate::release::Version;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    /// The first that fits counts.
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Sentences for the table.
    pub because: String,
    /// Container and property, with a space between them; `*` stands for any text.
    pub properties: Vec<String>,
    /// Any, if left out.
    #[serde(default)]
    pub kind: Option<Kind>,
    #[serde(default)]
    pub source: Option<Source>,
    /// The oldest and the newest release.
    #[serde(default)]
    pub from: Option<Version>,
    #[serde(default)]
    pub to: Option<Version>,
}

impl Reasons {
    pub fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/release/tests/comparison/reasons.toml");
        toml::from_str(&fs::read_to_string(file).unwrap()).unwrap_or_else(|e| panic!("{e}"))
    }

    /// The reason of a difference and the pattern that fits it, by their numbers.
    pub fn of(&self, facts: &Facts, difference: &Difference) -> Option<(usize, usize)> {
        self.reasons.iter().enumerate().find_map(|(number, reason)| Some((number, reason.fits(facts, difference)?)))
    }

    /// The patterns that are not among these.
    pub fn unused(&self, used: &BTreeSet<(usize, usize)>) -> Vec<&str> {
        let patterns = self.reasons.iter().enumerate().flat_map(|(number, reason)| {
            reason.properties.iter().enumerate().map(move |(place, pattern)| ((number, place), pattern.as_str()))
        });
        patterns.filter(|(place, _)| !used.contains(place)).map(|(_, pattern)| pattern).collect()
    }
}

impl Reason {
    fn fits(&self, facts: &Facts, difference: &Difference) -> Option<usize> {
        let asked = self.kind.is_none_or(|kind| kind == difference.kind)
            && self.source.is_none_or(|source| source == facts.source)
            && self.from.is_none_or(|from| from <= facts.version)
            && self.to.is_none_or(|to| facts.version <= to);
        let text = format!("{} {}", difference.container, difference.property);
        self.properties.iter().position(|pattern| asked && fits(pattern, &text))
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(after, &rest[at..]))
        }),
    }
}

#[test]
fn a_pattern_fits_a_whole_text() {
    assert!(fits("* restart", "core restart") && fits("core environment.A*", "core environment.A"));
    assert!(fits("*a*b*", "xxaybz") && !fits("*a*b", "xxaybz") && !fits("core", "core restart"));
}
