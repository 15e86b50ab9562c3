//! Reads routes and their targets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{self, ConnectivityType, NatGatewayState, RouteOrigin, RouteState};
use ipnet::Ipv4Net;

use crate::aws::answer::Answer;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::ec2::{filter, matching};

use super::lookup::{optional, side_by_side};
use super::routes::{Carries, Rank, Route, Via, internet};
use super::ways;

/// The networks of a managed prefix list. `None`: it may not be read.
type PrefixList = Option<Vec<Ipv4Net>>;

/// The route tables of some VPCs, with the NAT gateways and prefix lists that they name.
#[derive(Debug, Default)]
pub struct Tables {
    pub all: Vec<types::RouteTable>,
    /// `None`: they may not be read.
    nats: Option<Vec<types::NatGateway>>,
    lists: BTreeMap<String, PrefixList>,
}

/// The tables of these VPCs. NAT gateways and prefix lists are read only if a route names one; those that cannot be
/// read stay unknown.
pub async fn tables(context: &Context, of_vpcs: types::Filter) -> Result<Tables, Failure> {
    let call = context.aws.ec2.describe_route_tables().filters(of_vpcs);
    let all = call.into_paginator().items().send().try_collect().await.answer()?;
    let routes = || all.iter().flat_map(|table| table.routes());
    let nats: BTreeSet<String> = routes().filter_map(|route| route.nat_gateway_id()).map(str::to_owned).collect();
    let lists: BTreeSet<String> = routes()
        .filter(|route| !is_to_gateway_endpoint(route))
        .filter_map(|route| route.destination_prefix_list_id().map(str::to_owned))
        .collect();
    let nats = matching(filter("nat-gateway-id", nats), |which| {
        context.aws.ec2.describe_nat_gateways().filter(which).into_paginator().items().send().try_collect()
    });
    let (nats, lists) = futures::join!(nats, side_by_side(lists, |id| prefix_list(context, id)));
    Ok(Tables { all, nats: optional(nats)?, lists: lists?.into_iter().collect() })
}

async fn prefix_list(context: &Context, id: String) -> Result<(String, PrefixList), Failure> {
    let call = context.aws.ec2.get_managed_prefix_list_entries().prefix_list_id(&id);
    let entries = optional(call.into_paginator().items().send().try_collect().await.answer())?;
    let nets = entries.map(|entries| entries.iter().filter_map(|entry| entry.cidr()?.parse().ok()).collect());
    Ok((id, nets))
}

/// A gateway endpoint's route has both (Amazon VPC user guide, "Gateway endpoints"). A prefix list whose target is a
/// firewall's endpoint looks the same, and counts as one.
fn is_to_gateway_endpoint(route: &types::Route) -> bool {
    route.destination_prefix_list_id().is_some() && route.gateway_id().is_some_and(|id| id.starts_with("vpce-"))
}

impl Tables {
    /// The routes of a table; a prefix list gives one for each of its networks.
    pub fn routes(&self, table: &types::RouteTable) -> Vec<Route> {
        self.read(table, |id| self.nat(id))
    }

    fn read(&self, table: &types::RouteTable, nat: impl Fn(&str) -> Via) -> Vec<Route> {
        let each = |route: &types::Route| {
            let (via, id) = target(route, &nat);
            let rank = match (route.origin(), route.destination_prefix_list_id()) {
                (Some(RouteOrigin::EnableVgwRoutePropagation), _) => Rank::Propagated,
                (_, Some(_)) => Rank::PrefixList,
                _ => Rank::Static,
            };
            let active = route.state() != Some(&RouteState::Blackhole);
            let nets: Vec<Option<Ipv4Net>> = match route.destination_prefix_list_id() {
                Some(list) => match self.lists.get(list).and_then(Option::as_ref) {
                    Some(nets) => nets.iter().copied().map(Some).collect(),
                    None => vec![None],
                },
                None => {
                    route.destination_cidr_block().and_then(|cidr| cidr.parse().ok()).map(Some).into_iter().collect()
                }
            };
            nets.into_iter().map(move |to| Route { to, via, id: id.clone(), active, rank })
        };
        table.routes().iter().flat_map(each).collect()
    }

