//! Changes one value of a plan file, and nothing else.
//!
//! The file is parsed for the places of its values, and the new value is put into the text: comments, order, spacing,
//! line endings and a byte order mark stay as the user has them.

use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, Table};

use crate::release::Version;

/// Why a plan file was not edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("the plan file is not TOML: {0}")]
    Syntax(String),
    #[error("the plan file has no key {0} to change")]
    Missing(&'static str),
    /// The result is read again before it is used.
    #[error("the plan file's layout does not allow changing {0} alone")]
    Unfit(&'static str),
}

/// The text with another release.
pub fn release(text: &str, to: Version) -> Result<String, EditError> {
    let document = parse(text)?;
    let span = document.as_table().get("release").and_then(Item::span).ok_or(EditError::Missing("release"))?;
    let edited = replace(text, span, &to.to_string());
    check(text, edited, &["release"], &to.to_string()).ok_or(EditError::Unfit("release"))
}

/// The text with another image for one container, under `[images.override]`, which is added if necessary.
///
/// # Errors
///
/// One of these keys does not hold a table.
pub fn image(text: &str, container: &str, image: &str) -> Result<String, EditError> {
    let document = parse(text)?;
    let edited = match document.as_table().get("images") {
        None => Some(append(text, text.len(), &section(container, image))),
        Some(Item::Table(images)) => in_table(text, images, container, image),
        Some(images) => images.as_inline_table().and_then(|images| in_inline(text, images, container, image)),
    };
    let keys = ["images", "override", container];
    edited.and_then(|edited| check(text, edited, &keys, image)).ok_or(EditError::Unfit("images.override"))
}

fn parse(text: &str) -> Result<Document<&str>, EditError> {
    Document::parse(text).map_err(|error| EditError::Syntax(error.message().to_owned()))
}

/// `[images]`, or keys that begin with `images.`.
fn in_table(text: &str, images: &Table, container: &str, image: &str) -> Option<String> {
    match images.get("override") {
        Some(Item::Table(overrides)) => match overrides.get(container) {
            Some(old) => Some(replace(text, old.span()?, image)),
            None => line(text, overrides, container, image),
        },
        Some(overrides) => in_overrides(text, overrides.as_inline_table()?, container, image),
        None => {
            let end = (!images.is_dotted()).then(|| last(images.iter())).flatten();
            let place = end.map_or(text.len(), |end| end_of_line(text, end));
            Some(append(text, place, &section(container, image)))
        }
    }
}

/// `images = { … }`.
fn in_inline(text: &str, images: &InlineTable, container: &str, image: &str) -> Option<String> {
    match images.get("override") {
        Some(overrides) => in_overrides(text, overrides.as_inline_table()?, container, image),
        None => entry(text, images, &format!("override = {{ {container} = \"{image}\" }}")),
    }
}

/// `override = { … }`, or keys in braces that begin with `override.`.
fn in_overrides(text: &str, overrides: &InlineTable, container: &str, image: &str) -> Option<String> {
    if let Some(old) = overrides.get(container) {
        return Some(replace(text, old.span()?, image));
    }
    let prefix = if overrides.is_dotted() { "override." } else { "" };
    entry(text, overrides, &format!("{prefix}{container} = \"{image}\""))
}

/// One more entry between braces.
fn entry(text: &str, table: &InlineTable, entry: &str) -> Option<String> {
    let ends = table.iter().filter_map(|(_, value)| value.span()).map(|span| span.end);
    Some(match ends.max() {
        Some(end) => splice(text, end..end, &format!(", {entry}")),
        None => splice(text, table.span()?, &format!("{{ {entry} }}")),
    })
}

/// One more line below the others of a table, written as they are.
fn line(text: &str, table: &Table, container: &str, image: &str) -> Option<String> {
    let newest = table.iter().filter_map(|(key, item)| Some((table.key(key)?.span()?.start, item.span()?.end)));
    let (before, end) = match newest.max_by_key(|(_, end)| *end) {
        // What precedes the last part of a key: spaces, and `images.override.`.
        Some((key, end)) => (&text[start_of_line(text, key)..key], end),
        None => ("", table.span()?.end),
    };
    let place = end_of_line(text, end);
    Some(splice(text, place..place, &format!("{}{before}{container} = \"{image}\"", newline(text))))
}

fn section(container: &str, image: &str) -> [String; 2] {
    ["[images.override]".to_owned(), format!("{container} = \"{image}\"")]
}

/// Adds the lines below the line that ends at `place`, after an empty one.
fn append(text: &str, place: usize, lines: &[String; 2]) -> String {
    let newline = newline(text);
    let (before, after) = text.split_at(place);
    let gap = match before.strip_suffix('\n') {
        None => format!("{newline}{newline}"),
        Some(_) => newline.to_owned(),
    };
    let end = if after.is_empty() { newline } else { "" };
    [before, &gap, &lines.join(newline), end, after].concat()
}

/// The end of the last value, in bytes.
fn last<'a>(entries: impl Iterator<Item = (&'a str, &'a Item)>) -> Option<usize> {
    entries.filter(|(_, item)| item.is_value()).filter_map(|(_, item)| item.span()).map(|span| span.end).max()
}

fn replace(text: &str, span: Range<usize>, new: &str) -> String {
    splice(text, span.clone(), &quoted(&text[span], new))
}

/// In the quotes of the old value. Neither releases nor images contain anything that must be escaped.
fn quoted(before: &str, new: &str) -> String {
    let quote = ["\"\"\"", "'''", "'"].into_iter().find(|quote| before.starts_with(quote)).unwrap_or("\"");
    format!("{quote}{new}{quote}")
}

fn splice(text: &str, span: Range<usize>, new: &str) -> String {
    [&text[..span.start], new, &text[span.end..]].concat()
}

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

fn start_of_line(text: &str, place: usize) -> usize {
    text[..place].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Before the line's ending.
fn end_of_line(text: &str, place: usize) -> usize {
    let rest = &text[place..];
    let line = rest.split('\n').next().unwrap_or(rest);
    place + line.strip_suffix('\r').unwrap_or(line).len()
}

/// The edited text, if its meaning is the same as before except for the one value.
fn check(before: &str, edited: String, keys: &[&str], value: &str) -> Option<String> {
    let read = |text: &str| toml::from_str::<toml::Table>(text.trim_start_matches('\u{feff}')).ok();
    let mut expected = read(before)?;
    let (last, tables) = keys.split_last()?;
    let mut table = &mut expected;
    for key in tables {
        table = table.entry(*key).or_insert_with(|| toml::Table::new().into()).as_table_mut()?;
    }
    table.insert((*last).to_owned(), value.into());
    (read(&edited)? == expected).then_some(edited)
}
