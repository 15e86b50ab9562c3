//! Text that cannot hold an invalid value.

use super::conceal::{hide, userinfo};

/// Why a text is no value of its type. The plan file's reader adds the place.
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

/// The text as a message may quote it: on one line, of bounded length, without passwords, in backticks.
pub(super) fn quoted(text: &str) -> String {
    let text = userinfo(text).map_or_else(|| text.to_owned(), |span| hide(text, &span));
    let shown: String = text.chars().take(SHOWN_CHARACTERS).flat_map(escaped).collect();
    let more = if text.chars().nth(SHOWN_CHARACTERS).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

/// Nothing that a terminal would obey or hide.
fn escaped(c: char) -> Box<dyn Iterator<Item = char>> {
    if matches!(c, '"' | '\'' | '\\') { Box::new(std::iter::once(c)) } else { Box::new(c.escape_debug()) }
}

/// The candidate nearest to what was written, if any is near enough to be meant.
pub(super) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.75;
    let written = written.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| {
            let comparable = candidate.to_lowercase().replace('-', "_");
            let distance = strsim::normalized_damerau_levenshtein(&written, &comparable);
            (distance.max(strsim::jaro_winkler(&written, &comparable) - 0.1), candidate)
        })
        .filter(|(score, _)| *score >= NEAR_ENOUGH)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// Gives a type that has `as_str` and `FromStr<Err = Invalid>` the traits of a text value:
/// display, serialization, reading from the plan file, and a JSON schema with this description and
/// these keywords.
macro_rules! text_value {
    ($name:ident, expected: $expected:expr, schema: { $($schema:tt)* }) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str().as_ref())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl $crate::config::found::Read for $name {
            const EXPECTED: &'static str = $expected;

            fn read(value: $crate::config::found::Found<'_>) -> Option<Self> {
                value.text()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", $($schema)* })
            }
        }
    };
}

pub(super) use text_value;
