//! Ranges of ports.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::{
    text::{Invalid, quoted},
    value::{Found, Read, schema_of},
};

/// Ports `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct PortRange {
    from: u16,
    to: u16,
}

impl PortRange {
    pub const fn one(port: u16) -> Self {
        Self { from: port, to: port }
    }

    pub const fn from(self) -> u16 {
        self.from
    }

    pub const fn to(self) -> u16 {
        self.to
    }

    pub const fn contains(self, port: u16) -> bool {
        self.from <= port && port <= self.to
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        range.to_string()
    }
}

impl FromStr for PortRange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| {
            let hint = "write one port such as \"443\", or a range such as \"8000-8999\", within 0 and 65535";
            Invalid::new("plan-file/bad-ports", format!("{} {why}", quoted(text)), hint)
        };
        let port = |part: &str| part.trim().parse::<u16>().map_err(|_| invalid("is not a port or a range of ports"));
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = Self { from: port(from)?, to: port(to)? };
        if range.from > range.to { Err(invalid("is a range that runs backwards")) } else { Ok(range) }
    }
}

impl Read for PortRange {
    const TYPE: &'static str = "an integer or a string";

    fn expected() -> String {
        "one port such as 443, or a range such as \"8000-8999\"".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        if !found.value.as_ref().is_integer() {
            return found.parse(str::parse);
        }
        let port = found.integer::<Self>()?;
        u16::try_from(port).map(Self::one).ok().or_else(|| {
            let message = format!("{port} is not a port");
            found.refuse(Invalid::new("plan-file/bad-ports", message, "ports go from 0 to 65535"))
        })
    }
}

schema_of!(PortRange, {
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": 65535 },
        { "type": "string", "pattern": "^ *[0-9]{1,5} *(- *[0-9]{1,5} *)?$" },
    ],
}, inline_schema);

impl Read for u16 {
    const TYPE: &'static str = "an integer";

    fn expected() -> String {
        "a port from 1 to 65535, such as 443".to_owned()
    }

    /// A port that something listens on.
    fn read(found: &Found<'_>) -> Option<Self> {
        let port = found.integer::<Self>()?;
        Self::try_from(port).ok().filter(|port| *port > 0).or_else(|| {
            let message = format!("{port} is not a port to listen on");
            found.refuse(Invalid::new("plan-file/bad-ports", message, format!("write {}", <Self as Read>::expected())))
        })
    }
}
