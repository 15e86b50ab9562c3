//! Route tables.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, Filter, ResourceType};

use crate::kinds::ec2;
use crate::kinds::names;
use crate::kinds::prelude::*;
use crate::kinds::subnet::Subnet;
use crate::kinds::vpc::Vpc;

use super::route::{self, DEFAULT, Edit, Existing, Route, Via, associations, routes};

/// A route table with its routes and the subnets that use it. What AWS puts in by itself (the local route, propagated
/// routes, those of gateway endpoints) is not listed, nor are routes of IPv6, which nothing of Cloud Exchange uses.
/// Routes to the user's own networks, by peering or transit gateway, are the plan file's or left alone; which ones are
/// the plan file's is recorded in a tag of the table ([`names::ROUTES`]). Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    pub vpc: Ref<Vpc>,
    /// Where traffic goes that no other route matches; `None` leaves it to the owner of the network.
    #[serde(default)]
    pub default: Option<Via>,
    /// The other routes: those of the plan file; what others have put in shows here, unless it leads to a network of
    /// theirs.
    pub routes: Set<Route>,
    pub subnets: Set<Ref<Subnet>>,
    /// Every route to a network of the user's, whoever made it, and whether its target exists. Only read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<Set<Route>>,
}

impl Spec for RouteTable {
    const KIND: Kind =
        Kind { immutable: &["vpc"], write_once: &["networks"], ..Kind::new("route-table", Part::Network) };
}

#[async_trait]
impl Resource for RouteTable {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        Ok(describe(context, ec2::ours(context)).await?.iter().map(found).collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ec2 = &context.aws.ec2;
        let mut tags = target.tags.clone();
        tags.extend(self.record());
        let call = ec2
            .create_route_table()
            .vpc_id(self.vpc.text())
            .client_token(&target.token)
            .tag_specifications(ec2::at_creation(ResourceType::RouteTable, &tags));
        let answer = call.send().await.answer()?;
        let id = member(&answer, "RouteTableId", |answer| answer.route_table()?.route_table_id())?;
        let routes = route::edits(&[], &self.all()).into_iter().map(|edit| change(context, id, edit));
        let subnets = self.subnets.iter().map(|subnet| associate(context, id, subnet.text()));
        tokio::try_join!(try_join_all(routes), try_join_all(subnets))?;
        Ok(made(id, &[]))
    }

    /// A subnet uses one table at a time: it is moved here from where it is.
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let tables = describe(context, ec2::filter("vpc-id", [self.vpc.text()])).await?;
        let (ours, others): (Vec<_>, Vec<_>) =
            tables.iter().partition(|table| table.route_table_id() == Some(target.id.as_str()));
        let recorded: BTreeSet<String> = ours.iter().flat_map(|table| recorded(table)).collect();
        let is_ours = |there: &Existing| {
            let Route { destination, .. } = &there.route;
            let left_to_others = there.to_network || destination == DEFAULT && self.default.is_none();
            !left_to_others || recorded.contains(destination) || self.destinations().contains(destination)
        };
        let existing: Vec<_> = ours.iter().flat_map(|table| routes(table)).filter(is_ours).collect();
        let here: Vec<_> = ours.iter().flat_map(|table| associations(table)).collect();
        let elsewhere: Vec<_> = others.iter().flat_map(|table| associations(table)).collect();

