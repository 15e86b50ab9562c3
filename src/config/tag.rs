//! Tags that users put on every resource.

use std::collections::BTreeMap;

use super::{
    problem::Problem,
    section::Section,
    text::{Invalid, quoted},
    value::string,
};

/// Tags that ce-aws itself puts on a resource: `Name`, `ce-aws:deployment`, `ce-aws:address`,
/// `ce-aws:digest`, `ce-aws:run`, and on the service `ce-aws:intent` and `ce-aws:stopped`.
pub const OUR_TAGS: usize = 7;

/// AWS allows fifty tags on a resource.
pub const MAX_USER_TAGS: usize = 50 - OUR_TAGS;

/// The tags of a plan file, by key.
pub type Tags = BTreeMap<TagKey, TagValue>;

string! {
    /// 1 to 128 characters, and none of the keys that AWS or ce-aws use themselves.
    TagKey,
    expected: "a tag key",
    pattern: "^[A-Za-z0-9 +=._:/@-]{1,128}$",
    check: check_key
}

string! {
    /// Up to 256 characters.
    TagValue,
    expected: "text between double quotes",
    pattern: "^[A-Za-z0-9 +=._:/@-]{0,256}$",
    check: |text: &str| check("value", text, 0, 256)
}

/// Keys that AWS and ce-aws use themselves, as a regular expression.
pub(super) const RESERVED: &str = "^([Aa][Ww][Ss]:|[Cc][Ee]-[Aa][Ww][Ss]:|[Nn][Aa][Mm][Ee]$)";

fn check_key(text: &str) -> Result<(), Invalid> {
    let lower = text.to_ascii_lowercase();
    let reserved = |message: String, hint| Err(Invalid::new("plan-file/reserved-tag", message, hint));
    for (prefix, owner) in [("aws:", "AWS"), ("ce-aws:", "ce-aws")] {
        if lower.starts_with(prefix) {
            let message = format!("tag keys that begin with {prefix} belong to {owner}: {}", quoted(text));
            return reserved(message, "choose a key without that prefix");
        }
    }
    if lower == "name" {
        let message = "ce-aws sets the Name tag of each resource itself".to_owned();
        return reserved(message, "remove it, or choose another key such as \"Application\"");
    }
    check("key", text, 1, 128)
}

/// The characters are those that every service accepts.
fn check(what: &str, text: &str, least: usize, most: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    let invalid = |message: String, hint: String| Err(Invalid::new("plan-file/bad-tag", message, hint));
    if length < least {
        return invalid(format!("the tag {what} is empty"), format!("write {least} to {most} characters"));
    }
    if let Some(wrong) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !" +-=._:/@".contains(*c)) {
        let (text, wrong) = (quoted(text), quoted(&wrong.to_string()));
        return invalid(
            format!("the tag {what} {text} has a {wrong}, which not every AWS service accepts"),
            "use only ASCII letters, digits, spaces and + - = . _ : / @".to_owned(),
        );
    }
    if length > most {
        return invalid(format!("the tag {what} has {length} characters"), format!("AWS allows {most}"));
    }
    Ok(())
}

pub(super) fn read_tags(section: &Section<'_>) -> Tags {
    let mut tags = Tags::new();
    let entries = section.entries();
    for (index, (key, value)) in entries.iter().enumerate() {
        let value = value.read::<TagValue>();
        // IAM alone among the services treats keys as equal that differ in case only.
        let twin = entries[..index].iter().find(|(earlier, _)| earlier.value.eq_ignore_ascii_case(key.value));
        match (key.value.parse::<TagKey>(), twin) {
            (Err(invalid), _) => section.refuse(invalid, key.span.clone()),
            (Ok(_), Some((twin, _))) => {
                let invalid = Invalid::new(
                    "plan-file/duplicate",
                    format!("the tag key `{}` is there twice, in upper and lower case", key.value),
                    "IAM roles cannot have both: choose one spelling",
                );
                let first = twin.span.clone();
                section.push(Problem::error(invalid, key.span.clone()).related(first, "the same key"));
            }
            (Ok(key), None) => tags.extend(value.map(|value| (key, value))),
        }
    }
    if entries.len() > MAX_USER_TAGS {
        let invalid = Invalid::new(
            "plan-file/too-many-tags",
            format!("{} tags are too many", entries.len()),
            format!("AWS allows 50 on a resource, and ce-aws needs {OUR_TAGS} of them: keep {MAX_USER_TAGS}"),
        );
        section.refuse(invalid, section.span());
    }
    tags
}
