//! Internet gateways.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;

use super::place::Place;
use super::resource::{Context, Depth, Found, Neighbour, Resource, Seen, Tags, Target, made};
use super::tags;
use super::vpc::Vpc;

/// An internet gateway, attached to its VPC once it exists. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC it is attached to; empty for a live one that is attached to none.
    pub vpc: Ref<Vpc>,
}

impl Spec for InternetGateway {
    /// Public addresses in use keep a gateway from being detached.
    const KIND: Kind = Kind {
        gone_after: &["nat-gateway", "elastic-ip", "service", "load-balancer"],
        late: true,
        ..Kind::new("internet-gateway", Part::Network)
    };
}

#[async_trait]
impl Resource for InternetGateway {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let gateways = describe(context, tags::ec2::ours(context)).await?;
        let mut found = Vec::new();
        for gateway in &gateways {
            let tags = tags::ec2::read(gateway.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id()).unwrap_or_default();
            let id = required("ec2 DescribeInternetGateways", "InternetGatewayId", gateway.internet_gateway_id())?;
            found.push(Found::new(address, id).spec(Self { vpc: vpc.into() }).tags(tags));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let specification = tags::ec2::at_creation(ResourceType::InternetGateway, &target.tags);
        let call = context.aws.ec2.create_internet_gateway().tag_specifications(specification);
        let answer = call.send().await.map_err(on("ec2 CreateInternetGateway"))?;
        let id = answer.internet_gateway().and_then(|gateway| gateway.internet_gateway_id());
        let id = required("ec2 CreateInternetGateway", "InternetGatewayId", id)?;
        self.attach(context, id).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let attached = attached_to(context, &target.id).await?;
        for vpc in attached.iter().filter(|vpc| *vpc != self.vpc.text()) {
            detach(context, &target.id, vpc).await?;
        }
        if !attached.iter().any(|vpc| vpc == self.vpc.text()) {
            self.attach(context, &target.id).await?;
        }
        Ok(made(&target.id, &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        for vpc in attached_to(context, &target.id).await? {
            detach(context, &target.id, &vpc).await?;
        }
        let call = context.aws.ec2.delete_internet_gateway().internet_gateway_id(&target.id);
        call.send().await.map_err(on("ec2 DeleteInternetGateway"))?;
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    /// A VPC has room for one.
    async fn neighbours(&self, context: &Context, ids: &[String]) -> Result<Vec<Neighbour>, Failure> {
        let mut there = Vec::new();
        if !ids.is_empty() {
            there = describe(context, tags::ec2::filter("internet-gateway-id", ids.iter().cloned())).await?;
        }
        if !self.vpc.text().is_empty() {
            there
                .extend(describe(context, tags::ec2::filter("attachment.vpc-id", [self.vpc.text().to_owned()])).await?);
        }
        Ok(there.iter().map(|one| Neighbour::new(one.internet_gateway_id(), tags::ec2::read(one.tags()))).collect())
    }

    fn grants(place: &Place) -> Vec<Grant> {
        place
            .grants("ec2", &["internet-gateway/*"])
            .see(&["DescribeInternetGateways"])
            .create("CreateInternetGateway")
            .change(&["AttachInternetGateway"])
            .remove(&["DetachInternetGateway", "DeleteInternetGateway"])
            .at(&["vpc/*"])
            .change(&["AttachInternetGateway"])
            .remove(&["DetachInternetGateway"])
            .done()
    }
}

impl InternetGateway {
    /// "Already associated" is the answer to a second try as well as to a gateway that is elsewhere.
    async fn attach(&self, context: &Context, id: &str) -> Result<(), Failure> {
        let call = context.aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(self.vpc.text());
        match call.send().await.map_err(on("ec2 AttachInternetGateway")) {
            Err(failure) if failure.cause == Cause::Taken => {
                let attached = attached_to(context, id).await?;
                if attached.iter().any(|vpc| vpc == self.vpc.text()) { Ok(()) } else { Err(failure) }
            }
            result => result.map(|_| ()),
        }
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<types::InternetGateway>, Failure> {
    let pages = context.aws.ec2.describe_internet_gateways().filters(which).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeInternetGateways"))
}

/// The VPCs a gateway is attached to: one or none.
async fn attached_to(context: &Context, id: &str) -> Result<Vec<String>, Failure> {
    let call = context.aws.ec2.describe_internet_gateways().internet_gateway_ids(id);
    let answer = call.send().await.map_err(on("ec2 DescribeInternetGateways"))?;
    let attachments = answer.internet_gateways().iter().flat_map(|gateway| gateway.attachments());
    Ok(attachments.filter_map(|attachment| attachment.vpc_id().map(str::to_owned)).collect())
}

async fn detach(context: &Context, id: &str, vpc: &str) -> Result<(), Failure> {
    let call = context.aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    match call.send().await.map_err(on("ec2 DetachInternetGateway")) {
        Err(failure) if failure.cause == Cause::Gone => Ok(()),
        result => result.map(|_| ()),
    }
}
