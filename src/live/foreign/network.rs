//! Foreign resources in the deployment's VPC, or attached to it, besides network interfaces; and rules that refer to
//! its groups.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{self, Filter, SecurityGroup, Tag};

use crate::aws::answer::Answer;
use crate::engine::address::Address;
use crate::engine::failure::Failure;
use crate::engine::holder::Holder;
use crate::kinds::context::Context;
use crate::kinds::ec2::{filter, matching};
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

impl<'a> Search<'a> {
    fn ec2(self) -> &'a Client {
        &self.context.aws.ec2
    }

    /// Only where this property is one of our VPCs.
    fn vpcs(self, property: &str) -> Filter {
        filter(property, self.ours.ids("vpc"))
    }

    /// The ids of our security groups.
    pub fn groups_of_ours(self) -> Vec<String> {
        self.ours.ids("security-group").into_iter().filter(|id| id.starts_with("sg-")).collect()
    }

    /// What holds those of these places that are ours, unless it is ours itself.
    pub fn holder<'p>(
        self,
        what: &str,
        id: Option<&str>,
        places: impl IntoIterator<Item = &'p str>,
        whose: String,
        remedy: &str,
    ) -> Option<Holder> {
        let id = id.filter(|id| !self.ours.is(id))?.to_owned();
        let holds: Vec<Address> = places.into_iter().filter_map(|place| self.ours.at(place)).cloned().collect();
        (!holds.is_empty()).then(|| Holder { what: what.to_owned(), id, whose, holds, remedy: remedy.to_owned() })
    }

    pub async fn endpoints(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_vpc_endpoints().filters(self.vpcs("vpc-id"));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let alive = all.iter().filter(|one| {
            let state = one.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default();
            !["deleting", "deleted", "failed", "rejected", "expired"].contains(&state.as_str())
        });
        let holder = |one: &types::VpcEndpoint| {
            let is_firewall = tags::read(one.tags()).contains_key("AWSNetworkFirewallManaged");
            let (what, remedy) = match is_firewall {
                true => ("endpoint of AWS Network Firewall", "delete the firewall, or its association with the subnet"),
                false => ("VPC endpoint", "delete the endpoint: `aws ec2 delete-vpc-endpoints`"),
            };
            let service = one.service_name().map(str::to_owned);
            let who = whose([name(one.tags()), service, self.ours.other_account(one.owner_id())]);
            let parts = one.subnet_ids().iter().chain(one.route_table_ids()).map(String::as_str);
            let groups = one.groups().iter().filter_map(|group| group.group_id());
            self.holder(what, one.vpc_endpoint_id(), parts.chain(groups).chain(one.vpc_id()), who, remedy)
        };
        Ok(alive.filter_map(holder).collect())
    }

    /// On either side: EC2 combines several filters with "and".
    pub async fn peerings(self) -> Result<Vec<Holder>, Failure> {
        let side = async |property| {
            let call = self.ec2().describe_vpc_peering_connections().filters(self.vpcs(property));
            call.into_paginator().items().send().try_collect().await.answer()
        };
        let (asked, accepted) = tokio::try_join!(side("requester-vpc-info.vpc-id"), side("accepter-vpc-info.vpc-id"))?;
        let holder = |one: &types::VpcPeeringConnection| {
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
            self.holder("VPC peering connection", one.vpc_peering_connection_id(), vpc, who, remedy)
        };
        let all = asked.iter().chain(&accepted).filter_map(holder).map(|holder| (holder.id.clone(), holder));
        Ok(all.collect::<BTreeMap<_, _>>().into_values().collect())
    }

    pub async fn transit_gateways(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_transit_gateway_vpc_attachments().filters(self.vpcs("vpc-id"));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let holder = |one: &types::TransitGatewayVpcAttachment| {
            let state = one.state().map(|state| state.as_str()).unwrap_or_default();
            if ["deleted", "deleting", "failed", "failing", "rejected", "rejecting"].contains(&state) {
                return None;
            }
            let who = whose([name(one.tags()), one.transit_gateway_id().map(|id| format!("to {id}"))]);
            let places = one.subnet_ids().iter().map(String::as_str).chain(one.vpc_id());
            let remedy = "delete the attachment: `aws ec2 delete-transit-gateway-vpc-attachment`";
            self.holder("transit gateway attachment", one.transit_gateway_attachment_id(), places, who, remedy)
        };
        Ok(all.iter().filter_map(holder).collect())
    }

    pub async fn vpn_gateways(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_vpn_gateways().filters(self.vpcs("attachment.vpc-id"));
        let answer = call.send().await.answer()?;
        let holder = |one: &types::VpnGateway| {
            let attached = one.vpc_attachments().iter().filter(|at| {
                ["attaching", "attached"].contains(&at.state().map(|state| state.as_str()).unwrap_or_default())
            });
            let vpcs = attached.filter_map(|at| at.vpc_id());
            let remedy = "detach the gateway: `aws ec2 detach-vpn-gateway`";
            self.holder("virtual private gateway", one.vpn_gateway_id(), vpcs, whose([name(one.tags())]), remedy)
        };
        Ok(answer.vpn_gateways().iter().filter_map(holder).collect())
    }

    pub async fn nat_gateways(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_nat_gateways().filter(self.vpcs("vpc-id"));
        let call = call.filter(filter("state", ["pending", "available"]));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let holder = |one: &types::NatGateway| {
            let (places, who) = (one.subnet_id().into_iter().chain(one.vpc_id()), whose([name(one.tags())]));
            let remedy = "delete the gateway: `aws ec2 delete-nat-gateway`";
            self.holder("NAT gateway", one.nat_gateway_id(), places, who, remedy)
        };
        Ok(all.iter().filter_map(holder).collect())
    }

    pub async fn gateways(self) -> Result<Vec<Holder>, Failure> {
        let public = self.ec2().describe_internet_gateways().filters(self.vpcs("attachment.vpc-id"));
        // These can be filtered by their tags only.
        let egress = self.ec2().describe_egress_only_internet_gateways();
        let (public, egress) =
            tokio::try_join!(async { public.into_paginator().items().send().try_collect().await.answer() }, async {
                egress.into_paginator().items().send().try_collect().await.answer()
            },)?;
        fn attached(all: &[types::InternetGatewayAttachment]) -> Option<&str> {
            all.first()?.vpc_id()
        }
        let public = public.iter().filter_map(|one| {
            let (vpc, who) = (attached(one.attachments()), whose([name(one.tags())]));
            let remedy = "detach the gateway: `aws ec2 detach-internet-gateway`";
            self.holder("internet gateway", one.internet_gateway_id(), vpc, who, remedy)
        });
        let egress = egress.iter().filter_map(|one| {
            let (vpc, who) = (attached(one.attachments()), whose([name(one.tags())]));
            let remedy = "delete the gateway: `aws ec2 delete-egress-only-internet-gateway`";
            self.holder("egress-only internet gateway", one.egress_only_internet_gateway_id(), vpc, who, remedy)
        });
        Ok(public.chain(egress).collect())
    }

    pub async fn subnets(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_subnets().filters(self.vpcs("vpc-id"));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let holder = |one: &types::Subnet| {
            let who = whose([name(one.tags()), one.cidr_block().map(str::to_owned)]);
            self.holder("subnet", one.subnet_id(), one.vpc_id(), who, "delete the subnet, with what is in it")
        };
        Ok(all.iter().filter_map(holder).collect())
    }

    /// But for the main one, which goes with the VPC.
    pub async fn route_tables(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_route_tables().filters(self.vpcs("vpc-id"));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let others = all.iter().filter(|one| !one.associations().iter().any(|to| to.main() == Some(true)));
        let holder = |one: &types::RouteTable| {
            let remedy = "delete the route table: `aws ec2 delete-route-table`";
            self.holder("route table", one.route_table_id(), one.vpc_id(), whose([name(one.tags())]), remedy)
        };
        Ok(others.filter_map(holder).collect())
    }

    /// But for the default one, which goes with the VPC.
    pub async fn network_acls(self) -> Result<Vec<Holder>, Failure> {
        let call = self.ec2().describe_network_acls().filters(self.vpcs("vpc-id"));
        let all = call.into_paginator().items().send().try_collect().await.answer()?;
        let holder = |one: &types::NetworkAcl| {
            let remedy = "delete the network ACL: `aws ec2 delete-network-acl`";
            self.holder("network ACL", one.network_acl_id(), one.vpc_id(), whose([name(one.tags())]), remedy)
        };
        Ok(all.iter().filter(|one| one.is_default() != Some(true)).filter_map(holder).collect())
    }

    /// Groups in the VPC, and groups anywhere that have rules which name one of ours.
    pub async fn groups(self) -> Result<Vec<Holder>, Failure> {
        let by = |which: Filter| {
            matching(which, |which| {
                self.ec2().describe_security_groups().filters(which).into_paginator().items().send().try_collect()
            })
        };
        let ours = self.groups_of_ours();
        let (inside, inbound, outbound) = tokio::try_join!(
            by(self.vpcs("vpc-id")),
            by(filter("ip-permission.group-id", &ours)),
            by(filter("egress.ip-permission.group-id", &ours)),
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
