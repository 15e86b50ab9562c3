//! What a code means and what to do about it: the tables of `docs/checks.md`, which the program contains.
//!
//! A row is `` | `code`, `code` | severity | when | what to do | ``; the codes of a row mean the same for
//! different resources.

use std::cmp::Reverse;

const TEXT: &str = include_str!("../../docs/checks.md");

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    codes: &'static str,
    /// `refusal`, `warning`, `either` or `error`.
    pub severity: &'static str,
    pub when: &'static str,
    pub what_to_do: &'static str,
}

impl Explained {
    /// The codes with this meaning.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.codes.split('`').skip(1).step_by(2)
    }
}

/// Every row, in the document's order.
pub fn all() -> impl Iterator<Item = Explained> {
    TEXT.lines().filter_map(row)
}

/// The document's sections with rows: heading and rows.
pub fn sections() -> Vec<(&'static str, Vec<Explained>)> {
    let section = |text: &'static str| {
        let (heading, rest) = text.split_once('\n')?;
        let rows: Vec<_> = rest.lines().filter_map(row).collect();
        (!rows.is_empty()).then_some((heading, rows))
    };
    TEXT.split("\n## ").filter_map(section).collect()
}

fn row(line: &'static str) -> Option<Explained> {
    if !line.starts_with("| `") {
        return None;
    }
    let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
    let (codes, severity, when) = (cells.next()?, cells.next()?, cells.next()?);
    Some(Explained { codes, severity: severity.trim_end_matches('*'), when, what_to_do: cells.next()? })
}

/// What a code means.
pub fn explain(code: &str) -> Option<Explained> {
    all().find(|row| row.codes().any(|known| known == code))
}

/// How many similar codes are shown.
const SHOWN: usize = 3;

/// Codes similar to this text, the most similar first.
pub fn nearest(text: &str) -> Vec<&'static str> {
    let alike = |code: &str| {
        // One half of a code suffices to find it.
        let halves = code.split('/').filter(|half| *half == text).count();
        (1000.0 * strsim::jaro_winkler(code, text)) as u32 + 1000 * u32::try_from(halves).unwrap_or_default()
    };
    let mut codes: Vec<_> = all().flat_map(|row| row.codes()).collect();
    codes.sort_by_key(|code| Reverse(alike(code)));
    codes.truncate(SHOWN);
    codes
}
