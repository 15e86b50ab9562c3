//! Routes: those that a table has by somebody's choice, and how they become the wanted ones.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, RouteOrigin, RouteState};
use serde::{Deserialize, Serialize};

use crate::engine::failure::Failure;
use crate::engine::reference::Ref;
use crate::engine::set::Set;
use crate::kinds::context::Tags;
use crate::kinds::internet_gateway::InternetGateway;
use crate::kinds::names;
use crate::kinds::nat_gateway::NatGateway;

/// A route. Of the routes that match an address, the one with the longest prefix applies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 network in CIDR notation, or a prefix list; in what others added, IPv6 as well.
    pub destination: String,
    pub via: Via,
}

/// Where packets are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    Gateway(Ref<InternetGateway>),
    Nat(Ref<NatGateway>),
    /// What the user chose: the id of a peering connection, a transit gateway, a network interface.
    Other(String),
    /// Nowhere: the id of a target that is gone.
    Blackhole(String),
}

impl Via {
    /// The target of this id, which the user has named.
    pub fn named(id: &str) -> Self {
        if id.starts_with("nat-") { Self::Nat(id.into()) } else { Self::Other(id.to_owned()) }
    }

    /// The same whether or not the target exists: a route that waits for its target again is no other route.
    pub fn regardless(&self) -> Self {
        match self {
            Self::Blackhole(id) => Self::named(id),
            via => via.clone(),
        }
    }
}

/// A route that a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    pub route: Route,
    /// Whether it is the local route that AWS created with the table. If it is listed, somebody has redirected the
    /// VPC's own traffic; such a route cannot be deleted, only restored.
    pub local: bool,
    /// Whether it leads to a network of the user's, other than the internet. Such routes are the user's: without them
    /// nobody could open the UI.
    pub to_network: bool,
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
            Some(there) if there.route.via.regardless() != route.via => edits.push(Edit::Replace(route.clone())),
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

/// Associations with subnets: id, subnet. Those being removed have none.
pub fn associations(table: &types::RouteTable) -> impl Iterator<Item = (&str, &str)> {
    let pairs = table.associations().iter().filter(|association| association.main() != Some(true));
    let in_force = pairs.filter(|association| {
        use types::RouteTableAssociationStateCode::{Disassociated, Disassociating, Failed};
        let state = association.association_state().and_then(|state| state.state());
        !matches!(state, Some(Disassociated | Disassociating | Failed))
    });
    in_force.filter_map(|association| Some((association.route_table_association_id()?, association.subnet_id()?)))
}

/// The routes that somebody has chosen.
pub fn routes(table: &types::RouteTable) -> Vec<Existing> {
    table.routes().iter().filter_map(read).collect()
}

/// Nothing for the local route, for what a gateway has propagated, for a gateway endpoint's prefix list, and for IPv6.
fn read(route: &types::Route) -> Option<Existing> {
    let gateway = route.gateway_id().unwrap_or_default();
    let endpoint = route.destination_prefix_list_id().is_some() && gateway.starts_with("vpce-");
    let local = route.origin() == Some(&RouteOrigin::CreateRouteTable);
    let chosen = local || route.origin().is_none_or(|origin| *origin == RouteOrigin::CreateRoute);
    if gateway == "local" || endpoint || !chosen || route.destination_ipv6_cidr_block().is_some() {
        return None;
    }
    let destination = route.destination_cidr_block().or(route.destination_prefix_list_id())?.to_owned();
    let others = [
        route.gateway_id(),
        route.transit_gateway_id(),
        route.vpc_peering_connection_id(),
        route.network_interface_id(),
        route.egress_only_internet_gateway_id(),
        route.local_gateway_id(),
        route.carrier_gateway_id(),
        route.core_network_arn(),
        route.instance_id(),
    ];
    let target = route.nat_gateway_id().or(others.into_iter().flatten().next()).unwrap_or_default();
    let to_network = is_to_own_network(target) && !local && destination != DEFAULT;
    let via = match target {
        id if route.state() == Some(&RouteState::Blackhole) => Via::Blackhole(id.to_owned()),
        id if route.nat_gateway_id().is_some() => Via::Nat(id.into()),
        id if id.starts_with("igw-") => Via::Gateway(id.into()),
        id => Via::Other(id.to_owned()),
    };
    Some(Existing { route: Route { destination, via }, local, to_network })
}

/// The destination of everything.
pub const DEFAULT: &str = "0.0.0.0/0";

/// The routes of the plan file that a table has, by destination: routes carry no tags, so that the table's remember
/// them.
pub fn recorded(tags: &Tags) -> BTreeSet<String> {
    let text = tags.get(names::ROUTES).map(String::as_str).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// The value of that tag.
pub fn record(destinations: &BTreeSet<String>) -> String {
    destinations.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// What to do about a route that AWS refuses because of its target. It says of a gateway that does not serve the VPC
/// that it does not exist.
pub fn explain(failure: Failure, target: &str) -> Failure {
    let kind = target.split(['-', ':']).next().unwrap_or_default();
    let hint = match kind {
        "tgw" => {
            "attach the deployment's VPC to it, and wait until the attachment is available and, where it is \
                  shared, accepted"
        }
        "pcx" => "the peering connection must be one of the deployment's VPC, accepted and active",
        "vgw" => "attach it to the deployment's VPC",
        "arn" => "attach the deployment's VPC to the core network, and wait until the attachment is available",
        "eni" | "vpce" => "it must be in the deployment's VPC",
        "lgw" => "associate its route table with the deployment's VPC",
        _ => return failure,
    };
    let about = ["NotFound", "InvalidParameterValue", "NotAttached", "IncorrectState"];
    if !about.iter().any(|part| failure.code.contains(part)) {
        return failure;
    }
    failure.hint(format!("a route of the plan file leads to {target}: {hint}; then apply again, which continues"))
}

/// True for transit gateways, peerings, virtual private gateways and the like: how the user's own networks are reached.
fn is_to_own_network(target: &str) -> bool {
    ["tgw-", "pcx-", "vgw-", "lgw-", "arn:"].iter().any(|start| target.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_difference_has_its_call() {
        let existing = |destination: &str, via: Via, local: bool| Existing {
            route: Route { destination: destination.to_owned(), via },
            local,
            to_network: false,
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

    #[test]
    fn routes_to_the_users_own_networks_are_left_alone_and_the_default_route_is_not() {
        let to = |destination: &str, gateway: &str| {
            let route = types::Route::builder().destination_cidr_block(destination).origin(RouteOrigin::CreateRoute);
            read(&route.transit_gateway_id(gateway).state(RouteState::Active).build())
        };
        let is_users = |destination: &str, gateway: &str| to(destination, gateway).map(|there| there.to_network);
        assert_eq!(is_users("10.0.0.0/8", "tgw-1"), Some(true));
        let hijacked = to(DEFAULT, "tgw-1").map(|there| (there.route.via, there.to_network));
        assert_eq!(hijacked, Some((Via::Other("tgw-1".to_owned()), false)));
        assert_eq!(is_users("10.0.0.0/8", "eni-1"), Some(false), "a route to a machine is nobody's network");
    }
}
