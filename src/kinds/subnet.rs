//! Subnets.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttributeBooleanValue, Filter, ResourceType};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;
use super::vpc::Vpc;

/// A subnet in one availability zone. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    pub vpc: Ref<Vpc>,
    /// Availability zone, `us-east-1a`.
    pub zone: String,
    /// IPv4 range in CIDR notation, inside the VPC's.
    pub cidr: String,
    /// Whether what starts here gets a public address. Nothing of Cloud Exchange may.
    pub public_addresses: bool,
}

impl Spec for Subnet {
    const KIND: Kind = Kind {
        immutable: &["vpc", "zone", "cidr"],
        gone_after: &["service", "load-balancer", "nat-gateway", "mount-target"],
        late: true,
        ..Kind::new("subnet", Part::Network)
    };
}

#[async_trait]
impl Resource for Subnet {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let subnets = describe(context, tags::ec2::ours(context)).await?;
        let mut found = Vec::new();
        for subnet in &subnets {
            let tags = tags::ec2::read(subnet.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let spec = Self {
                vpc: subnet.vpc_id().unwrap_or_default().into(),
                zone: subnet.availability_zone().unwrap_or_default().to_owned(),
                cidr: subnet.cidr_block().unwrap_or_default().to_owned(),
                public_addresses: subnet.map_public_ip_on_launch().unwrap_or_default(),
            };
            found.push(
                Found::new(address, required("ec2 DescribeSubnets", "SubnetId", subnet.subnet_id())?)
                    .spec(spec)
                    .tags(tags),
            );
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .ec2
            .create_subnet()
            .vpc_id(self.vpc.text())
            .availability_zone(&self.zone)
            .cidr_block(&self.cidr)
            .tag_specifications(tags::ec2::at_creation(ResourceType::Subnet, &target.tags));
        let answer = call.send().await.map_err(on("ec2 CreateSubnet"))?;
        let id = required("ec2 CreateSubnet", "SubnetId", answer.subnet().and_then(|subnet| subnet.subnet_id()))?;
        if self.public_addresses {
            self.set_public_addresses(context, id).await?;
        }
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.set_public_addresses(context, &target.id).await?;
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_subnet().subnet_id(&target.id).send().await.map_err(on("ec2 DeleteSubnet"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    /// What overlaps it in its VPC: AWS lets no two do that.
    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        let mut there = Vec::new();
        if !ids.is_empty() {
            there = describe(context, tags::ec2::filter("subnet-id", ids.iter().cloned())).await?;
        }
        if !self.vpc.text().is_empty() {
            let all = describe(context, tags::ec2::filter("vpc-id", [self.vpc.text().to_owned()])).await?;
            there.extend(all.into_iter().filter(|one| overlap(one.cidr_block().unwrap_or_default(), &self.cidr)));
        }
        Ok(there.iter().map(|one| Neighbour::new(one.subnet_id(), tags::ec2::read(one.tags()))).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("ec2", &["subnet/*"])
            .see(&["DescribeSubnets"])
            .create("CreateSubnet")
            .change(&["ModifySubnetAttribute"])
            .remove(&["DeleteSubnet"])
            .at(&["vpc/*"])
            .change(&["CreateSubnet"])
            .done()
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<types::Subnet>, Failure> {
    let pages = context.aws.ec2.describe_subnets().filters(which).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSubnets"))
}

fn overlap(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<Ipv4Net>(), other.parse::<Ipv4Net>()) else { return false };
    one.contains(&other) || other.contains(&one)
}

impl Subnet {
    async fn set_public_addresses(&self, context: &Context, id: &str) -> Result<(), Failure> {
        let value = AttributeBooleanValue::builder().value(self.public_addresses).build();
        let call = context.aws.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value);
        call.send().await.map_err(on("ec2 ModifySubnetAttribute"))?;
        Ok(())
    }
}
