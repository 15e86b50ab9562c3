//! Tables of a parsed TOML file, and what they have under each of their keys.
//!
//! [`table!`] declares a table once: its fields are the keys, their types what stands there. From it come the reader,
//! the list of known keys and the JSON Schema.

use std::{collections::BTreeMap, ops::Range};

use toml::{
    Spanned,
    de::{DeString, DeTable},
};

use super::{
    findings::Sink,
    keys::{Holds, Key, join},
    problem::Problem,
    text::Invalid,
    unknown::{meant, unknown},
    value::{Found, Located, Read},
};

/// A table of the file, or its absence.
#[derive(Clone)]
pub(super) struct Section<'a> {
    /// Empty for the top level.
    path: String,
    table: Option<&'a DeTable<'a>>,
    span: Range<usize>,
    /// Those that it may have; `None` if they are the user's own.
    keys: Option<&'static [Key]>,
    sink: &'a Sink,
}

impl<'a> Section<'a> {
    /// The top level of a file.
    pub fn root(document: &'a Spanned<DeTable<'a>>, sink: &'a Sink) -> Self {
        let keys = Some(sink.borrow().root);
        // What is missing at the top level is best shown where it would stand: at the very start.
        Self { path: String::new(), table: Some(document.get_ref()), span: 0..0, keys, sink }.opened()
    }

    /// A table that stands in a list.
    pub fn element(found: &Found<'a>, keys: &'static [Key]) -> Option<Self> {
        let path = &found.path;
        let Some(table) = found.value.as_ref().as_table() else {
            return found.wrong_type("a table", &format!("[[{path}]] before its keys, or {{ key = value }}"));
        };
        let section = Self {
            path: path.clone(),
            table: Some(table),
            span: found.value.span(),
            keys: Some(keys),
            sink: found.sink,
        };
        Some(section.opened())
    }

    /// The table under a key.
    fn table(&self, key: &str, keys: Option<&'static [Key]>) -> Self {
        let path = join(&self.path, key);
        let found = self.found(key);
        let table = found.as_ref().and_then(|found| {
            let table = found.value.as_ref().as_table();
            table.or_else(|| found.wrong_type("a table", &format!("[{path}], and its keys below it")))
        });
        let span = found.map_or(0..0, |found| found.value.span());
        Self { path, table, span, keys, sink: self.sink }.opened()
    }

    /// Reports the keys that it may not have.
    fn opened(self) -> Self {
        for key in self.unknown() {
            let (name, keys, root) = (key.get_ref(), self.keys.unwrap_or_default(), self.sink.borrow().root);
            self.refuse(unknown(name, &self.path, keys, root), key.span());
        }
        self
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Spanned<DeString<'a>>> {
        let known = self.keys.map(Key::names);
        let is_unknown = move |key: &str| known.as_ref().is_some_and(|known| !known.contains(&key));
        self.table.into_iter().flat_map(DeTable::keys).filter(move |key| is_unknown(key.get_ref()))
    }

    fn found(&self, key: &str) -> Option<Found<'a>> {
        let value = self.table?.get(key)?;
        Some(Found { value, path: join(&self.path, key), is_element: false, sink: self.sink })
    }

    pub fn entry<T: Read>(&self, key: &'static str) -> Entry<'a, T> {
        let found = self.found(key);
        Entry { value: found.as_ref().and_then(Found::read), section: self.clone(), key, found }
    }

    /// Every key and value of a table whose keys are the user's own.
    pub fn entries(&self) -> Vec<(Located<&'a str>, Found<'a>)> {
        let keys = self.table.into_iter().flat_map(DeTable::keys);
        let entry = |key: &'a Spanned<_>| {
            let name: &str = Spanned::<DeString<'a>>::get_ref(key);
            Some((Located { value: name, span: key.span() }, self.found(name)?))
        };
        keys.filter_map(entry).collect()
    }

    /// Whether the file has the table, perhaps empty.
    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Reports every key of the table but these as one without effect.
    pub fn refuse_all_but(&self, kept: &[&str], why: &str) {
        let names = self.keys.map(Key::names).unwrap_or_default();
        for key in names.into_iter().filter(|key| !kept.contains(key)) {
            self.refuse_futile(key, why);
        }
    }

    /// Reports a key that the table has as one without effect.
    pub fn refuse_futile(&self, key: &str, why: &str) {
        if let Some(found) = self.found(key) {
            let message = format!("`{}` has no effect: {why}", found.path);
            found.refuse::<()>(Invalid::new("plan-file/no-effect", message, "remove it"));
        }
    }

    pub fn refuse(&self, invalid: Invalid, span: Range<usize>) {
        self.push(Problem::error(invalid, span));
    }

    pub fn push(&self, problem: Problem) {
        self.sink.borrow_mut().problems.push(problem);
    }
}

/// What a table has under one of its keys.
pub(super) struct Entry<'a, T> {
    /// `None` if the file does not have the key, or has it wrong, which is reported by then.
    pub value: Option<T>,
    pub key: &'static str,
    section: Section<'a>,
    found: Option<Found<'a>>,
}