        let edits = self.edit(context, &target.id, route::edits(&existing, &self.all()), &recorded);
        let wanted = |subnet: &str| self.subnets.iter().any(|wanted| wanted.text() == subnet);
        let foreign = here.iter().filter(|(_, subnet)| !wanted(subnet)).map(|(id, _)| disassociate(context, id));
        let missing =
            self.subnets.iter().map(Ref::text).filter(|subnet| !here.iter().any(|(_, there)| there == subnet));
        let joins = missing.map(|subnet| {
            let old = elsewhere.iter().find(|(_, there)| *there == subnet).map(|(id, _)| *id);
            async move {
                match old {
                    Some(association) => take_over(context, &target.id, association).await,
                    None => associate(context, &target.id, subnet).await,
                }
            }
        });
        tokio::try_join!(edits, try_join_all(foreign), try_join_all(joins)).map(drop)
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let tables = describe(context, ec2::filter("route-table-id", [&target.id])).await?;
        try_join_all(tables.iter().flat_map(associations).map(|(id, _)| disassociate(context, id))).await?;
        context.aws.ec2.delete_route_table().route_table_id(&target.id).send().await.done()
    }

    /// The one that a subnet of ours uses: it has room for no other.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        let mut tables = describe(context, ec2::filter("route-table-id", ids)).await?;
        let subnets = self.subnets.texts().into_iter().filter(|id| !id.is_empty());
        tables.extend(describe(context, ec2::filter("association.subnet-id", subnets)).await?);
        Ok(tables.iter().map(found).collect())
    }

    fn grants(place: &Place) -> Grants<'_> {
        let of_subnets = ["AssociateRouteTable", "DisassociateRouteTable", "ReplaceRouteTableAssociation"];
        Grants::new(place, "ec2", &["route-table/*"])
            .see(&["DescribeRouteTables"])
            .create("CreateRouteTable")
            .change(&["CreateRoute", "ReplaceRoute", "DeleteRoute"])
            .change(&of_subnets)
            .remove(&["DisassociateRouteTable", "DeleteRouteTable"])
            .at(&["subnet/*"])
            .change(&of_subnets)
            .remove(&["DisassociateRouteTable"])
            .at(&["vpc/*"])
            .change(&["CreateRouteTable"])
    }
}

impl RouteTable {
    /// Its routes, the default one included.
    pub fn all(&self) -> Set<Route> {
        let default = self.default.iter().map(|via| Route { destination: DEFAULT.to_owned(), via: via.clone() });
        self.routes.iter().cloned().chain(default).collect()
    }

    fn destinations(&self) -> BTreeSet<String> {
        self.routes.iter().map(|route| route.destination.clone()).collect()
    }

    /// The tag that remembers the plan file's routes; none where there are none.
    fn record(&self) -> Tags {
        let destinations = self.destinations();
        let value = (!destinations.is_empty()).then(|| route::record(&destinations));
        value.into_iter().map(|value| (names::ROUTES.to_owned(), value)).collect()
    }

    /// Changes the routes, and what is recorded of them. In this order no route is ours without being recorded as such,
    /// wherever it ends: deletions, the record, and what is new.
    async fn edit(
        &self,
        context: &Context,
        id: &str,
        edits: Vec<Edit>,
        recorded: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        let (deleted, others): (Vec<_>, Vec<_>) = edits.into_iter().partition(|edit| matches!(edit, Edit::Delete(_)));
        try_join_all(deleted.into_iter().map(|edit| change(context, id, edit))).await?;
        if *recorded != self.destinations() {
            let set = self.record();
            let remove: Vec<_> = set.is_empty().then(|| names::ROUTES.to_owned()).into_iter().collect();
            tags::set(Self::TAGGING, context, id, &set, &remove).await?;
        }
        try_join_all(others.into_iter().map(|edit| change(context, id, edit))).await.map(drop)
    }
}

fn recorded(table: &types::RouteTable) -> BTreeSet<String> {
    route::recorded(&tags::read(table.tags()))
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<types::RouteTable>, Failure> {
    let call = context.aws.ec2.describe_route_tables();
    ec2::matching(which, |which| call.filters(which).into_paginator().items().send().try_collect()).await
}

fn found(table: &types::RouteTable) -> Found<RouteTable> {
    let recorded = recorded(table);
    let is_recorded = |route: &Route| recorded.contains(&route.destination);
    let all = routes(table);
    let networks = all.iter().filter(|there| there.to_network || is_recorded(&there.route));
    let networks = networks.map(|there| there.route.clone()).collect();
    let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|there| is_recorded(&there.route));
    let ours = ours.into_iter().map(|there| Route { via: there.route.via.regardless(), ..there.route });
    let (default, others): (Vec<_>, Vec<_>) = others
        .into_iter()
        .filter(|there| !there.to_network)
        .map(|there| there.route)
        .partition(|route| route.destination == DEFAULT);
    Found::new(table.route_table_id()).tags(tags::read(table.tags())).spec(RouteTable {
        vpc: table.vpc_id().unwrap_or_default().into(),
        default: default.into_iter().next().map(|route| route.via),
        routes: ours.chain(others).collect(),
        subnets: associations(table).map(|(_, subnet)| subnet.into()).collect(),
        networks: Some(networks),
    })
}

