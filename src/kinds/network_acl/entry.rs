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

/// Protocols that have names here; AWS calls them by number.
const PROTOCOLS: [(&str, &str); 3] = [("icmp", "1"), ("tcp", "6"), ("udp", "17")];

/// The number of a protocol, for calls.
pub fn number_of(name: &str) -> &str {
    PROTOCOLS.iter().find(|(known, _)| *known == name).map_or(name, |(_, number)| number)
}

/// The name of a protocol, from answers.
pub fn name_of(number: &str) -> &str {
    PROTOCOLS.iter().find(|(_, known)| *known == number).map_or(number, |(name, _)| name)
}

/// One call that changes one direction of an ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    Create(Entry),
    /// Of the entry with the same number.
    Replace(Entry),
    Delete(i32),
}

impl Edit {
    pub fn deletes(&self) -> bool {
        matches!(self, Self::Delete(_))
    }

    /// Edits are made in stages: what allows, then what denies, then deletions. So traffic that both the old and
    /// the new entries allow keeps flowing throughout.
    fn rank(&self, live: &[Entry]) -> u8 {
        let was = |number: i32| live.iter().find(|entry| entry.number == number).map(|entry| entry.action);
        match self {
            Self::Create(entry) if entry.action == Verdict::Allow => 0,
            Self::Replace(entry) if entry.action == Verdict::Allow && was(entry.number) == Some(Verdict::Deny) => 1,
            Self::Replace(entry) if entry.action == Verdict::Allow => 2,
            Self::Create(_) | Self::Replace(_) => 3,
            Self::Delete(_) => 4,
        }
    }
}

/// The calls that turn the live entries of one direction into the wanted ones, in stages: those of one stage in any
/// order.
pub fn edits(live: &[Entry], wanted: &[Entry]) -> Vec<Vec<Edit>> {
    let mut edits = Vec::new();
    for entry in wanted {
        match live.iter().find(|there| there.number == entry.number) {
            None => edits.push(Edit::Create(entry.clone())),
            Some(there) if there != entry => edits.push(Edit::Replace(entry.clone())),
            Some(_) => {}
        }
    }
    for there in live.iter().filter(|there| !wanted.iter().any(|entry| entry.number == there.number)) {
        edits.push(Edit::Delete(there.number));
    }
    edits.sort_by_key(|edit| edit.rank(live));
    edits.chunk_by(|a, b| a.rank(live) == b.rank(live)).map(<[Edit]>::to_vec).collect()
}
