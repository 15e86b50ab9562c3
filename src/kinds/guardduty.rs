//! What GuardDuty makes in a VPC in which a task runs: an endpoint for its agent, and a security group for that.
//!
//! GuardDuty marks both with a tag and leaves them behind when the VPC goes, as long as Runtime Monitoring is on; its user
//! guide ("Using Infrastructure as Code with automated security agents") has whoever deletes the VPC delete them first. They
//! are no part of what a deployment wants: looked for, and deleted, only where the whole VPC goes.

use async_trait::async_trait;
use aws_sdk_ec2::types::Filter;
use serde::{Deserialize, Serialize};

use crate::aws::error::{on, reported};
use crate::aws::grant::{Grant, Use};
use crate::engine::address::Address;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target};
use super::subnet::Subnet;
use super::tags;
use super::vpc::Vpc;

/// The tag by which GuardDuty knows its own, and its value.
const TAG: (&str, &str) = ("GuardDutyManaged", "true");

/// How the service that the endpoint leads to ends: `com.amazonaws.us-east-1.guardduty-data`.
const SERVICE: &str = ".guardduty-data";

/// GuardDuty's interface endpoint. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuardDutyEndpoint {
    pub vpc: Ref<Vpc>,
    pub subnets: Set<Ref<Subnet>>,
    pub groups: Set<Ref<GuardDutyGroup>>,
}

/// GuardDuty's security group. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuardDutyGroup {
    pub vpc: Ref<Vpc>,
    pub name: String,
}

impl Spec for GuardDutyEndpoint {
    const KIND: Kind = Kind {
        // While a task runs, GuardDuty may make it again.
        gone_after: &["service"],
        tagged: false,
        swept: false,
        // Interface endpoints take up to ten minutes to go (public notes of others; unverified).
        seconds: Seconds { create: 1.0, ready: 0.0, gone: 60.0, patience: 1200.0 },
        ..Kind::new("guardduty-endpoint", Part::Network)
    };
}

impl Spec for GuardDutyGroup {
    const KIND: Kind = Kind {
        gone_after: &["guardduty-endpoint"],
        tagged: false,
        swept: false,
        ..Kind::new("guardduty-group", Part::Network)
    };
}

/// The deployment's own VPCs: address and id. One of the user's is none of them.
fn own_vpcs(context: &Context) -> Vec<(&Address, &String)> {
    context.of_kind("vpc").filter_map(|(address, outputs)| Some((address, outputs.get("id")?))).collect()
}

/// What GuardDuty marks as its own in these VPCs.
fn marked(vpcs: &[(&Address, &String)]) -> [Filter; 2] {
    let vpcs = vpcs.iter().map(|(_, id)| (*id).clone());
    [tags::ec2::filter("vpc-id", vpcs), tags::ec2::filter(&format!("tag:{}", TAG.0), [TAG.1.to_owned()])]
}

fn of_vpc(kind: &str, vpcs: &[(&Address, &String)], vpc: &str) -> Option<Address> {
    let (address, _) = vpcs.iter().find(|(_, id)| *id == vpc)?;
    Some(Address::new(kind, address.name()))
}

fn never_made() -> Failure {
    Failure::of(Cause::Internal, "GuardDuty makes and changes what is its own")
}

