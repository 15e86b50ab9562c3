//! Text that is not TOML.

use std::ops::Range;

use toml::de::Error;

use super::{problem::Problem, text::Invalid};

/// Errors after the first few are mostly consequences of them.
const MOST_ERRORS: usize = 3;

/// The parser's own words, and what helps with the usual mistakes.
pub(super) fn problems(text: &str, errors: &[Error]) -> Vec<Problem> {
    match other_format(text) {
        Some((invalid, span)) => vec![Problem::error(invalid, span)],
        None => errors.iter().take(MOST_ERRORS).map(|error| problem(text, error)).collect(),
    }
}

fn problem(text: &str, error: &Error) -> Problem {
    let span = error.span().unwrap_or(text.len()..text.len());
    // "… must be quoted, expected literal string": the second half only confuses.
    let message = error.message().trim().trim_end_matches(", expected literal string");
    let hint = if message.contains("duplicate key") {
        "remove one of the two; a [table] may stand in the file once"
    } else if message.contains("quoted") {
        "put text between double quotes: name = \"prod\""
    } else if message.contains("string") {
        "close the quotes on the same line: name = \"prod\""
    } else {
        "a plan file is TOML: key = value lines, and [table] headings; see https://toml.io"
    };
    Problem::error(Invalid::new("plan-file/syntax", message, hint), span)
}

/// Whether the first line with content is one of JSON or YAML, and where it stands.
fn other_format(text: &str) -> Option<(Invalid, Range<usize>)> {
    let lines = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end - line.len(), line))
    });
    let mut content = lines.map(|(start, line)| (start + line.len() - line.trim_start().len(), line.trim()));
    let (start, first) = content.find(|(_, line)| !line.is_empty() && !line.starts_with('#'))?;
    let key = first.split_once(':').map(|(key, rest)| (key.trim_end(), rest));
    let is_yaml = first == "---"
        || key.is_some_and(|(key, rest)| {
            let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
            plain && !key.is_empty() && (rest.is_empty() || rest.starts_with(' '))
        });
    let (format, hint) = if first.starts_with('{') {
        (
            "JSON",
            "write `name = \"prod\"` for `\"name\": \"prod\"`, without braces and commas, and [network] for an object",
        )
    } else if is_yaml {
        ("YAML", "write `name = \"prod\"` for `name: prod`, and [network] on a line of its own for `network:`")
    } else {
        return None;
    };
    let message = format!("this is {format}, and a plan file is TOML");
    Some((Invalid::new("plan-file/syntax", message, hint), start..start + first.len()))
}
