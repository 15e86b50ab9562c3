//! Values of which there are a few, each spelled once for files, messages and schemas.

/// One of a few values, for a message that says which there are.
pub trait Choice: Copy + 'static {
    /// Stable code of the error for a text that is none of them, such as `plan-file/unknown-package`.
    const CODE: &'static str;
    /// What it is called in messages: `package`.
    const WHAT: &'static str;
    const CHOICES: &'static [Self];

    fn text(self) -> &'static str;
}

/// Declares an enum, each variant with its spelling, and makes it a [`Choice`] if it has a name and a code for
/// messages.
macro_rules! choice {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident $(($what:literal, $code:literal))? {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Deserialize, serde::Serialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_attribute])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every one, in this order.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// As files and the command line spell it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        $(impl $crate::release::Choice for $name {
            const CODE: &'static str = $code;
            const WHAT: &'static str = $what;
            const CHOICES: &'static [Self] = &Self::ALL;

            fn text(self) -> &'static str {
                self.as_str()
            }
        })?

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use choice;
