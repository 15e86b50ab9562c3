//! The VPC.

use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType, VpcAttributeName, VpcState};

use super::ec2;
use super::prelude::*;

/// A virtual network. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// IPv4 range in CIDR notation, /16 to /28.
    pub cidr: String,
    /// Both are needed to resolve the names of EFS mount targets.
    pub dns_support: bool,
    pub dns_hostnames: bool,
}

impl Spec for Vpc {
    const KIND: Kind = Kind { immutable: &["cidr"], late: true, ..Kind::new("vpc", Part::Network) };
}

#[async_trait]
impl Resource for Vpc {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let vpcs = describe(context, ec2::ours(context)).await?;
        let found = vpcs.iter().map(|vpc| async move {
            let found = found(vpc);
            if depth == Depth::Phase {
                return Ok(found);
            }
            let (dns_support, dns_hostnames) = tokio::try_join!(
                attribute(context, &found.id, VpcAttributeName::EnableDnsSupport),
                attribute(context, &found.id, VpcAttributeName::EnableDnsHostnames),
            )?;
            let cidr = text(vpc.cidr_block());
            Ok(found.spec(Self { cidr, dns_support, dns_hostnames }))
        });
        try_join_all(found).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let tags = ec2::at_creation(ResourceType::Vpc, &target.tags);
        let call = context.aws.ec2.create_vpc().cidr_block(&self.cidr).tag_specifications(tags);
        let answer = call.send().await.answer()?;
        let id = member(&answer, "VpcId", |answer| answer.vpc()?.vpc_id())?;
        // A new VPC has DNS support (EC2 API reference, ModifyVpcAttribute), and no names for hosts.
        self.set_attributes(context, id, !self.dns_support).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        self.set_attributes(context, &target.id, true).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_vpc().vpc_id(&target.id).send().await.done()
    }

    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        Ok(describe(context, ec2::filter("vpc-id", ids)).await?.iter().map(found).collect())
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["vpc/*"])
            .see(&["DescribeVpcs", "DescribeVpcAttribute"])
            .create("CreateVpc")
            .change(&["ModifyVpcAttribute"])
            .remove(&["DeleteVpc"])
    }
}

impl Vpc {
    /// AWS changes one attribute a call. `support`: whether that of DNS support is among them.
    async fn set_attributes(&self, context: &Context, id: &str, support: bool) -> Result<(), Failure> {
        let boolean = |value| AttributeBooleanValue::builder().value(value).build();
        let call = || context.aws.ec2.modify_vpc_attribute().vpc_id(id);
        if support {
            call().enable_dns_support(boolean(self.dns_support)).send().await.answer()?;
        }
        call().enable_dns_hostnames(boolean(self.dns_hostnames)).send().await.done()
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<types::Vpc>, Failure> {
    let call = context.aws.ec2.describe_vpcs();
    ec2::matching(which, |which| call.filters(which).into_paginator().items().send().try_collect()).await
}

fn found(vpc: &types::Vpc) -> Found<Vpc> {
    let found = Found::new(vpc.vpc_id()).tags(tags::read(vpc.tags()));
    match vpc.state() {
        Some(VpcState::Pending) => found.phase(Phase::Pending("being created".to_owned())),
        _ => found,
    }
}

async fn attribute(context: &Context, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let answer = context.aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send().await.answer()?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}
