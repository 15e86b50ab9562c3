//! Subnets.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType};
use ipnet::Ipv4Net;

use super::ec2;
use super::prelude::*;
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
        gone_after: &["load-balancer", "nat-gateway", "mount-target"],
        stopped_after: &["service"],
        late: true,
        ..Kind::new("subnet", Part::Network)
    };
}

#[async_trait]
impl Resource for Subnet {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        describe(context, ec2::ours(context)).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ec2 = &context.aws.ec2;
        let call = ec2
            .create_subnet()
            .vpc_id(self.vpc.text())
            .availability_zone(&self.zone)
            .cidr_block(&self.cidr)
            .tag_specifications(ec2::at_creation(ResourceType::Subnet, &target.tags));
        let answer = call.send().await.answer()?;
        let id = member(&answer, "SubnetId", |answer| answer.subnet()?.subnet_id())?;
        if self.public_addresses {
            self.set_public_addresses(context, id).await?;
        }
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        self.set_public_addresses(context, &target.id).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_subnet().subnet_id(&target.id).send().await.done()
    }

    /// What overlaps it in its VPC, which AWS does not allow.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        let mut found = describe(context, ec2::filter("subnet-id", ids)).await?;
        let in_vpc = describe(context, ec2::filter("vpc-id", [self.vpc.text()])).await?;
        let overlaps = |other: &Found<Self>| other.spec.as_ref().is_some_and(|other| overlap(&other.cidr, &self.cidr));
        found.extend(in_vpc.into_iter().filter(overlaps));
        Ok(found)
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["subnet/*"])
            .see(&["DescribeSubnets"])
            .create("CreateSubnet")
            .change(&["ModifySubnetAttribute"])
            .remove(&["DeleteSubnet"])
            .at(&["vpc/*"])
            .change(&["CreateSubnet"])
    }
}

impl Subnet {
    async fn set_public_addresses(&self, context: &Context, id: &str) -> Result<(), Failure> {
        let value = AttributeBooleanValue::builder().value(self.public_addresses).build();
        context.aws.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value).send().await.done()
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<Found<Subnet>>, Failure> {
    let call = context.aws.ec2.describe_subnets();
    let subnets = ec2::matching(which, |which| call.filters(which).into_paginator().items().send().try_collect());
    let found = subnets.await?.into_iter().map(|subnet| {
        Found::new(subnet.subnet_id()).tags(tags::read(subnet.tags())).spec(Subnet {
            vpc: subnet.vpc_id().unwrap_or_default().into(),
            zone: text(subnet.availability_zone()),
            cidr: text(subnet.cidr_block()),
            public_addresses: subnet.map_public_ip_on_launch().unwrap_or_default(),
        })
    });
    Ok(found.collect())
}

fn overlap(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<Ipv4Net>(), other.parse::<Ipv4Net>()) else { return false };
    one.contains(&other) || other.contains(&one)
}
