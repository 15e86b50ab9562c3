//! One value of a parsed TOML file.

use std::{ops::Range, str::FromStr};

use toml::{Spanned, de::DeValue};

use super::{problem::Problem, reader::Sink, text::Invalid};

/// A value and the bytes of the file that it came from.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A type that a value of the plan file can have.
pub(super) trait Read: Sized {
    /// What to write, for one who wrote a value of another type: "true or false".
    const EXPECTED: &'static str;

    /// `None` if the value is wrong; the reason is with the findings by then.
    fn read(value: Found<'_>) -> Option<Self>;
}

/// A value in the file.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) value: &'a Spanned<DeValue<'a>>,
    /// Path of its table; empty for the top level.
    pub(super) table: &'a str,
    pub(super) key: &'a str,
    /// Whether it is an element of the list that stands under the key.
    pub(super) is_element: bool,
    pub(super) sink: &'a Sink,
}

impl<'a> Found<'a> {
    /// An element of this list.
    pub fn element(self, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self { value, is_element: true, ..self }
    }

    pub fn text<T: FromStr<Err = Invalid> + Read>(self) -> Option<T> {
        self.parse(str::parse)
    }

    pub fn parse<T: Read>(self, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        match self.value.as_ref() {
            DeValue::String(text) => parse(text).map_err(|invalid| self.refuse::<()>(invalid)).ok(),
            _ => self.wrong_type(T::EXPECTED),
        }
    }

    pub fn boolean(self) -> Option<bool> {
        self.value.as_ref().as_bool().or_else(|| self.wrong_type(bool::EXPECTED))
    }

    pub fn integer(self, expected: &str) -> Option<i64> {
        let DeValue::Integer(integer) = self.value.as_ref() else { return self.wrong_type(expected) };
        i64::from_str_radix(integer.as_str(), integer.radix()).ok().or_else(|| {
            let message = format!("{} is too large a number", self.name());
            self.refuse(Invalid::new("plan-file/out-of-range", message, format!("write {expected}")))
        })
    }

    pub fn is_integer(self) -> bool {
        self.value.as_ref().is_integer()
    }

    /// Reads the value together with its place.
    pub fn locate<T: Read>(self) -> Option<Located<T>> {
        T::read(self).map(|value| Located { value, span: self.value.span() })
    }

    /// Notes what is wrong with the value.
    pub fn refuse<T>(self, invalid: Invalid) -> Option<T> {
        self.sink.borrow_mut().push(Problem::error(invalid, self.value.span()));
        None
    }

    pub fn wrong_type<T>(self, expected: &str) -> Option<T> {
        let found = match self.value.as_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("{} cannot be {found}", self.name());
        self.refuse(Invalid::new("plan-file/wrong-type", message, format!("write {expected}")))
    }

    /// As in `network.cidr`, in backticks.
    fn name(self) -> String {
        let Self { table, key, .. } = self;
        let dot = if table.is_empty() { "" } else { "." };
        let element = if self.is_element { "an element of " } else { "" };
        format!("{element}`{table}{dot}{}`", key.escape_debug())
    }
}

impl Read for bool {
    const EXPECTED: &'static str = "true or false, without quotes";

    fn read(value: Found<'_>) -> Option<Self> {
        value.boolean()
    }
}
