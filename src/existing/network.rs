//! Existing VPCs and their subnets.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::convert::text;
use crate::kinds::ec2::filter;
use crate::kinds::names::DEPLOYMENT;
use crate::kinds::tags::read;
use aws_sdk_ec2::types::{self, Filter, FlowLog, State, VpcAttributeName};

pub use crate::kinds::zone::{Zone, zone};

use super::lookup::{checked, only, optional, side_by_side};
use super::routes::Route;
pub use super::ways::{AclEntry, NetworkAcl};
use super::{Named, targets, ways};

/// A VPC, with what the vendor's best practices ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    pub id: String,
    /// The `Name` tag, or empty.
    pub name: String,
    /// The deployment that its tags name.
    pub deployment: Option<String>,
    /// Its IPv4 ranges, the first one first.
    pub cidrs: Vec<String>,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    /// The DNS servers in its DHCP options: `AmazonProvidedDNS`, or addresses. `None`, here and below: it may not be
    /// read.
    pub dns_servers: Option<Vec<String>>,
    /// Whether an active flow log covers the whole VPC.
    pub flow_logs: Option<bool>,
    /// Number of rules of the default security group, inbound and outbound.
    pub default_group_rules: Option<usize>,
    pub endpoints: Option<Vec<Endpoint>>,
}

/// An available VPC endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Without region and prefix: `ecr.api`, `s3`.
    pub service: String,
    /// An interface endpoint is reached by name in the whole VPC if private DNS is on, a gateway endpoint through the
    /// route tables it is in.
    pub is_gateway: bool,
    pub private_dns: bool,
    pub route_tables: Vec<String>,
}

/// A subnet, with its routes and its network ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    pub name: String,
    /// The deployment that its tags name.
    pub deployment: Option<String>,
    pub vpc: String,
    /// `us-east-1a`.
    pub zone: String,
    /// `use1-az4`: the same zone in every account.
    pub zone_id: String,
    /// Empty: it is IPv6-only.
    pub cidr: String,
    /// `available`, or another state.
    pub state: String,
    /// Whether VPC Block Public Access keeps it from every internet gateway, NAT gateways included.
    pub is_blocked: bool,
    /// The ARN of the Outpost that it is on, if any.
    pub outpost: Option<String>,
    pub free_addresses: u32,
    /// Its own route table, or the VPC's main one.
    pub route_table: String,
    pub routes: Vec<Route>,
    /// `None`: it may not be read.
    pub acl: Option<NetworkAcl>,
}

