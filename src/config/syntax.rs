//! Text that is not TOML.

use toml::de::Error;

use super::{problem::Problem, text::Invalid};

/// The parser's own words, and what helps with the usual slips.
pub(super) fn problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(text.len()..text.len());
    // "… must be quoted, expected literal string": the second half only confuses.
    let message = error.message().trim().trim_end_matches(", expected literal string");
    let hint = if message.contains("duplicate key") {
        "remove one of the two; a [table] may stand in the file once"
    } else if message.contains("quoted") || message.contains("string") {
        "put text between double quotes: name = \"prod\""
    } else {
        "a plan file is TOML: key = value lines, and [table] headings; see https://toml.io"
    };
    Problem::error(Invalid::new("plan-file/syntax", message, hint), span)
}
