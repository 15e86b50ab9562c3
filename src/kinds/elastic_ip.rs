//! Elastic IP addresses.

use async_trait::async_trait;
use aws_sdk_ec2::types::{DomainType, ResourceType};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;

/// A public IPv4 address. Outputs: `id` (the allocation), `address`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ElasticIp {}

impl Spec for ElasticIp {
    const KIND: Kind = Kind { gone_after: &["nat-gateway"], late: true, ..Kind::new("elastic-ip", Part::Network) };
}

#[async_trait]
impl Resource for ElasticIp {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let call = context.aws.ec2.describe_addresses().filters(tags::ec2::ours(context));
        let answer = call.send().await.map_err(on("ec2 DescribeAddresses"))?;
        let mut found = Vec::new();
        for ip in answer.addresses() {
            let tags = tags::ec2::read(ip.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let entry = Found::new(address, required("ec2 DescribeAddresses", "AllocationId", ip.allocation_id())?);
            found.push(entry.output("address", ip.public_ip().unwrap_or_default()).spec(Self {}).tags(tags));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let specification = tags::ec2::at_creation(ResourceType::ElasticIp, &target.tags);
        let call = context.aws.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(specification);
        let answer = call.send().await.map_err(on("ec2 AllocateAddress"))?;
        let address = required("ec2 AllocateAddress", "PublicIp", answer.public_ip())?;
        let id = required("ec2 AllocateAddress", "AllocationId", answer.allocation_id())?;
        Ok(made(id, &[("address", address)]))
    }

    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(Made { id: target.id.clone(), outputs: target.outputs.clone() })
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.release_address().allocation_id(&target.id).send().await.map_err(on("ec2 ReleaseAddress"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let call =
            context.aws.ec2.describe_addresses().filters(tags::ec2::filter("allocation-id", ids.iter().cloned()));
        let answer = call.send().await.map_err(on("ec2 DescribeAddresses"))?;
        let there = answer.addresses().iter();
        let there = there
            .map(|ip| Neighbour::new(ip.allocation_id(), tags::ec2::read(ip.tags())).output("address", ip.public_ip()));
        Ok(there.collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("ec2", &["elastic-ip/*"])
            .see(&["DescribeAddresses"])
            .create("AllocateAddress")
            .remove(&["ReleaseAddress"])
            .done()
    }
}
