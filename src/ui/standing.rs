//! How well the vendor supports a release: its label on Fargate, and its end of support.

use serde::Serialize;

use super::style::{DANGER, GOOD, WARNING, paint};
use super::text::clean;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub version: String,
    pub label: String,
    /// Last day of the vendor's support, if that is known: `2026-01-31`.
    pub end_of_life: Option<String>,
    /// `supported`, `ends-soon`, `ended` or `not-known`.
    pub support: String,
    /// The same in words.
    #[serde(skip)]
    pub words: String,
}

impl Standing {
    /// `release 5.0.0 (vendor-tested), support ended 2026-01-31`.
    pub fn line(&self) -> String {
        format!("release {} ({}), {}", clean(&self.version), clean(&self.label), self.painted())
    }

    /// The support alone, coloured by how urgent it is.
    pub fn painted(&self) -> String {
        let words = clean(&self.words);
        match self.support.as_str() {
            "ended" => paint(DANGER, words),
            "ends-soon" => paint(WARNING, words),
            "supported" => paint(GOOD, words),
            _ => words,
        }
    }
}
