//! NAT gateways.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, ConnectivityType, Filter, NatGatewayState, ResourceType};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::Failure;
use crate::engine::inventory::Phase;
use crate::engine::kind::{Kind, Part, Seconds, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::elastic_ip::ElasticIp;
use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::route_table;
use super::subnet::Subnet;
use super::tags;

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
        replaceable: Some("its zone has no way to the internet for minutes"),
        // Seen in public provider logs: 84 to 125 s until available (16 gateways), 37 to 79 s until deleted (9).
        seconds: Seconds { create: 1.0, ready: 105.0, gone: 60.0, patience: 900.0 },
        ..Kind::new("nat-gateway", Part::Network)
    };
}

#[async_trait]
impl Resource for NatGateway {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let gateways =
            describe(context, tags::ec2::ours(context), &["pending", "failed", "available", "deleting"]).await?;
        let mut found = Vec::new();
        for gateway in &gateways {
            let tags = tags::ec2::read(gateway.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let Some(phase) = phase(gateway) else { continue };
            let addresses = gateway.nat_gateway_addresses();
            let primary = addresses.iter().find(|ip| ip.is_primary() == Some(true)).or(addresses.first());
            let spec = Self {
                subnet: gateway.subnet_id().unwrap_or_default().into(),
                address: primary.and_then(|ip| ip.allocation_id()).unwrap_or_default().into(),
            };
            let id = required("ec2 DescribeNatGateways", "NatGatewayId", gateway.nat_gateway_id())?;
            let gateway = Found::new(address, id).phase(phase).spec(spec).tags(tags);
            found.push(match primary.and_then(|ip| ip.network_interface_id()) {
                Some(interface) => gateway.output("interface", interface),
                None => gateway,
            });
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .ec2
            .create_nat_gateway()
            .subnet_id(self.subnet.text())
            .allocation_id(self.address.text())
            .connectivity_type(ConnectivityType::Public)
            .client_token(&target.token)
            .tag_specifications(tags::ec2::at_creation(ResourceType::Natgateway, &target.tags));
        let answer = call.send().await.map_err(on("ec2 CreateNatGateway"))?;
        let id = answer.nat_gateway().and_then(|gateway| gateway.nat_gateway_id());
        Ok(made(required("ec2 CreateNatGateway", "NatGatewayId", id)?, &[]))
    }

    async fn update(&self, _context: &Context, target: &Target) -> Result<Made, Failure> {
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        route_table::forget(context, &target.id).await?;
        context
            .aws
            .ec2
            .delete_nat_gateway()
            .nat_gateway_id(&target.id)
            .send()
            .await
            .map_err(on("ec2 DeleteNatGateway"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    /// Another public one in its subnet; that one has its address, if that is there.
    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        const ALIVE: [&str; 2] = ["pending", "available"];
        let mut there = Vec::new();
        if !ids.is_empty() {
            there = describe(context, tags::ec2::filter("nat-gateway-id", ids.iter().cloned()), &ALIVE).await?;
        }
        if !self.subnet.text().is_empty() {
            let all =
                describe(context, tags::ec2::filter("subnet-id", [self.subnet.text().to_owned()]), &ALIVE).await?;
            there.extend(all.into_iter().filter(|one| one.connectivity_type() != Some(&ConnectivityType::Private)));
        }
        Ok(there.iter().map(|one| Neighbour::new(one.nat_gateway_id(), tags::ec2::read(one.tags()))).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("ec2", &["natgateway/*"])
            .see(&["DescribeNatGateways"])
            .create("CreateNatGateway")
            .remove(&["DeleteNatGateway"])
            .at(&["subnet/*", "elastic-ip/*"])
            .change(&["CreateNatGateway"])
            .done()
    }
}

async fn describe(context: &Context, which: Filter, states: &[&str]) -> Result<Vec<types::NatGateway>, Failure> {
    let states = tags::ec2::filter("state", states.iter().map(|state| (*state).to_owned()));
    let pages = context.aws.ec2.describe_nat_gateways().filter(which).filter(states).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeNatGateways"))
}

/// Nothing for a deleted one, which AWS goes on listing for about an hour.
fn phase(gateway: &types::NatGateway) -> Option<Phase> {
    match gateway.state()? {
        NatGatewayState::Available => Some(Phase::Ready),
        NatGatewayState::Deleted => None,
        NatGatewayState::Deleting => Some(Phase::Deleting("giving back its network interface".to_owned())),
        NatGatewayState::Failed => {
            let why = [gateway.failure_code(), gateway.failure_message()];
            Some(Phase::Failed(why.into_iter().flatten().collect::<Vec<_>>().join(": ")))
        }
        _ => Some(Phase::Pending("being prepared by AWS".to_owned())),
    }
}
