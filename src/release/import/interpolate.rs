//! Variables in a compose file.
//!
//! Source: Compose specification, "Interpolation" (compose-spec/compose-spec, 12-interpolation.md).

use std::collections::BTreeMap;

/// A text with its variables put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub text: String,
    /// Variables that have neither a value nor a default.
    pub missing: Vec<String>,
}

/// Nesting of defaults, beyond anything that is meant.
const DEEPEST: usize = 8;

/// Puts the values in: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?why}`, `${NAME:+other}`, and
/// `$$` for a dollar sign.
pub(super) fn resolve(text: &str, values: &BTreeMap<String, String>) -> Result<Resolved, String> {
    let mut resolved = Resolved::default();
    into(text, values, &mut resolved, 0)?;
    Ok(resolved)
}

fn into(text: &str, values: &BTreeMap<String, String>, to: &mut Resolved, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("variables are nested too deeply".to_owned());
    }
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        to.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            to.text.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after).ok_or_else(|| "a `${` has no `}`".to_owned())?;
            braced(&after[..end], values, to, depth)?;
            rest = &after[end + 1..];
        } else {
            let (name, after) = name(rest);
            if name.is_empty() {
                return Err("a `$` stands before no name; `$$` is a dollar sign".to_owned());
            }
            value(name, values, to);
            rest = after;
        }
    }
    to.text.push_str(rest);
    Ok(())
}

/// What stands between the braces.
fn braced(text: &str, values: &BTreeMap<String, String>, to: &mut Resolved, depth: usize) -> Result<(), String> {
    let (name, after) = name(text);
    if name.is_empty() {
        return Err(format!("`${{{text}}}` names no variable"));
    }
    let known = values.get(name);
    let full = known.filter(|value| !value.is_empty());
    let (given, word) = match (after.strip_prefix(':'), after) {
        (Some(after), _) => (full, after),
        (None, after) => (known, after),
    };
    let mut characters = word.chars();
    match characters.next() {
        None if after.is_empty() => value(name, values, to),
        Some('-') => match given {
            Some(value) => to.text.push_str(value),
            None => into(characters.as_str(), values, to, depth + 1)?,
        },
        Some('+') => {
            if given.is_some() {
                into(characters.as_str(), values, to, depth + 1)?;
            }
        }
        Some('?') => match given {
            Some(value) => to.text.push_str(value),
            None => missing(name, to),
        },
        _ => return Err(format!("`${{{text}}}` is no form of a variable")),
    }
    Ok(())
}

fn value(name: &str, values: &BTreeMap<String, String>, to: &mut Resolved) {
    match values.get(name) {
        Some(value) => to.text.push_str(value),
        None => missing(name, to),
    }
}

fn missing(name: &str, to: &mut Resolved) {
    if !to.missing.iter().any(|known| known == name) {
        to.missing.push(name.to_owned());
    }
}

/// The name that a text begins with, and what follows it.
fn name(text: &str) -> (&str, &str) {
    let is_name = |(at, character): (usize, char)| {
        character == '_' || character.is_ascii_alphabetic() || at > 0 && character.is_ascii_digit()
    };
    let end = text.char_indices().find(|found| !is_name(*found)).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

/// Where the brace that is open ends.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
