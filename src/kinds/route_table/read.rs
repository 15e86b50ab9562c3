//! Which routes and associations of a table count as somebody's choice.

use aws_sdk_ec2::types::{self, RouteOrigin, RouteState};

use super::route::{Existing, Route, Via};

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