/// Which subnets to read.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    All,
    Of { vpc: &'a str },
    Named(&'a [String]),
}

/// The VPCs with these ids that exist, or all of the region. Four calls side by side, and two for each VPC. If what
/// only best practices ask about may not be read, it stays `None`.
pub async fn vpcs(context: &Context, ids: Option<&[String]>) -> Result<Vec<Vpc>, Failure> {
    let of_vpc = |name: &str| ids.map(|ids| vec![filter(name, ids.iter().cloned())]);
    let (vpcs, servers, logs, groups, endpoints) = tokio::try_join!(
        with_attributes(context, of_vpc("vpc-id")),
        dns_servers(context),
        flow_logs(context, of_vpc("resource-id")),
        default_groups(context, of_vpc("vpc-id")),
        endpoints(context, of_vpc("vpc-id")),
    )?;
    let whole = |(vpc, dns_support, dns_hostnames): (types::Vpc, bool, bool)| {
        let (id, mut tags) = (text(vpc.vpc_id()), read(vpc.tags()));
        Vpc {
            name: tags.remove("Name").unwrap_or_default(),
            deployment: tags.remove(DEPLOYMENT),
            cidrs: ranges(&vpc),
            dns_support,
            dns_hostnames,
            dns_servers: servers.as_ref().map(|all| servers_of(&vpc, all)),
            flow_logs: logs.as_ref().map(|watched| watched.contains(&id)),
            default_group_rules: groups.as_ref().and_then(|rules| rules.get(&id).copied()),
            endpoints: endpoints.as_ref().map(|all| all.get(&id).cloned().unwrap_or_default()),
            id,
        }
    };
    Ok(vpcs.into_iter().map(whole).collect())
}

/// The VPC of this id.
pub async fn vpc(context: &Context, id: &str) -> Result<Named<Vpc>, Failure> {
    only(id, vpcs(context, Some(&[id.to_owned()])).await)
}

/// The requested subnets that exist, with their routes. One call, and two for their VPCs' route tables and network
/// ACLs, which stay `None` if they may not be read.
pub async fn subnets(context: &Context, which: Which<'_>) -> Result<Vec<Subnet>, Failure> {
    let filters = match which {
        Which::All => None,
        Which::Of { vpc } => Some(vec![filter("vpc-id", [vpc.to_owned()])]),
        Which::Named(ids) => Some(vec![filter("subnet-id", ids.iter().cloned())]),
    };
    let call = context.aws.ec2.describe_subnets().set_filters(filters);
    let subnets = call.into_paginator().items().send().try_collect().await.answer()?;
    let vpcs: BTreeSet<_> = subnets.iter().filter_map(|subnet| subnet.vpc_id()).map(str::to_owned).collect();
    if vpcs.is_empty() {
        return Ok(Vec::new());
    }
    let of_vpcs = filter("vpc-id", vpcs);
    let tables = targets::tables(context, of_vpcs.clone());
    let acls = context.aws.ec2.describe_network_acls().filters(of_vpcs).into_paginator().items().send();
    let (tables, acls) = tokio::try_join!(tables, async { optional(acls.try_collect().await.answer()) })?;
    Ok(subnets.iter().map(|subnet| whole(subnet, &tables, acls.as_deref())).collect())
}

/// The subnets of these ids, in this order.
pub async fn named_subnets(context: &Context, ids: &[String]) -> Result<Vec<Named<Subnet>>, Failure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let answer = subnets(context, Which::Named(ids)).await;
    let of = |id: &str, found: Vec<Subnet>| found.into_iter().filter(|subnet| subnet.id == id).collect();
    ids.iter().map(|id| only(id, answer.clone().map(|found| of(id, found)))).collect()
}

/// The route that most of the internet takes.
pub fn way_out(subnet: &Subnet) -> Option<&Route> {
    super::routes::way_out(&subnet.routes)
}

/// VPCs, each with whether DNS support and DNS host names are on.
async fn with_attributes(
    context: &Context,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<(types::Vpc, bool, bool)>, Failure> {
    let call = context.aws.ec2.describe_vpcs().set_filters(filters);
    let vpcs = call.into_paginator().items().send().try_collect().await.answer()?;
    let whole = async |vpc: types::Vpc| {
        let id = vpc.vpc_id().unwrap_or_default();
        let (support, names) = tokio::try_join!(
            attribute(context, id, VpcAttributeName::EnableDnsSupport),
            attribute(context, id, VpcAttributeName::EnableDnsHostnames),
        )?;
        Ok((vpc, support, names))
    };
    side_by_side(vpcs, whole).await
}

async fn attribute(context: &Context, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let call = context.aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name);
    let answer = call.send().await.answer()?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(types::AttributeBooleanValue::value).unwrap_or_default())
}

/// The ids of zones by their names, which differ from account to account.
pub async fn named_zones(context: &Context, names: &[String]) -> Result<Vec<Named<String>>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let call = context.aws.ec2.describe_availability_zones().all_availability_zones(true);
    let answer = call.filters(filter("zone-name", names)).send().await.answer();
    let id_of = |name: &String| {
        let answer = answer.clone()?;
        let zone = answer.availability_zones().iter().find(|zone| zone.zone_name() == Some(name));
        let gone = || Failure::of(Cause::Gone, format!("there is no zone {name}"));
        zone.map(|zone| zone.zone_id().unwrap_or_default().to_owned()).ok_or_else(gone)
    };
    names.iter().map(|name| checked(name, id_of(name))).collect()
}

