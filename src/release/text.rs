//! Values that are one string in a release file.

/// Gives a type with `FromStr` and `Display` the serialization of a string: `#[serde(try_from = "String", into =
/// "String")]`.
macro_rules! as_string {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = <Self as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

/// Declares a string that must pass a check, and what the error says of one that does not.
macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident: $is_valid:expr, else $error:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(&text) { Ok(Self(text)) } else { Err($error) }
            }
        }
    };
}

pub(super) use {as_string, checked_string};
