//! Routes: those that a table has by somebody's choice, and how they become the wanted ones.

use aws_sdk_ec2::types::{self, RouteOrigin, RouteState};
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

/// The routes that somebody has chosen, but for those to the user's own networks.
pub fn routes(table: &types::RouteTable) -> Vec<Existing> {
    table.routes().iter().filter_map(read).collect()
}

/// Nothing for the local route, for what a gateway has propagated, for a gateway endpoint's prefix list, for a route to
/// a network of the user's, and for IPv6.
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
    if is_to_own_network(target) && !local && destination != DEFAULT {
        return None;
    }
    let via = match target {
        id if route.state() == Some(&RouteState::Blackhole) => Via::Blackhole(id.to_owned()),
        id if route.nat_gateway_id().is_some() => Via::Nat(id.into()),
        id if id.starts_with("igw-") => Via::Gateway(id.into()),
        id => Via::Other(id.to_owned()),
    };
    Some(Existing { route: Route { destination, via }, local })
}

/// The destination of everything.
pub const DEFAULT: &str = "0.0.0.0/0";

/// True for transit gateways, peerings, virtual private gateways and the like: how the user's own networks are reached.
/// Routes to them are the user's; without them nobody could open the UI.
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
        assert_eq!(to("10.0.0.0/8", "tgw-1"), None);
        let hijacked = to(DEFAULT, "tgw-1").map(|there| there.route.via);
        assert_eq!(hijacked, Some(Via::Other("tgw-1".to_owned())));
        assert!(to("10.0.0.0/8", "eni-1").is_some(), "a route to a machine is nobody's network");
    }
}