/// The DNS servers that each set of DHCP options names, by its id.
async fn dns_servers(context: &Context) -> Result<Option<BTreeMap<String, Vec<String>>>, Failure> {
    let pages = context.aws.ec2.describe_dhcp_options().into_paginator().items().send();
    let all = optional(pages.try_collect().await.answer())?;
    let read = |options: types::DhcpOptions| {
        let named = options.dhcp_configurations().iter().filter(|one| one.key() == Some("domain-name-servers"));
        let servers = named.flat_map(|one| one.values()).filter_map(|value| value.value().map(str::to_owned));
        (text(options.dhcp_options_id()), servers.collect())
    };
    Ok(all.map(|all| all.into_iter().map(read).collect()))
}

/// Without options a VPC has no DNS server at all (Amazon VPC user guide, "DHCP option sets in Amazon VPC"). Options
/// that another account shares cannot be read.
fn servers_of(vpc: &types::Vpc, all: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    match vpc.dhcp_options_id() {
        None | Some("default") => Vec::new(),
        Some(id) => all.get(id).cloned().unwrap_or_else(|| vec![AMAZON_DNS.to_owned()]),
    }
}

/// The VPC's own resolver, as DHCP options name it.
pub const AMAZON_DNS: &str = "AmazonProvidedDNS";

/// The VPCs that an active flow log covers as a whole.
async fn flow_logs(context: &Context, filters: Option<Vec<Filter>>) -> Result<Option<BTreeSet<String>>, Failure> {
    let logs = context.aws.ec2.describe_flow_logs().set_filter(filters).into_paginator().items().send();
    let logs = optional(logs.try_collect().await.answer())?;
    let active = |log: &FlowLog| log.flow_log_status() == Some("ACTIVE") && log.deliver_logs_status() != Some("FAILED");
    let watched = |logs: Vec<FlowLog>| {
        logs.iter().filter(|log| active(log)).filter_map(|log| log.resource_id().map(str::to_owned)).collect()
    };
    Ok(logs.map(watched))
}

/// How many rules the default security group of each VPC has.
async fn default_groups(
    context: &Context,
    filters: Option<Vec<Filter>>,
) -> Result<Option<BTreeMap<String, usize>>, Failure> {
    let default = filter("group-name", ["default".to_owned()]);
    let call = context.aws.ec2.describe_security_groups().set_filters(filters).filters(default);
    let pages = call.into_paginator().items().send();
    let groups = optional(pages.try_collect().await.answer())?;
    let rules = |group: &types::SecurityGroup| {
        let rules = group.ip_permissions().len() + group.ip_permissions_egress().len();
        (text(group.vpc_id()), rules)
    };
    Ok(groups.map(|groups| groups.iter().map(rules).collect()))
}

/// The available endpoints of each VPC.
async fn endpoints(
    context: &Context,
    filters: Option<Vec<Filter>>,
) -> Result<Option<BTreeMap<String, Vec<Endpoint>>>, Failure> {
    let pages = context.aws.ec2.describe_vpc_endpoints().set_filters(filters).into_paginator().items().send();
    let endpoints = optional(pages.try_collect().await.answer())?;
    let by_vpc = |endpoints: Vec<types::VpcEndpoint>| {
        let mut all = BTreeMap::<String, Vec<Endpoint>>::new();
        // AWS answers `available`, although the SDK's enumeration has `Available`.
        let is_usable = |endpoint: &&types::VpcEndpoint| {
            endpoint.state().map(State::as_str).is_some_and(|state| state.eq_ignore_ascii_case("available"))
        };
        for endpoint in endpoints.iter().filter(is_usable) {
            all.entry(text(endpoint.vpc_id())).or_default().push(read_endpoint(endpoint));
        }
        all
    };
    Ok(endpoints.map(by_vpc))
}

