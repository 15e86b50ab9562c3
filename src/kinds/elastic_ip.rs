//! Elastic IP addresses.

use aws_sdk_ec2::types::{DomainType, Filter, ResourceType};

use super::ec2;
use super::prelude::*;

/// A public IPv4 address. Outputs: `id` (the allocation), `address`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ElasticIp {}

impl Spec for ElasticIp {
    const KIND: Kind = Kind { gone_after: &["nat-gateway"], late: true, ..Kind::new("elastic-ip", Part::Network) };
}

#[async_trait]
impl Resource for ElasticIp {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        describe(context, ec2::ours(context)).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let tags = ec2::at_creation(ResourceType::ElasticIp, &target.tags);
        let call = context.aws.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(tags);
        let answer = call.send().await.answer()?;
        Ok(made(answer.allocation_id(), &[("address", answer.public_ip().unwrap_or_default())]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.release_address().allocation_id(&target.id).send().await.done()
    }

    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        describe(context, ec2::filter("allocation-id", ids)).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["elastic-ip/*"])
            .see(&["DescribeAddresses"])
            .create("AllocateAddress")
            .remove(&["ReleaseAddress"])
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<Found<ElasticIp>>, Failure> {
    let call = context.aws.ec2.describe_addresses();
    let all = |which| async { call.filters(which).send().await.map(|answer| answer.addresses.unwrap_or_default()) };
    let found = ec2::matching(which, all).await?.into_iter().map(|ip| {
        let found = Found::new(ip.allocation_id()).output("address", ip.public_ip());
        found.tags(tags::read(ip.tags())).spec(ElasticIp {})
    });
    Ok(found.collect())
}