impl<T> Entry<'_, T> {
    /// Whether the table has the key, with whatever value.
    pub fn is_there(&self) -> bool {
        self.found.is_some()
    }

    /// Whether the table has neither the key nor an unknown one in its place.
    pub fn is_missing(&self) -> bool {
        let keys = self.section.keys.unwrap_or_default();
        !self.is_there() && !self.section.unknown().any(|key| meant(key.get_ref(), keys) == Some(self.key))
    }

    /// As in `network.cidr`.
    pub fn path(&self) -> String {
        join(&self.section.path, self.key)
    }

    /// The place of the value; empty if the table does not have the key.
    pub fn span(&self) -> Range<usize> {
        self.found.as_ref().map_or(0..0, |found| found.value.span())
    }

    /// The values of a list, each with its place.
    pub fn elements<E>(&self) -> Vec<Located<&E>>
    where
        T: AsRef<[E]>,
    {
        let spans = self.found.iter().filter_map(|found| found.value.as_ref().as_array()).flatten().map(Spanned::span);
        let values = self.value.iter().flat_map(AsRef::as_ref);
        values.zip(spans).map(|(value, span)| Located { value, span }).collect()
    }

    pub fn refuse(&self, invalid: Invalid) {
        self.section.refuse(invalid, self.span());
    }

    pub fn refuse_futile(&self, why: &str) {
        self.section.refuse_futile(self.key, why);
    }

    pub fn push(&self, problem: Problem) {
        self.section.push(problem);
    }
}

impl<T: Read> Entry<'_, T> {
    /// The value of a key that the table must have.
    pub fn required(&self) -> Option<T> {
        if self.section.is_there() && self.is_missing() {
            let message = format!("`{}` is missing", self.path());
            let hint = format!("add `{} = …` with {}", self.key, T::expected());
            self.section.refuse(Invalid::new("plan-file/missing-key", message, hint), self.section.span());
        }
        self.value.clone()
    }
}

/// What can stand under a key of a table.
pub(super) trait Field: Sized {
    const HOLDS: Holds;
    /// As it stands in the file, with its place.
    type Said<'a>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> Self::Said<'a>;

    /// The value, if the file says a right one.
    fn value(said: &Self::Said<'_>) -> Option<Self>;
}

impl<T: Read> Field for T {
    const HOLDS: Holds = T::HOLDS;
    type Said<'a> = Entry<'a, T>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> Entry<'a, T> {
        section.entry(key)
    }

    fn value(said: &Entry<'_, T>) -> Option<Self> {
        said.value.clone()
    }
}

impl<T: Read> Field for Option<T> {
    const HOLDS: Holds = T::HOLDS;
    type Said<'a> = Entry<'a, T>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> Entry<'a, T> {
        section.entry(key)
    }

    fn value(said: &Entry<'_, T>) -> Option<Self> {
        said.value.clone().map(Some)
    }
}

/// Which values are right depends on more than the table: `None` here.
impl<K: Ord, V> Field for BTreeMap<K, V> {
    const HOLDS: Holds = Holds::OwnNames;
    type Said<'a> = Section<'a>;

    fn said<'a>(section: &Section<'a>, key: &'static str) -> Section<'a> {
        section.table(key, None)
    }

    fn value(_: &Section<'_>) -> Option<Self> {
        None
    }
}

/// A table that may stand under a key.
pub(super) trait Keys<'a> {
    const KEYS: &'static [Key];

    fn of(section: Section<'a>) -> Self;

    fn section(&self) -> &Section<'a>;

    fn under(section: &Section<'a>, key: &str) -> Self
    where
        Self: Sized,
    {
        Self::of(section.table(key, Some(Self::KEYS)))
    }
}

/// Declares a table of the plan file, and a second type for what the file says under each of its keys.
macro_rules! table {
    // A table of which every key may be left out.
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident / $keys:ident {
            $($(#[$field_attribute:meta])* pub $field:ident $(as $text:literal)?: $type:ty = $default:expr,)+
        }
    ) => {
        $crate::config::section::table! {
            $(#[$attribute])*
            #[serde(default)]
            $visibility struct $name / $keys {
                $($(#[$field_attribute])* pub $field $(as $text)?: $type,)+
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $keys<'_> {
            /// What the file says, and else the defaults.
            pub(super) fn values(&self) -> $name {
                let default = $name::default();
                $name {
                    $($field: <$type as $crate::config::section::Field>::value(&self.$field)
                        .unwrap_or(default.$field),)+
                }
            }
        }

        impl $crate::config::section::Field for $name {
            const HOLDS: $crate::config::keys::Holds =
                $crate::config::keys::Holds::Table(<$keys<'_> as $crate::config::section::Keys<'_>>::KEYS);
            type Said<'a> = $keys<'a>;

            fn said<'a>(section: &$crate::config::section::Section<'a>, key: &'static str) -> $keys<'a> {
                $crate::config::section::Keys::under(section, key)
            }

            fn value(said: &$keys<'_>) -> Option<Self> {
                Some(said.values())
            }
        }
    };
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident / $keys:ident {
            $($(#[$field_attribute:meta])* pub $field:ident $(as $text:literal)?: $type:ty,)+
        }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $(#[serde(rename = $text)])? pub $field: $type,)+
        }

        pub(super) struct $keys<'a> {
            section: $crate::config::section::Section<'a>,
            $(pub $field: <$type as $crate::config::section::Field>::Said<'a>,)+
        }

        impl<'a> $crate::config::section::Keys<'a> for $keys<'a> {
            const KEYS: &'static [$crate::config::keys::Key] = &[$($crate::config::keys::Key {
                name: $crate::config::section::table!(@name $field $($text)?),
                holds: <$type as $crate::config::section::Field>::HOLDS,
            },)+];

            fn of(section: $crate::config::section::Section<'a>) -> Self {
                $(let $field = <$type as $crate::config::section::Field>::said(
                    &section,
                    $crate::config::section::table!(@name $field $($text)?),
                );)+
                Self { section, $($field,)+ }
            }

            fn section(&self) -> &$crate::config::section::Section<'a> {
                &self.section
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $text:literal) => { $text };
}

pub(super) use table;
