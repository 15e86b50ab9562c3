//! Rules of security groups.

use serde::{Deserialize, Serialize};

use crate::engine::reference::Ref;
use crate::engine::set::Set;

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
    /// For people; may be empty.
    pub description: String,
}

/// Where traffic comes from, or goes to. Groups are `Ref`s of any kind: a group may be the user's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// An IPv4 network in CIDR notation; in what others added, IPv6 as well.
    Cidr(String),
    /// Every network interface with this group.
    Group(Ref),
    /// A managed prefix list, in what others added.
    PrefixList(String),
}

/// The network of all addresses.
pub const ANYWHERE: &str = "0.0.0.0/0";
pub const ANYWHERE_IPV6: &str = "::/0";

impl Rule {
    /// All traffic from or to a network: [`ANYWHERE`], [`ANYWHERE_IPV6`].
    pub fn is_all_of(&self, network: &str) -> bool {
        self.protocol == "-1" && matches!(&self.peer, Peer::Cidr(cidr) if cidr == network)
    }

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

    /// The same with a description.
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Whether AWS takes both for one rule: descriptions do not count.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.protocol, self.from, self.to, &self.peer) == (&other.protocol, other.from, other.to, &other.peer)
    }
}

/// Rules as a set; of those that are the same to AWS, the first.
pub fn set(rules: impl IntoIterator<Item = Rule>) -> Set<Rule> {
    let mut kept: Vec<Rule> = Vec::new();
    for rule in rules {
        if !kept.iter().any(|earlier| earlier.is_same(&rule)) {
            kept.push(rule);
        }
    }
    Set::new(kept)
}

/// A rule that a group has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// `sgr-0a1b`; empty where it is not known.
    pub id: String,
    pub rule: Rule,
}

/// What to do to the rules of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub missing: Vec<Rule>,
    /// Rules that exist with another description.
    pub described: Vec<Rule>,
    pub foreign: Vec<Existing>,
}

/// Compares the rules of one direction.
pub fn difference(existing: &[Existing], wanted: &Set<Rule>) -> Difference {
    let mut difference = Difference::default();
    for rule in wanted.iter() {
        match existing.iter().find(|there| there.rule.is_same(rule)) {
            None => difference.missing.push(rule.clone()),
            Some(there) if there.rule.description != rule.description => difference.described.push(rule.clone()),
            Some(_) => {}
        }
    }
    let is_foreign = |there: &&Existing| !wanted.iter().any(|rule| rule.is_same(&there.rule));
    difference.foreign = existing.iter().filter(is_foreign).cloned().collect();
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Peer {
        Peer::Cidr(text.to_owned())
    }

    #[test]
    fn a_description_alone_is_no_other_rule() {
        let rules =
            [Rule::tcp(443, 443, cidr("10.0.0.0/8")), Rule::tcp(443, 443, cidr("10.0.0.0/8")).described("again")];
        assert_eq!(set(rules.clone()).iter().collect::<Vec<_>>(), [&rules[0]]);
    }

    #[test]
    fn only_what_differs_is_touched() {
        let existing = |id: &str, rule: Rule| Existing { id: id.to_owned(), rule };
        let (kept, described) = (Rule::all(cidr("10.0.0.0/8")), Rule::tcp(443, 443, cidr("10.0.0.0/8")));
        let foreign = existing("sgr-3", Rule::tcp(22, 22, cidr(ANYWHERE)));
        let there = [existing("sgr-1", kept.clone()), existing("sgr-2", described.clone()), foreign.clone()];
        let missing = Rule::udp(514, 514, cidr("10.0.0.0/8"));
        let described = described.described("UI");
        let found = difference(&there, &set([kept, described.clone(), missing.clone()]));
        assert_eq!(found, Difference { missing: vec![missing], described: vec![described], foreign: vec![foreign] });
    }
}
