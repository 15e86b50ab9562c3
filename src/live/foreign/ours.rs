//! The deployment's own resources, to distinguish foreign ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::address::Address;
use crate::engine::inventory::Inventory;
use crate::engine::reference::Outputs;
use crate::kinds::names::Names;

/// The identifiers of everything that is ours.
#[derive(Clone, Debug)]
pub struct Ours {
    by_id: BTreeMap<String, Address>,
    /// The network interfaces that AWS has created for a resource of ours.
    interfaces: BTreeSet<String>,
    names: Names,
}

/// The kinds whose identifiers AWS writes into the descriptions of their network interfaces.
const OWNERS: [&str; 4] = ["nat-gateway", "mount-target", "file-system", "guardduty-endpoint"];

impl Ours {
    /// Everything in the inventory, duplicates and resources being deleted included.
    pub fn all(names: &Names, inventory: &Inventory) -> Self {
        Self::of(names, inventory.live.iter().map(|live| (&live.address, &live.outputs)))
    }

    /// Everything that a run knows.
    pub fn of<'a>(names: &Names, all: impl IntoIterator<Item = (&'a Address, &'a Outputs)>) -> Self {
        let (mut by_id, mut interfaces) = (BTreeMap::new(), BTreeSet::new());
        for (address, outputs) in all {
            interfaces.extend(outputs.get("interface").cloned());
            for id in ["id", "arn"].iter().filter_map(|name| outputs.get(*name)).filter(|id| !id.is_empty()) {
                by_id.insert(id.clone(), address.clone());
            }
        }
        Self { by_id, interfaces, names: names.clone() }
    }

    pub fn at(&self, id: &str) -> Option<&Address> {
        self.by_id.get(id)
    }

    pub fn is(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Whether AWS has created a network interface for a resource of ours, by its id.
    pub fn has_interface(&self, id: &str) -> bool {
        self.interfaces.contains(id)
    }

    /// The identifiers of a kind.
    pub fn ids(&self, kind: &str) -> Vec<String> {
        self.by_id.iter().filter(|(_, address)| address.kind() == kind).map(|(id, _)| id.clone()).collect()
    }

    /// An account, for people, if it is another one.
    pub fn other_account(&self, id: Option<&str>) -> Option<String> {
        id.filter(|id| *id != self.names.account).map(|id| format!("account {id}"))
    }

    /// Whether AWS has created a network interface of this description for a resource of ours: `ELB
    /// app/ce-prod/50dc6c`, `Interface for NAT Gateway nat-0a1b`, `EFS mount target for fs-0a1b (fsmt-0a1b)`.
    pub fn made(&self, description: &str) -> bool {
        let is_named = |id: &&String| !id.is_empty() && description.contains(id.as_str());
        let is_owner = |(_, address): &(&String, &Address)| OWNERS.contains(&address.kind());
        description.starts_with(&format!("ELB app/{}/", self.names.stack()))
            || self.by_id.iter().filter(is_owner).any(|(id, _)| is_named(&id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reference::Known;

    fn names() -> Names {
        let [deployment, account, region, partition] = ["prod", "1", "us-east-1", "aws"].map(str::to_owned);
        Names { deployment, account, region, partition }
    }

    #[test]
    fn interfaces_are_recognised_by_their_descriptions() {
        let outputs = |id: &str| Outputs::from([("id".to_owned(), id.to_owned())]);
        let known = Known::from_iter([
            (Address::new("nat-gateway", "a"), outputs("nat-1")),
            (Address::new("mount-target", "private-a"), outputs("fsmt-1")),
            (Address::new("secret", "credentials"), outputs("web")),
        ]);
        let ours = Ours::of(&names(), &known);
        for made in ["ELB app/ce-prod/50dc6c", "Interface for NAT Gateway nat-1", "EFS mount target for fs-1 (fsmt-1)"]
        {
            assert!(ours.made(made), "{made}");
        }
        for foreign in ["", "ELB app/ce-prod2/50dc6c", "web", "AWS Lambda VPC ENI-f", "VPC Endpoint Interface vpce-1"] {
            assert!(!ours.made(foreign), "{foreign}");
        }
    }
}
