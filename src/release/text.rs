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

pub(super) use as_string;
