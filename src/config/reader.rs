//! Walks a parsed TOML file, and gathers everything that is wrong with it on the way.
//!
//! A [`Section`] is asked for each key it may have, whether the file has it or not. Thus the code
//! that reads the file is also the list of known keys, from which unknown ones are told and the
//! nearest known one is named.

use std::{cell::RefCell, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    bound::Bound,
    found::{Found, Located, Read},
    problem::Problem,
    region::Region,
    text::Invalid,
    unknown::{self, UnknownKey},
};

/// What a walk has gathered so far.
#[derive(Default)]
pub(super) struct Findings {
    problems: Vec<Problem>,
    known: Vec<(String, &'static str)>,
    unknown: Vec<UnknownKey>,
    region: Option<Region>,
    bound: Vec<Bound>,
    /// Tables whose keys are the user's own.
    free: Vec<String>,
}

/// Shared by all parts of one walk.
pub(super) type Sink = RefCell<Findings>;

impl Findings {
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn known_in(&self, table: &str) -> impl Iterator<Item = &'static str> {
        self.known.iter().filter(move |(path, _)| path == table).map(|(_, key)| *key)
    }

    /// The file's own region.
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// Notes every value that does not go with the region.
    pub fn check_region(&mut self, region: Region) {
        self.problems.extend(self.bound.iter().filter_map(|bound| bound.problem(region)));
    }

    /// All problems, those of unknown keys included.
    pub fn into_problems(mut self) -> Vec<Problem> {
        let unknown = std::mem::take(&mut self.unknown);
        self.problems.extend(unknown.iter().map(|key| unknown::problem(key, &self.known)));
        self.problems
    }
}

/// A table of the file, or its absence.
pub(super) struct Section<'a> {
    /// Empty for the top level.
    path: String,
    table: Option<&'a DeTable<'a>>,
    span: Range<usize>,
    sink: &'a Sink,
}

impl<'a> Section<'a> {
    /// The top level of a file.
    pub fn root(document: &'a Spanned<DeTable<'a>>, sink: &'a Sink) -> Self {
        // What misses at the top level is best shown where it would stand: at the very start.
        Self { path: String::new(), table: Some(document.get_ref()), span: 0..0, sink }
    }

    /// Whether the table has this key, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Refuses the keys that the table has in vain, since something else is switched off.
    pub fn refuse_futile(&self, keys: &[&str], why: &str) {
        for key in keys {
            if let Some(value) = self.table.and_then(|table| table.get(*key)) {
                self.refuse(
                    Invalid::new(
                        "plan-file/no-effect",
                        format!("`{}` has no effect: {why}", self.path_of(key)),
                        "remove it",
                    ),
                    value.span(),
                );
            }
        }
    }

    /// Refuses every key of the table but these. All keys must have been read by then: those that nobody knows are told
    /// as such.
    pub fn refuse_all_but(&self, kept: &[&str], why: &str) {
        let mut futile: Vec<&str> = self.sink.borrow().known_in(&self.path).filter(|key| !kept.contains(key)).collect();
        futile.sort_unstable();
        futile.dedup();
        self.refuse_futile(&futile, why);
    }

    /// Remembers the file's own region.
    pub fn set_region(&self, region: Region) {
        self.sink.borrow_mut().region = Some(region);
    }

    /// Remembers a value that only goes with certain regions.
    pub fn bind(&self, bound: Bound) {
        self.sink.borrow_mut().bound.push(bound);
    }

    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Place of a key's value; empty if the table has no such key.
    pub fn span_of(&self, key: &str) -> Range<usize> {
        self.table.and_then(|table| table.get(key)).map_or(0..0, Spanned::span)
    }

    /// Whether the file has the table, perhaps empty.
    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    pub fn refuse(&self, invalid: Invalid, span: Range<usize>) {
        self.push(Problem::error(invalid, span));
    }

    pub fn push(&self, problem: Problem) {
        self.sink.borrow_mut().push(problem);
    }

