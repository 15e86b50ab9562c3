//! Foreign resources in the deployment's VPC, or attached to it, besides network interfaces; and rules that refer to
//! its groups.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{SecurityGroup, Tag, VpcPeeringConnection};

use crate::aws::error::on;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::holder::Holder;
use crate::kinds::context::Context;
use crate::kinds::ec2::filter;
use crate::kinds::tags;

use super::interfaces::whose;
use super::ours::Ours;

/// Where to search, and what is ours there.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    pub context: &'a Context,
    pub ours: &'a Ours,
    /// The VPCs of our security groups: rules in other VPCs hold nothing (EC2 API reference, DeleteSecurityGroup).
    pub group_vpcs: &'a BTreeSet<String>,
}

impl Search<'_> {
    fn vpcs(&self) -> Vec<String> {
        self.ours.ids("vpc")
    }

    /// The ids of our security groups.
    pub fn groups_of_ours(&self) -> Vec<String> {
        self.ours.ids("security-group").into_iter().filter(|id| id.starts_with("sg-")).collect()
    }

    /// Something in the VPC of this id, unless it is ours.
    fn in_vpc(&self, what: &str, id: Option<&str>, vpc: Option<&str>, who: String, remedy: &str) -> Option<Holder> {
        let id = id.filter(|id| !self.ours.is(id))?;
        let holds: Vec<Address> = vpc.and_then(|vpc| self.ours.at(vpc)).cloned().into_iter().collect();
        (!holds.is_empty()).then(|| Holder {
            what: what.to_owned(),
            id: id.to_owned(),
            whose: who,
            holds,
            remedy: remedy.to_owned(),
        })
    }

    pub async fn endpoints(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_vpc_endpoints().filters(filter("vpc-id", self.vpcs()));
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = all.map_err(on("ec2 DescribeVpcEndpoints"))?;
        let alive = all.iter().filter(|one| {
            let state = one.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default();
            !["deleting", "deleted", "failed", "rejected", "expired"].contains(&state.as_str())
        });
        let holder = |one: &aws_sdk_ec2::types::VpcEndpoint| {
            let is_firewall = tags::read(one.tags()).contains_key("AWSNetworkFirewallManaged");
            let (what, remedy) = match is_firewall {
                true => ("endpoint of AWS Network Firewall", "delete the firewall, or its association with the subnet"),
                false => ("VPC endpoint", "delete the endpoint: `aws ec2 delete-vpc-endpoints`"),
            };
            let who = whose([
                name(one.tags()),
                one.service_name().map(str::to_owned),
                self.ours.other_account(one.owner_id()),
            ]);
            let mut holder = self.in_vpc(what, one.vpc_endpoint_id(), one.vpc_id(), who, remedy)?;
            let groups = one.groups().iter().filter_map(|group| group.group_id());
            let places = one.subnet_ids().iter().chain(one.route_table_ids()).map(String::as_str).chain(groups);
            holder.holds.splice(0..0, places.filter_map(|id| self.ours.at(id)).cloned());
            Some(holder)
        };
        Ok(alive.filter_map(holder).collect())
    }

    /// On either side: EC2 combines several filters with "and".
    pub async fn peerings(self) -> Result<Vec<Holder>, Failure> {
        let side = |name: &'static str| async move {
            let call = self.context.aws.ec2.describe_vpc_peering_connections().filters(filter(name, self.vpcs()));
            let pages = call.into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeVpcPeeringConnections"))
        };
        let (asked, accepted) = tokio::try_join!(side("requester-vpc-info.vpc-id"), side("accepter-vpc-info.vpc-id"))?;
        let holder = |one: &VpcPeeringConnection| {
            let status = one.status().and_then(|status| status.code()).map(|code| code.as_str().to_owned())?;
            if ["deleted", "deleting", "rejected", "failed", "expired"].contains(&status.as_str()) {
                return None;
            }
            let ends = [one.requester_vpc_info(), one.accepter_vpc_info()].into_iter().flatten();
            let (mine, theirs): (Vec<_>, Vec<_>) =
                ends.partition(|end| end.vpc_id().is_some_and(|id| self.ours.is(id)));
            let vpc = mine.first().and_then(|end| end.vpc_id());
            let peer = theirs.first().and_then(|end| Some(format!("with {}", end.vpc_id()?)));
            let owner = theirs.first().and_then(|end| self.ours.other_account(end.owner_id()));
            let who = whose([name(one.tags()), peer, owner, Some(status)]);
            let remedy = "delete the peering connection: `aws ec2 delete-vpc-peering-connection`";
            self.in_vpc("VPC peering connection", one.vpc_peering_connection_id(), vpc, who, remedy)
        };
        let all: BTreeMap<String, Holder> =
            asked.iter().chain(&accepted).filter_map(holder).map(|holder| (holder.id.clone(), holder)).collect();
        Ok(all.into_values().collect())
    }

    pub async fn transit_gateways(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_transit_gateway_vpc_attachments();
        let pages = call.filters(filter("vpc-id", self.vpcs())).into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeTransitGatewayVpcAttachments"))?;
        let holder = |one: &aws_sdk_ec2::types::TransitGatewayVpcAttachment| {
            let state = one.state().map(|state| state.as_str()).unwrap_or_default();
            if ["deleted", "deleting", "failed", "failing", "rejected", "rejecting"].contains(&state) {
                return None;
            }
            let gateway = one.transit_gateway_id().map(|id| format!("to {id}"));
            let who = whose([name(one.tags()), gateway]);
            let remedy = "delete the attachment: `aws ec2 delete-transit-gateway-vpc-attachment`";
            let id = one.transit_gateway_attachment_id();
            let mut holder = self.in_vpc("transit gateway attachment", id, one.vpc_id(), who, remedy)?;
            holder.holds.splice(0..0, one.subnet_ids().iter().filter_map(|id| self.ours.at(id)).cloned());
            Some(holder)
        };
        Ok(all.iter().filter_map(holder).collect())
    }

    pub async fn vpn_gateways(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_vpn_gateways().filters(filter("attachment.vpc-id", self.vpcs()));
        let answer = call.send().await.map_err(on("ec2 DescribeVpnGateways"))?;
        let holder = |one: &aws_sdk_ec2::types::VpnGateway| {
            let attached = |at: &&aws_sdk_ec2::types::VpcAttachment| {
                let state = at.state().map(|state| state.as_str()).unwrap_or_default();
                ["attaching", "attached"].contains(&state) && at.vpc_id().is_some_and(|id| self.ours.is(id))
            };
            let vpc = one.vpc_attachments().iter().find(attached)?.vpc_id();
            let remedy = "detach the gateway: `aws ec2 detach-vpn-gateway`";
            self.in_vpc("virtual private gateway", one.vpn_gateway_id(), vpc, whose([name(one.tags())]), remedy)
        };
        Ok(answer.vpn_gateways().iter().filter_map(holder).collect())
    }

    pub async fn nat_gateways(self) -> Result<Vec<Holder>, Failure> {
        let alive = ["pending", "available"].map(str::to_owned);
        let call = self.context.aws.ec2.describe_nat_gateways();
        let call = call.filter(filter("vpc-id", self.vpcs())).filter(filter("state", alive));
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let holder = |one: &aws_sdk_ec2::types::NatGateway| {
            let remedy = "delete the gateway: `aws ec2 delete-nat-gateway`";
            let who = whose([name(one.tags())]);
            let mut holder = self.in_vpc("NAT gateway", one.nat_gateway_id(), one.vpc_id(), who, remedy)?;
            holder.holds.splice(0..0, one.subnet_id().and_then(|id| self.ours.at(id)).cloned());
            Some(holder)
        };
        Ok(all.map_err(on("ec2 DescribeNatGateways"))?.iter().filter_map(holder).collect())
    }

    pub async fn gateways(self) -> Result<Vec<Holder>, Failure> {
        let public =
            self.context.aws.ec2.describe_internet_gateways().filters(filter("attachment.vpc-id", self.vpcs()));
        let egress = self.context.aws.ec2.describe_egress_only_internet_gateways().into_paginator().items().send();
        let (public, egress) = tokio::try_join!(
            async {
                let pages = public.into_paginator().items().send();
                pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeInternetGateways"))
            },
            async {
                let pages = egress.collect::<Result<Vec<_>, _>>().await;
                pages.map_err(on("ec2 DescribeEgressOnlyInternetGateways"))
            },
        )?;
        let attached = |all: &[aws_sdk_ec2::types::InternetGatewayAttachment]| {
            all.first().and_then(|one| one.vpc_id()).map(str::to_owned)
        };
        let one = public.iter().filter_map(|one| {
            let vpc = attached(one.attachments());
            let remedy = "detach the gateway: `aws ec2 detach-internet-gateway`";
            let who = whose([name(one.tags())]);
            self.in_vpc("internet gateway", one.internet_gateway_id(), vpc.as_deref(), who, remedy)
        });
        let other = egress.iter().filter_map(|one| {
            let vpc = attached(one.attachments());
            let remedy = "delete the gateway: `aws ec2 delete-egress-only-internet-gateway`";
            let (id, who) = (one.egress_only_internet_gateway_id(), whose([name(one.tags())]));
            self.in_vpc("egress-only internet gateway", id, vpc.as_deref(), who, remedy)
        });
        Ok(one.chain(other).collect())
    }

    pub async fn subnets(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_subnets().filters(filter("vpc-id", self.vpcs()));
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let holder = |one: &aws_sdk_ec2::types::Subnet| {
            let who = whose([name(one.tags()), one.cidr_block().map(str::to_owned)]);
            self.in_vpc("subnet", one.subnet_id(), one.vpc_id(), who, "delete the subnet, with what is in it")
        };
        Ok(all.map_err(on("ec2 DescribeSubnets"))?.iter().filter_map(holder).collect())
    }

    /// But for the main one, which goes with the VPC.
    pub async fn route_tables(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_route_tables().filters(filter("vpc-id", self.vpcs()));
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = all.map_err(on("ec2 DescribeRouteTables"))?;
        let others = all.iter().filter(|one| !one.associations().iter().any(|to| to.main() == Some(true)));
        let holder = |one: &aws_sdk_ec2::types::RouteTable| {
            let remedy = "delete the route table: `aws ec2 delete-route-table`";
            self.in_vpc("route table", one.route_table_id(), one.vpc_id(), whose([name(one.tags())]), remedy)
        };
        Ok(others.filter_map(holder).collect())
    }

    /// But for the default one, which goes with the VPC.
    pub async fn network_acls(self) -> Result<Vec<Holder>, Failure> {
        let call = self.context.aws.ec2.describe_network_acls().filters(filter("vpc-id", self.vpcs()));
        let all = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let all = all.map_err(on("ec2 DescribeNetworkAcls"))?;
        let holder = |one: &aws_sdk_ec2::types::NetworkAcl| {
            let remedy = "delete the network ACL: `aws ec2 delete-network-acl`";
            self.in_vpc("network ACL", one.network_acl_id(), one.vpc_id(), whose([name(one.tags())]), remedy)
        };
        Ok(all.iter().filter(|one| one.is_default() != Some(true)).filter_map(holder).collect())
    }

    /// Groups in the VPC, and groups anywhere that have rules which name one of ours.
    pub async fn groups(self) -> Result<Vec<Holder>, Failure> {
        let ours = self.groups_of_ours();
        let by = |name: &'static str, ids: Vec<String>| async move {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let call = self.context.aws.ec2.describe_security_groups().filters(filter(name, ids));
            let pages = call.into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSecurityGroups"))
        };
        let (inside, inbound, outbound) = tokio::try_join!(
            by("vpc-id", self.vpcs()),
            by("ip-permission.group-id", ours.clone()),
            by("egress.ip-permission.group-id", ours),
        )?;
        let all = inside.into_iter().chain(inbound).chain(outbound);
        let all: BTreeMap<String, SecurityGroup> =
            all.filter_map(|one| Some((one.group_id()?.to_owned(), one))).collect();
        Ok(all.values().filter_map(|one| self.group(one)).collect())
    }

    fn group(self, one: &SecurityGroup) -> Option<Holder> {
        let id = one.group_id().filter(|id| !self.ours.is(id))?;
        let rules = one.ip_permissions().iter().chain(one.ip_permissions_egress());
        let named = rules.flat_map(|rule| rule.user_id_group_pairs()).filter_map(|pair| self.ours.at(pair.group_id()?));
        let is_beside = one.vpc_id().is_some_and(|vpc| self.group_vpcs.contains(vpc));
        let mut holds: Vec<Address> = named.filter(|_| is_beside).cloned().collect();
        holds.sort();
        holds.dedup();
        let is_default = one.group_name() == Some("default");
        let remedy = match holds.first() {
            Some(ours) if is_default => format!("remove its rules that name {ours}"),
            Some(ours) => format!("remove its rules that name {ours}, or delete it"),
            None => "delete the security group: `aws ec2 delete-security-group`".to_owned(),
        };
        // The default one goes with the VPC.
        holds.extend(one.vpc_id().filter(|_| !is_default).and_then(|vpc| self.ours.at(vpc)).cloned());
        let who = whose([name(one.tags()), one.group_name().map(str::to_owned)]);
        let what = "security group".to_owned();
        (!holds.is_empty()).then(|| Holder { what, id: id.to_owned(), whose: who, holds, remedy })
    }
}

fn name(tags: &[Tag]) -> Option<String> {
    tags::read(tags).remove("Name")
}