/// IPv4, IPv6 and prefix lists are three parameters.
fn destination(text: &str) -> [Option<String>; 3] {
    let text = Some(text.to_owned());
    match text.as_deref() {
        Some(list) if list.starts_with("pl-") => [None, None, text],
        Some(cidr) if cidr.contains(':') => [None, text, None],
        _ => [text, None, None],
    }
}

/// Creating and replacing a route take the same parameters, in two types of the SDK.
macro_rules! put {
    ($call:expr, $table:expr, $route:expr) => {{
        let [v4, v6, list] = destination(&$route.destination);
        let id = target(&$route.via);
        let of = |start: &str| id.starts_with(start).then(|| id.to_owned());
        $call
            .route_table_id($table)
            .set_destination_cidr_block(v4)
            .set_destination_ipv6_cidr_block(v6)
            .set_destination_prefix_list_id(list)
            .set_gateway_id(of("igw-").or(of("vgw-")))
            .set_nat_gateway_id(of("nat-"))
            .set_transit_gateway_id(of("tgw-"))
            .set_vpc_peering_connection_id(of("pcx-"))
            .set_network_interface_id(of("eni-"))
            .set_vpc_endpoint_id(of("vpce-"))
            .set_local_gateway_id(of("lgw-"))
            .set_core_network_arn(of("arn:"))
            .send()
            .await
            .done()
            .map_err(|failure| route::explain(failure, id))
    }};
}

async fn change(context: &Context, table: &str, edit: Edit) -> Result<(), Failure> {
    let ec2 = &context.aws.ec2;
    match edit {
        Edit::Create(route) => put!(ec2.create_route(), table, route),
        Edit::Replace(route) => put!(ec2.replace_route(), table, route),
        Edit::Restore(text) => {
            let [v4, v6, _] = destination(&text);
            let call = ec2.replace_route().route_table_id(table).set_destination_cidr_block(v4);
            call.set_destination_ipv6_cidr_block(v6).local_target(true).send().await.done()
        }
        Edit::Delete(text) => {
            let [v4, v6, list] = destination(&text);
            let call = ec2.delete_route().route_table_id(table).set_destination_cidr_block(v4);
            let call = call.set_destination_ipv6_cidr_block(v6).set_destination_prefix_list_id(list);
            call.send().await.done_or_gone()
        }
    }
}

/// The id of a target, which says what it is.
fn target(via: &Via) -> &str {
    match via {
        Via::Nat(nat) => nat.text(),
        Via::Gateway(gateway) => gateway.text(),
        Via::Other(id) | Via::Blackhole(id) => id,
    }
}

async fn associate(context: &Context, table: &str, subnet: &str) -> Result<(), Failure> {
    context.aws.ec2.associate_route_table().route_table_id(table).subnet_id(subnet).send().await.done()
}

/// Moves a subnet from the table that it uses to this one.
async fn take_over(context: &Context, table: &str, association: &str) -> Result<(), Failure> {
    let call = context.aws.ec2.replace_route_table_association().route_table_id(table).association_id(association);
    call.send().await.done()
}

async fn disassociate(context: &Context, association: &str) -> Result<(), Failure> {
    context.aws.ec2.disassociate_route_table().association_id(association).send().await.done_or_gone()
}