fn read_endpoint(endpoint: &types::VpcEndpoint) -> Endpoint {
    // With this option, only resolvers outside the VPC get the interface's address; inside, names resolve to the
    // gateway endpoint.
    let for_outside =
        endpoint.dns_options().and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint());
    Endpoint {
        service: service(endpoint.service_name().unwrap_or_default()),
        is_gateway: endpoint.vpc_endpoint_type() == Some(&types::VpcEndpointType::Gateway),
        private_dns: endpoint.private_dns_enabled() == Some(true) && for_outside != Some(true),
        route_tables: endpoint.route_table_ids().to_vec(),
    }
}

/// `com.amazonaws.us-east-1.ecr.api` and `cn.com.amazonaws.cn-north-1.ecr.api` are `ecr.api`; names of
/// services of others (`com.amazonaws.vpce.…`) stay.
fn service(name: &str) -> String {
    let of_aws = name.split_once("com.amazonaws.").and_then(|(_, rest)| rest.split_once('.'));
    of_aws.filter(|(region, _)| *region != "vpce").map_or(name, |(_, service)| service).to_owned()
}

/// The range with which the VPC was created, then those that were added.
fn ranges(vpc: &types::Vpc) -> Vec<String> {
    let first = vpc.cidr_block().unwrap_or_default();
    let associated = vpc.cidr_block_association_set().iter().filter(|association| {
        let state = association.cidr_block_state().and_then(|state| state.state());
        state == Some(&types::VpcCidrBlockStateCode::Associated)
    });
    let others = associated.filter_map(|association| association.cidr_block()).filter(|cidr| *cidr != first);
    std::iter::once(first).chain(others).map(str::to_owned).collect()
}

fn whole(subnet: &types::Subnet, seen: &targets::Tables, acls: Option<&[types::NetworkAcl]>) -> Subnet {
    let (id, vpc) = (subnet.subnet_id().unwrap_or_default(), subnet.vpc_id().unwrap_or_default());
    let mut tags = read(subnet.tags());
    let table = ways::table_of(id, vpc, &seen.all);
    Subnet {
        id: id.to_owned(),
        name: tags.remove("Name").unwrap_or_default(),
        deployment: tags.remove(DEPLOYMENT),
        vpc: vpc.to_owned(),
        zone: text(subnet.availability_zone()),
        zone_id: text(subnet.availability_zone_id()),
        cidr: text(subnet.cidr_block()),
        state: text(subnet.state().map(|state| state.as_str())),
        is_blocked: subnet.block_public_access_states().and_then(|states| states.internet_gateway_block_mode())
            == Some(&types::BlockPublicAccessMode::BlockBidirectional),
        outpost: subnet.outpost_arn().map(str::to_owned),
        free_addresses: subnet.available_ip_address_count().and_then(|n| u32::try_from(n).ok()).unwrap_or_default(),
        route_table: text(table.and_then(|table| table.route_table_id())),
        routes: table.map(|table| seen.routes(table)).unwrap_or_default(),
        acl: acls.and_then(|acls| ways::acl_of(id, acls)).map(ways::read_acl),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_aws_lose_region_and_prefix() {
        for (name, expected) in [
            ("com.amazonaws.us-east-1.ecr.api", "ecr.api"),
            ("cn.com.amazonaws.cn-north-1.ecr.dkr", "ecr.dkr"),
            ("com.amazonaws.eu-west-1.s3", "s3"),
            ("com.amazonaws.vpce.eu-west-1.vpce-svc-07", "com.amazonaws.vpce.eu-west-1.vpce-svc-07"),
            ("aws.api.eu-west-1.bedrock", "aws.api.eu-west-1.bedrock"),
        ] {
            assert_eq!(service(name), expected);
        }
    }
}