#[async_trait]
impl Resource for GuardDutyEndpoint {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let vpcs = own_vpcs(context);
        if vpcs.is_empty() {
            return Ok(Vec::new().into());
        }
        let call = context.aws.ec2.describe_vpc_endpoints().set_filters(Some(marked(&vpcs).into()));
        let pages = call.into_paginator().items().send();
        let endpoints = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeVpcEndpoints"))?;
        let mut found = Vec::new();
        for endpoint in &endpoints {
            let vpc = endpoint.vpc_id().unwrap_or_default();
            let Some(address) = of_vpc(Self::KIND.name, &vpcs, vpc) else { continue };
            let is_its = endpoint.service_name().is_some_and(|name| name.ends_with(SERVICE));
            let state = endpoint.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default();
            if !is_its || state == "deleted" {
                continue;
            }
            let phase = match state.as_str() {
                "deleting" => Phase::Deleting("its network interfaces go".to_owned()),
                _ => Phase::Ready,
            };
            let groups = endpoint.groups().iter().filter_map(|group| group.group_id()).map(Ref::value);
            let spec = Self {
                vpc: vpc.into(),
                subnets: endpoint.subnet_ids().iter().map(|id| Ref::value(id.as_str())).collect(),
                groups: groups.collect(),
            };
            let id = endpoint.vpc_endpoint_id().unwrap_or_default();
            found.push(Found::new(address, id).phase(phase).spec(spec).tags(tags::ec2::read(endpoint.tags())));
        }
        Ok(found.into())
    }

    async fn create(&self, _context: &Context, _at: &Target) -> Result<Made, Failure> {
        Err(never_made())
    }

    async fn update(&self, _context: &Context, _at: &Target) -> Result<Made, Failure> {
        Err(never_made())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&target.id);
        let answer = call.send().await.map_err(on("ec2 DeleteVpcEndpoints"))?;
        let refused = answer.unsuccessful().iter().find_map(|item| item.error());
        refused.map_or(Ok(()), |error| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            Err(reported("ec2 DeleteVpcEndpoints", &text(error.code()), &text(error.message())))
        })
    }

    async fn retag(_context: &Context, _at: &Target, _set: &Tags, _remove: &[String]) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let remove = removing(place, &["DeleteVpcEndpoints"], "vpc-endpoint/*");
        place.grants("ec2", &["vpc-endpoint/*"]).see(&["DescribeVpcEndpoints"]).also(remove).done()
    }
}

#[async_trait]
impl Resource for GuardDutyGroup {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let vpcs = own_vpcs(context);
        if vpcs.is_empty() {
            return Ok(Vec::new().into());
        }
        let call = context.aws.ec2.describe_security_groups().set_filters(Some(marked(&vpcs).into()));
        let pages = call.into_paginator().items().send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSecurityGroups"))?;
        let mut found = Vec::new();
        for group in &groups {
            let (vpc, name) = (group.vpc_id().unwrap_or_default(), group.group_name().unwrap_or_default());
            let Some(address) = of_vpc(Self::KIND.name, &vpcs, vpc) else { continue };
            if name != format!("GuardDutyManagedSecurityGroup-{vpc}") {
                continue;
            }
            let spec = Self { vpc: vpc.into(), name: name.to_owned() };
            let id = group.group_id().unwrap_or_default();
            found.push(Found::new(address, id).spec(spec).tags(tags::ec2::read(group.tags())));
        }
        Ok(found.into())
    }

    async fn create(&self, _context: &Context, _at: &Target) -> Result<Made, Failure> {
        Err(never_made())
    }

    async fn update(&self, _context: &Context, _at: &Target) -> Result<Made, Failure> {
        Err(never_made())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ec2.delete_security_group().group_id(&target.id);
        call.send().await.map_err(on("ec2 DeleteSecurityGroup"))?;
        Ok(())
    }

    async fn retag(_context: &Context, _at: &Target, _set: &Tags, _remove: &[String]) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let remove = removing(place, &["DeleteSecurityGroup"], "security-group/*");
        place.grants("ec2", &["security-group/*"]).see(&["DescribeSecurityGroups"]).also(remove).done()
    }
}

/// Deleting what bears GuardDuty's tag, and nothing else.
fn removing(place: &Place, actions: &[&str], resource: &str) -> Grant {
    let grant = Grant::new(Use::Remove, "ec2", actions).on([place.names.arn("ec2", resource)]);
    grant.when("StringEquals", &format!("aws:ResourceTag/{}", TAG.0), [TAG.1]).called("DeleteGuardDutyEc2")
}
