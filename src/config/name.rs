//! Names that people choose.

use std::str::FromStr;

use super::text::{Invalid, quoted, text_value};

/// Name of a deployment: the stem of every resource name.
///
/// 1 to 19 of `a-z 0-9 -`, no hyphen first or last. Nineteen is what the shortest limit leaves, that
/// of a load balancer's or target group's name (32 characters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    pub const MAX_LENGTH: usize = 19;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const HINT: &str = "use 1 to 19 lowercase letters, digits and hyphens, such as \"prod\" or \"ce-eu-1\"";
        let invalid = |why: String| Err(Invalid::new("plan-file/bad-name", why, HINT));
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() {
            return invalid("the name is empty".to_owned());
        }
        if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
            return invalid(format!("the name {} cannot have a {}", quoted(text), quoted(&wrong.to_string())));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return invalid(format!("the name {} starts or ends with a hyphen", quoted(text)));
        }
        if text.len() > Self::MAX_LENGTH {
            let excess = text.len() - Self::MAX_LENGTH;
            return invalid(format!("the name {} is too long by {excess}", quoted(text)));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(Name, expected: "a name such as \"prod\"", schema: {
    "pattern": "^[a-z0-9]([a-z0-9-]{0,17}[a-z0-9])?$",
});

/// What people call the network; part of the `Name` tags that the console shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkName(String);

impl NetworkName {
    /// Leaves room in a tag value of 256 for the deployment's name and the part's own.
    pub const MAX_LENGTH: usize = 128;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for NetworkName {
    /// Source: vendor template, CE 5.0.0, parameter `VPCName`.
    fn default() -> Self {
        Self("CloudExchange-VPC".to_owned())
    }
}

impl FromStr for NetworkName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let good = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.chars().all(super::tag::allowed);
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "plan-file/bad-network-name",
            format!("{} cannot be part of a Name tag", quoted(text)),
            "use 1 to 128 letters, digits, spaces and + - = . _ : / @",
        ))
    }
}

text_value!(NetworkName, expected: "a name such as \"CloudExchange-VPC\"", schema: {
    "pattern": "^[A-Za-z0-9 +=._:/@-]{1,128}$",
});