    /// What a route to a NAT gateway is worth: the gateway's own subnet decides.
    fn nat(&self, id: &str) -> Via {
        let Some(nats) = &self.nats else { return Via::UnknownNat };
        let Some(nat) = nats.iter().find(|nat| nat.nat_gateway_id() == Some(id)) else { return Via::UnknownNat };
        if nat.connectivity_type() == Some(&ConnectivityType::Private) {
            return Via::UnknownNat;
        }
        let lives = [NatGatewayState::Available, NatGatewayState::Pending];
        if !nat.state().is_some_and(|state| lives.contains(state)) {
            return Via::StrandedNat;
        }
        // A regional gateway has no subnet, and its own routes (Amazon VPC user guide, "Regional NAT gateways").
        let Some(subnet) = nat.subnet_id() else { return Via::Nat };
        let Some(table) = ways::table_of(subnet, nat.vpc_id().unwrap_or_default(), &self.all) else {
            return Via::UnknownNat;
        };
        // A NAT gateway behind another one is not followed: it reaches nothing.
        let onward = self.read(table, |_| Via::StrandedNat);
        let leads = |wanted: fn(&Route) -> bool| {
            internet(&onward).iter().filter_map(|part| part.route).any(|route| route.active && wanted(route))
        };
        if leads(|route| route.via == Via::InternetGateway) {
            Via::Nat
        } else if leads(|route| route.via.carries() == Carries::Perhaps) {
            Via::UnknownNat
        } else {
            Via::StrandedNat
        }
    }
}

