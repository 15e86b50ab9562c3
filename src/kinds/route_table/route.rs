//! Routes.

use serde::{Deserialize, Serialize};

use crate::engine::reference::Ref;
use crate::engine::set::Set;
use crate::kinds::internet_gateway::InternetGateway;
use crate::kinds::nat_gateway::NatGateway;

/// A route. Of the routes that match an address, the one with the longest prefix applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 network in CIDR notation; in what others added, IPv6 or a prefix list as well.
    pub destination: String,
    pub via: Via,
}

/// Where packets are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    Gateway(Ref<InternetGateway>),
    Nat(Ref<NatGateway>),
    /// What others chose: the id of a peering connection, a transit gateway, a network interface.
    Other(String),
    /// Nowhere: the id of a target that is gone.
    Blackhole(String),
}

/// A route that a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    pub route: Route,
    /// Whether it is the local route that AWS created with the table. If it is listed, somebody has redirected the
    /// VPC's own traffic; such a route cannot be deleted, only restored.
    pub local: bool,
}

/// One call that changes a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    Create(Route),
    Replace(Route),
    /// Restores a local route, by destination.
    Restore(String),
    /// By destination.
    Delete(String),
}

/// The calls that turn the routes of a table into the wanted ones. They do not depend on each other.
pub fn edits(existing: &[Existing], wanted: &Set<Route>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for route in wanted.iter() {
        match existing.iter().find(|there| there.route.destination == route.destination) {
            None => edits.push(Edit::Create(route.clone())),
            Some(there) if there.route.via != route.via => edits.push(Edit::Replace(route.clone())),
            Some(_) => {}
        }
    }
    let kept = |there: &&Existing| wanted.iter().any(|route| route.destination == there.route.destination);
    for there in existing.iter().filter(|there| !kept(there)) {
        let destination = there.route.destination.clone();
        edits.push(if there.local { Edit::Restore(destination) } else { Edit::Delete(destination) });
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_has_its_call() {
        let existing = |destination: &str, via: Via, local: bool| Existing {
            route: Route { destination: destination.to_owned(), via },
            local,
        };
        let there = [
            existing("0.0.0.0/0", Via::Blackhole("nat-1".to_owned()), false),
            existing("10.0.0.0/16", Via::Other("eni-1".to_owned()), true),
            existing("192.168.0.0/16", Via::Other("pcx-1".to_owned()), false),
            existing("10.9.0.0/16", Via::Nat("nat-2".into()), false),
        ];
        let default = Route { destination: "0.0.0.0/0".to_owned(), via: Via::Nat("nat-2".into()) };
        let same = there[3].route.clone();
        let missing = Route { destination: "10.8.0.0/16".to_owned(), via: Via::Nat("nat-2".into()) };
        let found = edits(&there, &Set::new([default.clone(), same, missing.clone()]));
        let mut expected = vec![
            Edit::Create(missing),
            Edit::Replace(default),
            Edit::Restore("10.0.0.0/16".to_owned()),
            Edit::Delete("192.168.0.0/16".to_owned()),
        ];
        for edit in found {
            let index = expected.iter().position(|wanted| *wanted == edit);
            expected.remove(index.unwrap_or_else(|| panic!("{edit:?} is one too many")));
        }
        assert!(expected.is_empty(), "{expected:?} is missing");
    }
}
