//! Text that cannot hold an invalid value.

use super::conceal::{hide, userinfo};

/// Why a text is not a value of its type. The reader of the plan file adds the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Stable name of the finding, such as `plan-file/bad-cidr`.
    pub code: &'static str,
    /// What is wrong, as a lowercase fragment that quotes the text.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl Invalid {
    pub(super) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into() }
    }
}

const SHOWN_CHARACTERS: usize = 60;

/// The text as messages quote it: on one line, of bounded length, without passwords, in backticks.
pub(super) fn quoted(text: &str) -> String {
    let text = userinfo(text).map_or_else(|| text.to_owned(), |span| hide(text, &span));
    let shown: String = text.chars().take(SHOWN_CHARACTERS).flat_map(escaped).collect();
    let more = if text.chars().nth(SHOWN_CHARACTERS).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

/// Escapes what a terminal would interpret or hide.
fn escaped(c: char) -> Box<dyn Iterator<Item = char>> {
    if matches!(c, '"' | '\'' | '\\') { Box::new(std::iter::once(c)) } else { Box::new(c.escape_debug()) }
}

/// The candidates near enough to what was written to be meant, the nearest first.
pub(super) fn near<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const NEAR_ENOUGH: f64 = 0.75;
    let written = written.to_lowercase().replace('-', "_");
    let score = |candidate: &str| {
        let comparable = candidate.to_lowercase().replace('-', "_");
        let distance = strsim::normalized_damerau_levenshtein(&written, &comparable);
        distance.max(strsim::jaro_winkler(&written, &comparable) - 0.1)
    };
    let scored = candidates.into_iter().map(|candidate| (score(candidate), candidate));
    let mut near: Vec<_> = scored.filter(|(score, _)| *score >= NEAR_ENOUGH).collect();
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The nearest of them.
pub(super) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(written, candidates).first().copied()
}

/// As in `"tcp", "udp" or "icmp"`.
pub(super) fn listed<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = texts.map(|text| format!("\"{text}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