/// The target of a route, and its id.
fn target(route: &types::Route, nat: impl Fn(&str) -> Via) -> (Via, String) {
    let gateway = |id: &str| match id {
        "local" => Via::Local,
        id if id.starts_with("igw-") => Via::InternetGateway,
        id if id.starts_with("vgw-") => Via::VirtualPrivateGateway,
        id if id.starts_with("vpce-") && is_to_gateway_endpoint(route) => Via::GatewayEndpoint,
        id if id.starts_with("vpce-") => Via::Firewall,
        _ => Via::Other,
    };
    let targets = [
        (route.nat_gateway_id().map(nat), route.nat_gateway_id()),
        (Some(Via::TransitGateway), route.transit_gateway_id()),
        (route.gateway_id().map(gateway), route.gateway_id()),
        // A route to an instance names its interface too.
        (Some(Via::Interface), route.instance_id()),
        (Some(Via::Interface), route.network_interface_id()),
        (Some(Via::Peering), route.vpc_peering_connection_id()),
        (Some(Via::CoreNetwork), route.core_network_arn()),
        (Some(Via::LocalGateway), route.local_gateway_id()),
        (Some(Via::CarrierGateway), route.carrier_gateway_id()),
        (Some(Via::EgressOnly), route.egress_only_internet_gateway_id()),
    ];
    let found = targets.into_iter().find_map(|(via, id)| Some((via?, id?.to_owned())));
    found.unwrap_or((Via::Other, "something unknown".to_owned()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::builders::RouteBuilder;
    use aws_sdk_ec2::types::{NatGateway, Route as Live, RouteTable, RouteTableAssociation};

    use super::*;

    fn route() -> RouteBuilder {
        Live::builder().destination_cidr_block("0.0.0.0/0")
    }

    fn table(subnet: &str, routes: Vec<Live>) -> RouteTable {
        let association = RouteTableAssociation::builder().subnet_id(subnet).main(false).build();
        RouteTable::builder().vpc_id("vpc-1").associations(association).set_routes(Some(routes)).build()
    }

    fn read(tables: &Tables, route: Live) -> Vec<Route> {
        tables.routes(&table("subnet-1", vec![route]))
    }

    #[test]
    fn each_kind_of_target_is_recognised() {
        let all = [
            (route().transit_gateway_id("tgw-1"), Via::TransitGateway, "tgw-1"),
            (route().gateway_id("vpce-1"), Via::Firewall, "vpce-1"),
            (route().gateway_id("igw-1"), Via::InternetGateway, "igw-1"),
            (route().gateway_id("vgw-1"), Via::VirtualPrivateGateway, "vgw-1"),
            (route().gateway_id("local"), Via::Local, "local"),
            (route().instance_id("i-1").network_interface_id("eni-1"), Via::Interface, "i-1"),
            (route().network_interface_id("eni-1"), Via::Interface, "eni-1"),
            (route().vpc_peering_connection_id("pcx-1"), Via::Peering, "pcx-1"),
            (route().carrier_gateway_id("cagw-1"), Via::CarrierGateway, "cagw-1"),
            (route().core_network_arn("arn:c"), Via::CoreNetwork, "arn:c"),
            (route().local_gateway_id("lgw-1"), Via::LocalGateway, "lgw-1"),
            (route().egress_only_internet_gateway_id("eigw-1"), Via::EgressOnly, "eigw-1"),
            (route(), Via::Other, "something unknown"),
        ];
        for (built, via, id) in all {
            let to = "0.0.0.0/0".parse().ok();
            let expected = Route { to, via, id: id.to_owned(), active: true, rank: Rank::Static };
            let tables = Tables::default();
            assert_eq!(read(&tables, built.clone().build()), std::slice::from_ref(&expected));
            let dead = built.state(RouteState::Blackhole).build();
            assert_eq!(read(&tables, dead), [Route { active: false, ..expected }]);
        }
        let six = Live::builder().destination_ipv6_cidr_block("::/0").nat_gateway_id("nat-1").build();
        assert_eq!(read(&Tables::default(), six), []);
    }

    #[test]
    fn a_prefix_list_gives_its_networks_and_none_if_it_may_not_be_read() {
        let lists = BTreeMap::from([
            ("pl-1".to_owned(), Some(vec!["0.0.0.0/1".parse().unwrap(), "128.0.0.0/1".parse().unwrap()])),
            ("pl-2".to_owned(), None),
        ]);
        let tables = Tables { lists, ..Tables::default() };
        let by = |list: &str| Live::builder().destination_prefix_list_id(list).transit_gateway_id("tgw-1").build();
        let nets = |list: &str| {
            read(&tables, by(list)).iter().map(|route| route.to.map(|net| net.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(nets("pl-1"), [Some("0.0.0.0/1".to_owned()), Some("128.0.0.0/1".to_owned())]);
        assert_eq!(nets("pl-2"), [None]);
        let s3 = Live::builder().destination_prefix_list_id("pl-3").gateway_id("vpce-1").build();
        assert_eq!(read(&tables, s3)[0].via, Via::GatewayEndpoint);
    }

    #[test]
    fn a_nat_gateway_reaches_what_its_own_subnet_reaches() {
        let nat = || {
            NatGateway::builder()
                .nat_gateway_id("nat-1")
                .vpc_id("vpc-1")
                .subnet_id("subnet-public")
                .state(NatGatewayState::Available)
        };
        let via = |nat: NatGateway, onward: Vec<Live>| {
            let tables =
                Tables { all: vec![table("subnet-public", onward)], nats: Some(vec![nat]), ..Tables::default() };
            read(&tables, route().nat_gateway_id("nat-1").build())[0].via
        };
        let internet = || vec![route().gateway_id("igw-1").build()];
        assert_eq!(via(nat().build(), internet()), Via::Nat);
        assert_eq!(via(nat().build(), Vec::new()), Via::StrandedNat);
        assert_eq!(via(nat().build(), vec![route().nat_gateway_id("nat-1").build()]), Via::StrandedNat);
        assert_eq!(via(nat().build(), vec![route().gateway_id("vpce-1").build()]), Via::UnknownNat);
        assert_eq!(via(nat().connectivity_type(ConnectivityType::Private).build(), internet()), Via::UnknownNat);
        assert_eq!(via(nat().state(NatGatewayState::Failed).build(), internet()), Via::StrandedNat);
        let unread = Tables { nats: None, ..Tables::default() };
        assert_eq!(read(&unread, route().nat_gateway_id("nat-1").build())[0].via, Via::UnknownNat);
    }
}
