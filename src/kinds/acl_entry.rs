//! Entries of network ACLs.

use serde::{Deserialize, Serialize};

/// One entry of a network ACL. The entry with the lowest number that matches a packet decides; if none does, the
/// packet is refused. (Amazon VPC user guide, "Network ACL rules".)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1 to 32766.
    pub number: i32,
    /// `tcp`, `udp`, `icmp`, `-1` for all; the number of any other.
    pub protocol: String,
    pub action: Verdict,
    /// An IPv4 network in CIDR notation; in what others added, IPv6 as well.
    pub cidr: String,
    /// Destination ports, for TCP and UDP.
    pub ports: Option<Ports>,
    /// For ICMP.
    pub icmp: Option<Icmp>,
}

/// What an entry does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Allow,
    Deny,
}

/// Ports `from` to `to`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub from: u16,
    pub to: u16,
}

/// ICMP type and code; -1 for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Icmp {
    #[serde(rename = "type")]
    pub kind: i32,
    pub code: i32,
}

impl Entry {
    fn new(number: i32, protocol: &str, action: Verdict, cidr: impl Into<String>) -> Self {
        Self { number, protocol: protocol.to_owned(), action, cidr: cidr.into(), ports: None, icmp: None }
    }

    /// TCP to ports `from` to `to`.
    pub fn tcp(number: i32, action: Verdict, cidr: impl Into<String>, from: u16, to: u16) -> Self {
        Self { ports: Some(Ports { from, to }), ..Self::new(number, "tcp", action, cidr) }
    }

    /// UDP to ports `from` to `to`.
    pub fn udp(number: i32, action: Verdict, cidr: impl Into<String>, from: u16, to: u16) -> Self {
        Self { ports: Some(Ports { from, to }), ..Self::new(number, "udp", action, cidr) }
    }

    /// All of ICMP.
    pub fn icmp(number: i32, action: Verdict, cidr: impl Into<String>) -> Self {
        Self { icmp: Some(Icmp { kind: -1, code: -1 }), ..Self::new(number, "icmp", action, cidr) }
    }

    /// All traffic.
    pub fn all(number: i32, action: Verdict, cidr: impl Into<String>) -> Self {
        Self::new(number, "-1", action, cidr)
    }
}

/// Entries in the order in which AWS tries them.
pub fn normal(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| (a.number, &a.cidr).cmp(&(b.number, &b.cidr)));
    entries
}
