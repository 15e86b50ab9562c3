//! A plan file that may be left out, before other words.

use std::path::PathBuf;

use super::options::Which;

/// The deployment, and the words that are not its plan file.
pub struct FileAnd<'a> {
    pub which: Which,
    pub rest: &'a [String],
}

impl<'a> FileAnd<'a> {
    /// The first word is the plan file if it ends as one.
    pub fn of(words: &'a [String], name: Option<&str>) -> Self {
        let is_file = name.is_none() && words.first().is_some_and(|word| word.ends_with(".toml"));
        Self::split(words, name, is_file)
    }

    /// The first word is the plan file if there are more than `wanted` words.
    pub fn with(words: &'a [String], name: Option<&str>, wanted: usize) -> Self {
        Self::split(words, name, name.is_none() && words.len() > wanted)
    }

    fn split(words: &'a [String], name: Option<&str>, is_file: bool) -> Self {
        match words.split_first() {
            Some((file, rest)) if is_file => Self { which: Which::new(Some(PathBuf::from(file)), None), rest },
            _ => Self { which: Which::new(None, name.map(str::to_owned)), rest: words },
        }
    }
}
