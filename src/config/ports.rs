//! Ranges of ports.

use std::{fmt, str::FromStr};

use super::{
    found::{Found, Read},
    text::{Invalid, quoted},
};

/// Ports `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl FromStr for PortRange {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |why: &str| {
            let hint = "write one port such as \"443\", or a range such as \"8000-8999\", within 0 and 65535";
            Invalid::new("plan-file/bad-ports", format!("{} {why}", quoted(text)), hint)
        };
        let port = |part: &str| part.trim().parse::<u16>().map_err(|_| invalid("is no port or range of ports"));
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = Self { from: port(from)?, to: port(to)? };
        if range.from > range.to { Err(invalid("is a range that runs backwards")) } else { Ok(range) }
    }
}

impl Read for PortRange {
    const EXPECTED: &'static str = "one port such as 443, or a range such as \"8000-8999\"";

    fn read(value: Found<'_>) -> Option<Self> {
        if !value.is_integer() {
            return value.text();
        }
        let port = value.integer(Self::EXPECTED)?;
        match u16::try_from(port) {
            Ok(port) => Some(Self::one(port)),
            Err(_) => value.refuse(Invalid::new(
                "plan-file/bad-ports",
                format!("{port} is no port"),
                "ports go from 0 to 65535",
            )),
        }
    }
}

impl Read for u16 {
    const EXPECTED: &'static str = "a port from 1 to 65535, such as 443";

    /// A port that something listens on.
    fn read(value: Found<'_>) -> Option<Self> {
        let port = value.integer(<Self as Read>::EXPECTED)?;
        Self::try_from(port).ok().filter(|port| *port > 0).or_else(|| {
            let expected = format!("write {}", <Self as Read>::EXPECTED);
            value.refuse(Invalid::new("plan-file/bad-ports", format!("{port} is no port to listen on"), expected))
        })
    }
}
