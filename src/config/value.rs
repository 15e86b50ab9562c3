//! One value of a parsed TOML file, and how it becomes a value of a type.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use crate::release::Choice;

use super::{
    findings::{Bound, Home, Sink},
    keys::Holds,
    problem::Problem,
    text::{Invalid, listed, near, quoted},
};

/// A type that a value of the plan file can have.
pub(super) trait Read: Sized + Clone {
    /// As TOML calls it: `a string`.
    const TYPE: &'static str = "a string";
    const HOLDS: Holds = Holds::Value;

    /// What to write: `true or false, without quotes`.
    fn expected() -> String;

    /// `None` if the value is wrong, which is reported by then.
    fn read(found: &Found<'_>) -> Option<Self>;

    /// Where the value is valid, if not everywhere.
    fn home(&self) -> Option<Home> {
        None
    }
}

/// A value and the bytes of the file that it came from.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A value in the file.
#[derive(Clone)]
pub(super) struct Found<'a> {
    pub value: &'a Spanned<DeValue<'a>>,
    /// As in `network.cidr`.
    pub path: String,
    /// Whether it is an element of the list under that path.
    pub is_element: bool,
    pub sink: &'a Sink,
}

impl<'a> Found<'a> {
    /// The value as one of the type, which is noted if it is not valid everywhere.
    pub fn read<T: Read>(&self) -> Option<T> {
        let value = T::read(self)?;
        if let Some(home) = value.home() {
            let text = self.value.as_ref().as_str().unwrap_or_default().to_owned();
            self.sink.borrow_mut().bound.push(Bound { text, span: self.value.span(), home });
        }
        Some(value)
    }

    /// The values of a list.
    pub fn elements(&self, expected: &str) -> Option<Vec<Self>> {
        let Some(array) = self.value.as_ref().as_array() else { return self.wrong_type("a list", expected) };
        Some(array.iter().map(|value| Found { value, is_element: true, ..self.clone() }).collect())
    }

    pub fn parse<T: Read>(&self, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let Some(text) = self.value.as_ref().as_str() else { return self.wrong_type(T::TYPE, &T::expected()) };
        parse(text).map_err(|invalid| self.refuse::<()>(invalid)).ok()
    }

    pub fn integer<T: Read>(&self) -> Option<i64> {
        let DeValue::Integer(integer) = self.value.as_ref() else { return self.wrong_type(T::TYPE, &T::expected()) };
        i64::from_str_radix(integer.as_str(), integer.radix()).ok().or_else(|| {
            let message = format!("{} is too large a number", self.name());
            self.refuse(Invalid::new("plan-file/out-of-range", message, format!("write {}", T::expected())))
        })
    }

    /// Reports what is wrong with the value.
    pub fn refuse<T>(&self, invalid: Invalid) -> Option<T> {
        self.sink.borrow_mut().problems.push(Problem::error(invalid, self.value.span()));
        None
    }

    pub fn wrong_type<T>(&self, wanted: &str, expected: &str) -> Option<T> {
        let found = match self.value.as_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("{} must be {wanted}, not {found}", self.name());
        self.refuse(Invalid::new("plan-file/wrong-type", message, format!("write {expected}")))
    }

    fn name(&self) -> String {
        let element = if self.is_element { "an element of " } else { "" };
        format!("{element}`{}`", self.path.escape_debug())
    }
}

impl Read for bool {
    const TYPE: &'static str = "a boolean";

    fn expected() -> String {
        "true or false, without quotes".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        found.value.as_ref().as_bool().or_else(|| found.wrong_type(Self::TYPE, &Self::expected()))
    }
}

impl<T: Read> Read for Vec<T> {
    const TYPE: &'static str = "a list";
    const HOLDS: Holds = T::HOLDS;

    fn expected() -> String {
        "a list, even for one: [ … ]".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        // All elements are read before any failure counts, so that each wrong one is reported.
        let elements: Vec<_> = found.elements(&Self::expected())?.iter().map(Found::read).collect();
        elements.into_iter().collect()
    }
}

impl<T: Read> Read for [T; 2] {
    const TYPE: &'static str = "a list";

    fn expected() -> String {
        "a list of two: [ …, … ]".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let elements = Vec::read(found)?;
        let count = elements.len();
        <[_; 2]>::try_from(elements).ok().or_else(|| {
            let message = format!("{} has {count} {}", found.name(), if count == 1 { "element" } else { "elements" });
            let hint = "write exactly two: Cloud Exchange needs two availability zones";
            found.refuse(Invalid::new("plan-file/not-two", message, hint))
        })
    }
}

impl<T: Choice> Read for T {
    fn expected() -> String {
        listed(T::CHOICES.iter().map(|choice| choice.text()))
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        found.parse(|text| {
            if let Some(choice) = T::CHOICES.iter().find(|choice| choice.text() == text) {
                return Ok(*choice);
            }
            let hint = match *near(text, T::CHOICES.iter().map(|choice| choice.text())) {
                [only] => format!("did you mean \"{only}\"?"),
                _ => format!("write {}", T::expected()),
            };
            Err(Invalid::new(T::CODE, format!("unknown {} {}", T::WHAT, quoted(text)), hint))
        })
    }
}

/// Gives a type that has `as_str` and `FromStr<Err = Invalid>` the traits of a value: display, serialization, reading
/// from the plan file, and a JSON schema with these keywords.
macro_rules! text_value {
    ($name:ident, expected: $expected:expr, schema: { $($schema:tt)* } $(, home: |$value:ident| $home:expr)?) => {
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

        impl $crate::config::value::Read for $name {
            fn expected() -> String {
                ($expected).to_owned()
            }

            fn read(found: &$crate::config::value::Found<'_>) -> Option<Self> {
                found.parse(str::parse)
            }

            $(fn home(&self) -> Option<$crate::config::findings::Home> {
                let $value = self;
                $home
            })?
        }

        $crate::config::value::schema_of!($name, { "type": "string", $($schema)* });
    };
}

/// Gives a type a JSON schema of its own.
macro_rules! schema_of {
    ($name:ident, $schema:tt $(, $inline:ident)?) => {
        impl schemars::JsonSchema for $name {
            $(fn $inline() -> bool {
                true
            })?

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

/// Declares a string that must match a pattern, and pass a check that says what is wrong with it.
macro_rules! string {
    (
        $(#[$doc:meta])*
        $name:ident, expected: $expected:expr, pattern: $pattern:expr, check: $check:expr
        $(, home: |$value:ident| $home:expr)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            const PATTERN: &'static str = $pattern;

            /// As it stands in the plan file.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::config::text::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                ($check)(text).map(|()| Self(text.to_owned()))
            }
        }

        $crate::config::value::text_value!(
            $name, expected: $expected, schema: { "pattern": Self::PATTERN } $(, home: |$value| $home)?
        );
    };
}

pub(super) use {schema_of, string, text_value};
