//! NAT gateways.

use aws_sdk_ec2::types::{self, ConnectivityType, Filter, NatGatewayState, ResourceType};

use super::ec2;
use super::elastic_ip::ElasticIp;
use super::prelude::*;
use super::subnet::Subnet;

/// A public NAT gateway. The VPC's internet gateway must be attached before. Outputs: `id`, `interface`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NatGateway {
    /// A public subnet.
    pub subnet: Ref<Subnet>,
    /// The address that the internet sees, by its allocation.
    pub address: Ref<ElasticIp>,
}

impl Spec for NatGateway {
    const KIND: Kind = Kind {
        immutable: &["subnet", "address"],
        replaceable: Some("its zone has no internet access for minutes"),
        // Seen in public provider logs: 84 to 125 s until available (16 gateways), 37 to 79 s until deleted (9).
        seconds: Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 900.0 },
        ..Kind::new("nat-gateway", Part::Network)
    };
}

#[async_trait]
impl Resource for NatGateway {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let gateways = describe(context, ec2::ours(context), &["pending", "failed", "available", "deleting"]).await?;
        Ok(gateways.iter().filter_map(|gateway| Some(found(gateway).phase(phase(gateway)?))).collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ec2 = &context.aws.ec2;
        let call = ec2
            .create_nat_gateway()
            .subnet_id(self.subnet.text())
            .allocation_id(self.address.text())
            .connectivity_type(ConnectivityType::Public)
            .client_token(&target.token)
            .tag_specifications(ec2::at_creation(ResourceType::Natgateway, &target.tags));
        let answer = call.send().await.answer()?;
        Ok(made(answer.nat_gateway().and_then(|gateway| gateway.nat_gateway_id()), &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        remove_routes(context, &target.id).await?;
        context.aws.ec2.delete_nat_gateway().nat_gateway_id(&target.id).send().await.done()
    }

    /// Another public one in its subnet; its address, if that exists, may be that one's.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        const ALIVE: [&str; 2] = ["pending", "available"];
        let mut all = describe(context, ec2::filter("nat-gateway-id", ids), &ALIVE).await?;
        let in_subnet = describe(context, ec2::filter("subnet-id", [self.subnet.text()]), &ALIVE).await?;
        all.extend(in_subnet.into_iter().filter(|one| one.connectivity_type() != Some(&ConnectivityType::Private)));
        Ok(all.iter().map(found).collect())
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["natgateway/*"])
            .see(&["DescribeNatGateways"])
            .create("CreateNatGateway")
            .remove(&["DeleteNatGateway"])
            .at(&["subnet/*", "elastic-ip/*"])
            .change(&["CreateNatGateway"])
    }
}

/// Removes the default routes of our tables to a gateway: once it is gone they would be in the way of the network's
/// owner.
async fn remove_routes(context: &Context, nat: &str) -> Result<(), Failure> {
    let ec2 = &context.aws.ec2;
    let call = ec2.describe_route_tables().filters(ec2::ours(context));
    let tables: Vec<_> = call.into_paginator().items().send().try_collect().await.answer()?;
    let leads = |table: &&types::RouteTable| table.routes().iter().any(|route| route.nat_gateway_id() == Some(nat));
    let calls = tables.iter().filter(leads).filter_map(|table| table.route_table_id()).map(|table| async move {
        ec2.delete_route().route_table_id(table).destination_cidr_block("0.0.0.0/0").send().await.done_or_gone()
    });
    try_join_all(calls).await.map(drop)
}

async fn describe(context: &Context, which: Filter, states: &[&str]) -> Result<Vec<types::NatGateway>, Failure> {
    let call = context.aws.ec2.describe_nat_gateways();
    let states = ec2::filter("state", states.iter().copied());
    let all = |which| call.filter(which).filter(states).into_paginator().items().send().try_collect();
    ec2::matching(which, all).await
}

fn found(gateway: &types::NatGateway) -> Found<NatGateway> {
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses.iter().find(|ip| ip.is_primary() == Some(true)).or(addresses.first());
    let spec = NatGateway {
        subnet: gateway.subnet_id().unwrap_or_default().into(),
        address: primary.and_then(|ip| ip.allocation_id()).unwrap_or_default().into(),
    };
    let found = Found::new(gateway.nat_gateway_id()).tags(tags::read(gateway.tags())).spec(spec);
    found.output_if("interface", primary.and_then(|ip| ip.network_interface_id()))
}

/// `None` for a deleted one, which AWS still lists for about an hour.
fn phase(gateway: &types::NatGateway) -> Option<Phase> {
    match gateway.state()? {
        NatGatewayState::Available => Some(Phase::Ready),
        NatGatewayState::Deleted => None,
        NatGatewayState::Deleting => Some(Phase::Deleting("releasing its network interface".to_owned())),
        NatGatewayState::Failed => {
            let why = [gateway.failure_code(), gateway.failure_message()];
            Some(Phase::Failed(why.into_iter().flatten().collect::<Vec<_>>().join(": ")))
        }
        _ => Some(Phase::Pending("being created by AWS".to_owned())),
    }
}
