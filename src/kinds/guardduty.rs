//! What GuardDuty creates in a VPC in which a task runs: an endpoint for its agent, and a security group for that.
//!
//! GuardDuty marks both with a tag and leaves them behind when the VPC goes, as long as Runtime Monitoring is on; its
//! user guide ("Using Infrastructure as Code with automated security agents") asks whoever deletes the VPC to delete
//! them first. No deployment wants them: they are looked for, and deleted, only where the whole VPC is deleted.

use aws_sdk_ec2::types::Filter;

use super::ec2;
use super::prelude::*;
use super::subnet::Subnet;
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
        // While a task runs, GuardDuty may create it again.
        stopped_after: &["service"],
        tagged: false,
        // Interface endpoints take up to ten minutes to go (public notes of others; unverified).
        seconds: Seconds { create: 1.0, ready: 0.0, gone: 60.0, patience: 1200.0 },
        ..Kind::new("guardduty-endpoint", Part::Network)
    };
}

impl Spec for GuardDutyGroup {
    const KIND: Kind =
        Kind { gone_after: &["guardduty-endpoint"], tagged: false, ..Kind::new("guardduty-group", Part::Network) };
}

/// What GuardDuty marks as its own in the deployment's own VPCs; `None` where the VPC is the user's.
fn marked(context: &Context) -> Option<Vec<Filter>> {
    let vpcs: Vec<_> = context.each("vpc", "id").map(|(_, id)| id).collect();
    let filters = || vec![ec2::filter("vpc-id", vpcs.clone()), ec2::filter(&format!("tag:{}", TAG.0), [TAG.1])];
    (!vpcs.is_empty()).then(filters)
}

/// The name of its VPC is that of its address.
fn address(context: &Context, kind: &str, vpc: &str) -> Option<Address> {
    let (address, _) = context.each("vpc", "id").find(|(_, id)| *id == vpc)?;
    Some(Address::new(kind, address.name()))
}

fn never_created() -> Failure {
    Failure::of(Cause::Internal, "only GuardDuty creates its own resources")
}

#[async_trait]
impl Resource for GuardDutyEndpoint {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let Some(filters) = marked(context) else { return Ok(Vec::new()) };
        let call = context.aws.ec2.describe_vpc_endpoints().set_filters(Some(filters));
        let endpoints = call.into_paginator().items().send().try_collect().await.answer()?;
        let found = endpoints.iter().filter_map(|endpoint| {
            let vpc = endpoint.vpc_id().unwrap_or_default();
            let address = address(context, Self::KIND.name, vpc)?;
            let state = endpoint.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default();
            if !endpoint.service_name().is_some_and(|name| name.ends_with(SERVICE)) || state == "deleted" {
                return None;
            }
            let phase = match state.as_str() {
                "deleting" => Phase::Deleting("releasing its network interfaces".to_owned()),
                _ => Phase::Ready,
            };
            let groups = endpoint.groups().iter().filter_map(|group| group.group_id()).map(Ref::value);
            let spec = Self {
                vpc: vpc.into(),
                subnets: endpoint.subnet_ids().iter().map(|id| Ref::value(id.as_str())).collect(),
                groups: groups.collect(),
            };
            let found = Found::new(endpoint.vpc_endpoint_id()).at(address).tags(tags::read(endpoint.tags()));
            Some(found.phase(phase).spec(spec))
        });
        Ok(found.collect())
    }

    async fn create(&self, _context: &Context, _target: &Target) -> Result<Made, Failure> {
        Err(never_created())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let answer = context.aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&target.id).send().await.answer()?;
        ec2::all_done(&answer, |answer| answer.unsuccessful())
    }

    fn grants(place: &Place) -> Grants<'_> {
        let remove = removing(place, &["DeleteVpcEndpoints"], "vpc-endpoint/*");
        Grants::new(place, "ec2", &["vpc-endpoint/*"]).see(&["DescribeVpcEndpoints"]).also(remove)
    }
}

#[async_trait]
impl Resource for GuardDutyGroup {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let Some(filters) = marked(context) else { return Ok(Vec::new()) };
        let call = context.aws.ec2.describe_security_groups().set_filters(Some(filters));
        let groups = call.into_paginator().items().send().try_collect().await.answer()?;
        let found = groups.iter().filter_map(|group| {
            let (vpc, name) = (group.vpc_id().unwrap_or_default(), group.group_name().unwrap_or_default());
            let address = address(context, Self::KIND.name, vpc)?;
            let spec = Self { vpc: vpc.into(), name: name.to_owned() };
            let found = Found::new(group.group_id()).at(address).tags(tags::read(group.tags())).spec(spec);
            (name == format!("GuardDutyManagedSecurityGroup-{vpc}")).then_some(found)
        });
        Ok(found.collect())
    }

    async fn create(&self, _context: &Context, _target: &Target) -> Result<Made, Failure> {
        Err(never_created())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_security_group().group_id(&target.id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let remove = removing(place, &["DeleteSecurityGroup"], "security-group/*");
        Grants::new(place, "ec2", &["security-group/*"]).see(&["DescribeSecurityGroups"]).also(remove)
    }
}

/// Deleting what has GuardDuty's tag, and nothing else.
fn removing(place: &Place, actions: &[&str], resource: &str) -> Grant {
    let grant = Grant::new(Use::Remove, "ec2", actions).on([place.names.arn("ec2", resource)]);
    grant.when("StringEquals", &format!("aws:ResourceTag/{}", TAG.0), [TAG.1]).called("DeleteGuardDutyEc2")
}
