//! Tags that users put on every resource.

use std::{collections::BTreeMap, str::FromStr};

use serde::Serialize;

use super::text::{Invalid, quoted, text_value};

/// Tags that ce-aws itself puts on a resource: `Name`, `ce-aws:deployment`, `ce-aws:address`,
/// `ce-aws:digest`, `ce-aws:run`, and on the service `ce-aws:intent` and `ce-aws:stopped`.
pub const OUR_TAGS: usize = 7;

/// AWS allows fifty tags on a resource.
pub const MAX_USER_TAGS: usize = 50 - OUR_TAGS;

/// The tags of a plan file, by key.
pub type Tags = BTreeMap<TagKey, TagValue>;

/// 1 to 128 characters, and none of the keys that AWS or ce-aws use themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TagKey(String);

/// Up to 256 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagValue(String);

/// The characters that every service accepts in keys and values.
pub(super) fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || " +-=._:/@".contains(c)
}

const ALLOWED: &str = "ASCII letters, digits, spaces and + - = . _ : / @";

impl TagKey {
    pub const MAX_LENGTH: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TagValue {
    pub const MAX_LENGTH: usize = 256;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let lower = text.to_ascii_lowercase();
        if let Some(prefix) = ["aws:", "ce-aws:"].into_iter().find(|prefix| lower.starts_with(prefix)) {
            let owner = if prefix == "aws:" { "AWS" } else { "ce-aws" };
            return Err(Invalid::new(
                "plan-file/reserved-tag",
                format!("tag keys that begin with {prefix} belong to {owner}: {}", quoted(text)),
                "choose a key without that prefix",
            ));
        }
        if lower == "name" {
            return Err(Invalid::new(
                "plan-file/reserved-tag",
                "ce-aws sets the Name tag of each resource itself",
                "remove it, or choose another key such as \"Application\"",
            ));
        }
        check("key", text, 1, Self::MAX_LENGTH).map(Self)
    }
}

impl FromStr for TagValue {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check("value", text, 0, Self::MAX_LENGTH).map(Self)
    }
}

fn check(what: &str, text: &str, least: usize, most: usize) -> Result<String, Invalid> {
    let length = text.chars().count();
    if length < least {
        return Err(Invalid::new(
            "plan-file/bad-tag",
            format!("the tag {what} is empty"),
            format!("write {least} to {most} characters"),
        ));
    }
    if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
        return Err(Invalid::new(
            "plan-file/bad-tag",
            format!(
                "the tag {what} {} has a {}, which not every AWS service accepts",
                quoted(text),
                quoted(&wrong.to_string())
            ),
            format!("use only {ALLOWED}"),
        ));
    }
    if length > most {
        return Err(Invalid::new(
            "plan-file/bad-tag",
            format!("the tag {what} has {length} characters"),
            format!("AWS allows {most}"),
        ));
    }
    Ok(text.to_owned())
}

text_value!(TagValue, expected: "a text between double quotes", schema: {
    "pattern": "^[A-Za-z0-9 +=._:/@-]{0,256}$",
});

/// Keys that AWS and ce-aws use themselves, as a regular expression.
pub(super) const RESERVED: &str = "^([Aa][Ww][Ss]:|[Cc][Ee]-[Aa][Ww][Ss]:|[Nn][Aa][Mm][Ee]$)";

impl schemars::JsonSchema for TagKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TagKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9 +=._:/@-]{1,128}$",
        })
    }
}
