//! Internet gateways.

use aws_sdk_ec2::types::{Filter, ResourceType};

use super::ec2;
use super::prelude::*;
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
        gone_after: &["nat-gateway", "elastic-ip", "load-balancer", "client-vpn-association"],
        stopped_after: &["service"],
        late: true,
        ..Kind::new("internet-gateway", Part::Network)
    };
}

#[async_trait]
impl Resource for InternetGateway {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        describe(context, ec2::ours(context)).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let tags = ec2::at_creation(ResourceType::InternetGateway, &target.tags);
        let answer = context.aws.ec2.create_internet_gateway().tag_specifications(tags).send().await.answer()?;
        let id = member(&answer, "InternetGatewayId", |answer| answer.internet_gateway()?.internet_gateway_id())?;
        self.attach(context, id).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let attached = attached_to(context, &target.id).await?;
        for vpc in attached.iter().filter(|vpc| *vpc != self.vpc.text()) {
            detach(context, &target.id, vpc).await?;
        }
        if !attached.iter().any(|vpc| vpc == self.vpc.text()) {
            self.attach(context, &target.id).await?;
        }
        Ok(())
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        for vpc in attached_to(context, &target.id).await? {
            detach(context, &target.id, &vpc).await?;
        }
        context.aws.ec2.delete_internet_gateway().internet_gateway_id(&target.id).send().await.done()
    }

    /// The VPC's: it has room for one.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        let mut found = describe(context, ec2::filter("internet-gateway-id", ids)).await?;
        found.extend(describe(context, ec2::filter("attachment.vpc-id", [self.vpc.text()])).await?);
        Ok(found)
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["internet-gateway/*"])
            .see(&["DescribeInternetGateways"])
            .create("CreateInternetGateway")
            .change(&["AttachInternetGateway"])
            .remove(&["DetachInternetGateway", "DeleteInternetGateway"])
            .at(&["vpc/*"])
            .change(&["AttachInternetGateway"])
            .remove(&["DetachInternetGateway"])
    }
}

impl InternetGateway {
    /// AWS answers "already associated" to a second attempt as well as to a gateway that is attached elsewhere.
    async fn attach(&self, context: &Context, id: &str) -> Result<(), Failure> {
        let call = context.aws.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(self.vpc.text());
        match call.send().await.done() {
            Err(failure) if failure.cause == Cause::Taken => {
                let attached = attached_to(context, id).await?;
                if attached.iter().any(|vpc| vpc == self.vpc.text()) { Ok(()) } else { Err(failure) }
            }
            result => result,
        }
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<Found<InternetGateway>>, Failure> {
    let call = context.aws.ec2.describe_internet_gateways();
    let gateways = ec2::matching(which, |which| call.filters(which).into_paginator().items().send().try_collect());
    let found = gateways.await?.into_iter().map(|gateway| {
        let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id()).unwrap_or_default();
        let spec = InternetGateway { vpc: vpc.into() };
        Found::new(gateway.internet_gateway_id()).tags(tags::read(gateway.tags())).spec(spec)
    });
    Ok(found.collect())
}

/// The VPCs a gateway is attached to: one or none.
async fn attached_to(context: &Context, id: &str) -> Result<Vec<String>, Failure> {
    let answer = context.aws.ec2.describe_internet_gateways().internet_gateway_ids(id).send().await.answer()?;
    let attachments = answer.internet_gateways().iter().flat_map(|gateway| gateway.attachments());
    Ok(attachments.filter_map(|attachment| attachment.vpc_id().map(str::to_owned)).collect())
}

async fn detach(context: &Context, id: &str, vpc: &str) -> Result<(), Failure> {
    context.aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await.done_or_gone()
}