    /// `network.cidr`, for the key `cidr` of the table `network`.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn optional<T: Read>(&self, key: &'static str) -> Option<Located<T>> {
        let value = self.value(key)?;
        self.found(key, value).locate()
    }

    pub fn required<T: Read>(&self, key: &'static str) -> Option<Located<T>> {
        if self.table.is_some() && self.value(key).is_none() {
            self.refuse(
                Invalid::new(
                    "plan-file/missing-key",
                    format!("`{}` is missing", self.path_of(key)),
                    format!("add `{key} = …` with {}", T::EXPECTED),
                ),
                self.span(),
            );
        }
        self.optional(key)
    }

    /// A list whose every element is of one type. `None` if it is absent or any element is wrong.
    pub fn list<T: Read>(&self, key: &'static str) -> Option<Located<Vec<Located<T>>>> {
        let found = self.found(key, self.value(key)?);
        let Some(array) = found.value.as_ref().as_array() else {
            return found.wrong_type("a list: [ … ]");
        };
        // All elements are read before any failure counts, so that each wrong one is told.
        let elements: Vec<Option<_>> = array.iter().map(|value| found.element(value).locate()).collect();
        let span = found.value.span();
        elements.into_iter().collect::<Option<_>>().map(|value| Located { value, span })
    }

    /// A list of exactly two.
    pub fn pair<T: Read>(&self, key: &'static str, what: &str) -> Option<Located<[Located<T>; 2]>> {
        let Located { value, span } = self.list(key)?;
        let count = value.len();
        match <[_; 2]>::try_from(value) {
            Ok(value) => Some(Located { value, span }),
            Err(_) => {
                let path = self.path_of(key);
                self.refuse(
                    Invalid::new(
                        "plan-file/not-two",
                        format!("`{path}` has {count} {}", if count == 1 { "element" } else { "elements" }),
                        format!("write exactly two, {what}"),
                    ),
                    span,
                );
                None
            }
        }
    }

    /// Reads a table, which may be absent, and then tells the keys nobody asked for.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Section<'a>) -> T) -> T {
        let path = self.path_of(key);
        let value = self.value(key);
        let table = value.and_then(|value| {
            value.as_ref().as_table().or_else(|| self.found(key, value).wrong_type(&format!("a table: [{path}]")))
        });
        let span = value.map_or(0..0, Spanned::span);
        Section { path, table, span, sink: self.sink }.read(read)
    }

    /// Reads a list of tables, which may be absent.
    pub fn tables<T>(&self, key: &'static str, read: impl Fn(&Section<'a>) -> Option<T>) -> Vec<Located<T>> {
        let path = self.path_of(key);
        let section = |table, span| Section { path: path.clone(), table, span, sink: self.sink };
        let Some(value) = self.value(key) else {
            // Makes the keys of the absent table known.
            section(None, 0..0).read(|absent| read(absent));
            return Vec::new();
        };
        let found = self.found(key, value);
        let Some(array) = value.as_ref().as_array() else {
            found.wrong_type::<()>(&format!("a list of tables: [[{path}]]"));
            return Vec::new();
        };
        let element = |element: &'a Spanned<DeValue<'a>>| {
            let Some(table) = element.as_ref().as_table() else {
                return found
                    .element(element)
                    .wrong_type(&format!("a table: [[{path}]] before it, or {{ key = value }}"));
            };
            let span = element.span();
            section(Some(table), span.clone()).read(&read).map(|value| Located { value, span })
        };
        array.iter().filter_map(element).collect()
    }

    /// Every key and value of a table whose keys are the user's own.
    pub fn entries(&self) -> impl Iterator<Item = (Located<&'a str>, Found<'_>)> {
        self.sink.borrow_mut().free.push(self.path.clone());
        self.table.into_iter().flatten().map(|(key, value)| {
            let located = Located { value: key.get_ref().as_ref(), span: key.span() };
            (located, self.found(key.get_ref(), value))
        })
    }

    /// Runs `read` over this table, then tells the keys that it did not ask for.
    pub fn read<T>(self, read: impl FnOnce(&Self) -> T) -> T {
        let result = read(&self);
        let mut findings = self.sink.borrow_mut();
        if findings.free.contains(&self.path) {
            return result;
        }
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            let known = findings.known.iter().any(|(path, known)| *path == self.path && *known == key.get_ref());
            if !known {
                findings.unknown.push(UnknownKey {
                    table: self.path.clone(),
                    key: key.get_ref().to_string(),
                    span: key.span(),
                });
            }
        }
        result
    }

    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.sink.borrow_mut().known.push((self.path.clone(), key));
        self.table?.get(key)
    }

    fn found<'b>(&'b self, key: &'b str, value: &'b Spanned<DeValue<'a>>) -> Found<'b> {
        Found { value, table: &self.path, key, is_element: false, sink: self.sink }
    }
}
