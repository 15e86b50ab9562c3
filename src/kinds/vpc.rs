//! The VPC.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName, VpcState};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;

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
    async fn list(context: &Context, depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages = context.aws.ec2.describe_vpcs().filters(tags::ec2::ours(context)).into_paginator().items().send();
        let vpcs = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeVpcs"))?;
        let mut found = Vec::new();
        for vpc in &vpcs {
            let (tags, id) = (tags::ec2::read(vpc.tags()), required("ec2 DescribeVpcs", "VpcId", vpc.vpc_id())?);
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let mut entry = Found::new(address, id).tags(tags);
            if vpc.state() == Some(&VpcState::Pending) {
                entry.phase = Phase::Pending("being created".to_owned());
            }
            if depth == Depth::Full {
                let (dns_support, dns_hostnames) = tokio::try_join!(
                    attribute(context, id, VpcAttributeName::EnableDnsSupport),
                    attribute(context, id, VpcAttributeName::EnableDnsHostnames),
                )?;
                let cidr = vpc.cidr_block().unwrap_or_default().to_owned();
                entry.spec = Some(Self { cidr, dns_support, dns_hostnames });
            }
            found.push(entry);
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let specification = tags::ec2::at_creation(ResourceType::Vpc, &target.tags);
        let call = context.aws.ec2.create_vpc().cidr_block(&self.cidr).tag_specifications(specification);
        let answer = call.send().await.map_err(on("ec2 CreateVpc"))?;
        let id = required("ec2 CreateVpc", "VpcId", answer.vpc().and_then(|vpc| vpc.vpc_id()))?;
        self.set_attributes(context, id).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.set_attributes(context, &target.id).await?;
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_vpc().vpc_id(&target.id).send().await.map_err(on("ec2 DeleteVpc"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let call = context.aws.ec2.describe_vpcs().filters(tags::ec2::filter("vpc-id", ids.iter().cloned()));
        let vpcs = call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let vpcs = vpcs.map_err(on("ec2 DescribeVpcs"))?;
        Ok(vpcs.iter().map(|vpc| Neighbour::new(vpc.vpc_id(), tags::ec2::read(vpc.tags()))).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("ec2", &["vpc/*"])
            .see(&["DescribeVpcs", "DescribeVpcAttribute"])
            .create("CreateVpc")
            .change(&["ModifyVpcAttribute"])
            .remove(&["DeleteVpc"])
            .done()
    }
}

impl Vpc {
    /// AWS changes one attribute a call.
    async fn set_attributes(&self, context: &Context, id: &str) -> Result<(), Failure> {
        let boolean = |value| AttributeBooleanValue::builder().value(value).build();
        let call = || context.aws.ec2.modify_vpc_attribute().vpc_id(id);
        call().enable_dns_support(boolean(self.dns_support)).send().await.map_err(on("ec2 ModifyVpcAttribute"))?;
        call().enable_dns_hostnames(boolean(self.dns_hostnames)).send().await.map_err(on("ec2 ModifyVpcAttribute"))?;
        Ok(())
    }
}

async fn attribute(context: &Context, id: &str, name: VpcAttributeName) -> Result<bool, Failure> {
    let call = context.aws.ec2.describe_vpc_attribute().vpc_id(id).attribute(name);
    let answer = call.send().await.map_err(on("ec2 DescribeVpcAttribute"))?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}
