//! Rules of security groups.

use serde::{Deserialize, Serialize};

use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::security_group::SecurityGroup;

/// One rule of a security group: one protocol, one range of ports, one peer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `-1` for all; the number of any other.
    pub protocol: String,
    /// First port, or ICMP type; -1 where all are meant.
    pub from: i32,
    /// Last port, or ICMP code; -1 where all are meant.
    pub to: i32,
    pub peer: Peer,
    /// Words for people; empty for none.
    pub description: String,
}

/// Where traffic comes from, or goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// An IPv4 network in CIDR notation; in what others added, IPv6 as well.
    Cidr(String),
    /// Every network interface with this group.
    Group(Ref<SecurityGroup>),
    /// A managed prefix list, in what others added.
    PrefixList(String),
}

/// The network of all addresses.
pub const ANYWHERE: &str = "0.0.0.0/0";

impl Rule {
    fn new(protocol: &str, from: i32, to: i32, peer: Peer) -> Self {
        Self { protocol: protocol.to_owned(), from, to, peer, description: String::new() }
    }

    /// TCP ports `from` to `to`.
    pub fn tcp(from: u16, to: u16, peer: Peer) -> Self {
        Self::new("tcp", from.into(), to.into(), peer)
    }

    /// UDP ports `from` to `to`.
    pub fn udp(from: u16, to: u16, peer: Peer) -> Self {
        Self::new("udp", from.into(), to.into(), peer)
    }

    /// All of ICMP.
    pub fn icmp(peer: Peer) -> Self {
        Self::new("icmp", -1, -1, peer)
    }

    /// All traffic.
    pub fn all(peer: Peer) -> Self {
        Self::new("-1", -1, -1, peer)
    }

    /// The same with words beside it.
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// What AWS goes by: two rules that differ in their description only are one.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.protocol, self.from, self.to, &self.peer) == (&other.protocol, other.from, other.to, &other.peer)
    }
}

/// Rules as a set; of those that are the same to AWS, the one that comes first.
pub fn set(rules: impl IntoIterator<Item = Rule>) -> Set<Rule> {
    let mut kept: Vec<Rule> = Vec::new();
    for rule in rules {
        if !kept.iter().any(|earlier| earlier.is_same(&rule)) {
            kept.push(rule);
        }
    }
    Set::new(kept)
}
