//! The name of a resource inside one deployment.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// `kind/name`, for example `subnet/private-a`.
///
/// An address is stable over the life of a deployment: it is what the tag `ce-aws:address` carries and how a
/// resource is recognised again. Both halves are lower-case words of letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    text: Arc<str>,
    slash: usize,
}

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a resource address: {0:?} (expected `kind/name`)")]
pub struct InvalidAddress(pub String);

impl Address {
    /// An address from its two halves. Both come from this program, never from outside; use [`FromStr`] for that.
    pub fn new(kind: &str, name: &str) -> Self {
        Self { text: format!("{kind}/{name}").into(), slash: kind.len() }
    }

    /// The kind, for example `subnet`.
    pub fn kind(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The name among resources of this kind, for example `private-a`.
    pub fn name(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// The whole, as it stands in the tag.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((kind, name)) if is_word(kind) && is_word(name) && text.len() <= 128 => Ok(Self::new(kind, name)),
            _ => Err(InvalidAddress(text.chars().take(160).collect())),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = InvalidAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.text.as_ref().to_owned()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_it_prints() {
        let address = Address::new("subnet", "private-a");
        assert_eq!(address.to_string().parse::<Address>(), Ok(address.clone()));
        assert_eq!((address.kind(), address.name()), ("subnet", "private-a"));
    }

    #[test]
    fn refuses_hostile_tags() {
        for text in ["", "/", "vpc", "vpc/", "/main", "vpc/../x", "VPC/main", "vpc/ma in", "vpc/a/b", "vpc/\u{1b}[2J"] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
