//! The subnets that a client VPN leads to.

use aws_sdk_ec2::types::{AssociationStatus, AssociationStatusCode, TargetNetwork};

use crate::kinds::prelude::*;
use crate::kinds::subnet::Subnet;

use super::endpoint::{self, ClientVpnEndpoint};

/// A subnet that the endpoint has network interfaces in; with it comes the route to the VPC. It carries no tags, so its
/// address has the name of its subnet's, or the subnet's id where that is the user's. Outputs: `id`
/// (`endpoint/association`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientVpnAssociation {
    pub endpoint: Ref<ClientVpnEndpoint>,
    pub subnet: Ref<Subnet>,
}

impl Spec for ClientVpnAssociation {
    const KIND: Kind = Kind {
        parents: &["security-group", "subnet"],
        immutable: &["endpoint", "subnet"],
        replaceable: Some("clients are disconnected for minutes"),
        tagged: false,
        // Five to ten minutes (AWS Client VPN administrator guide, "Target networks"), and sometimes more than ten
        // (hashicorp/terraform-provider-aws#15680).
        seconds: Seconds { create: 1.0, ready: 420.0, gone: 420.0, patience: 2400.0 },
        ..Kind::new("client-vpn-association", Part::Ingress)
    };
}

#[async_trait]
impl Resource for ClientVpnAssociation {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let ids = endpoint::ids(context).await?;
        let of_each = ids.iter().map(|id| async move {
            let call = context.aws.ec2.describe_client_vpn_target_networks().client_vpn_endpoint_id(id);
            let all: Result<Vec<_>, _> = call.into_paginator().items().send().try_collect().await;
            Ok(all.unless_gone()?.unwrap_or_default())
        });
        let all: Vec<TargetNetwork> = try_join_all(of_each).await?.into_iter().flatten().collect();
        let found = all.iter().filter_map(|network| {
            let (owner, subnet) =
                (network.client_vpn_endpoint_id().unwrap_or_default(), network.target_network_id().unwrap_or_default());
            let spec = Self { endpoint: owner.into(), subnet: subnet.into() };
            let id = format!("{owner}/{}", network.association_id().unwrap_or_default());
            let found = Found::new(id.as_str()).at(address(context, subnet));
            Some(found.phase(phase(network.status()?)?).spec(spec))
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.ec2.associate_client_vpn_target_network().client_vpn_endpoint_id(self.endpoint.text());
        let answer = call.subnet_id(self.subnet.text()).client_token(&target.token).send().await.answer()?;
        let id = member(&answer, "AssociationId", |answer| answer.association_id())?;
        Ok(made(format!("{}/{id}", self.endpoint.text()).as_str(), &[]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ec2.disassociate_client_vpn_target_network();
        let (endpoint, id) = target.id.split_once('/').unwrap_or_default();
        call.client_vpn_endpoint_id(endpoint).association_id(id).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = Grants::new(place, "ec2", &["client-vpn-endpoint/*"]);
        if !place.client_vpn {
            return grants;
        }
        grants
            .own(Use::See, &["DescribeClientVpnTargetNetworks"])
            .change(&["AssociateClientVpnTargetNetwork"])
            .remove(&["DisassociateClientVpnTargetNetwork"])
            .at(&["subnet/*"])
            .inside(&place.subnets, &["AssociateClientVpnTargetNetwork"])
    }
}

fn address(context: &Context, subnet: &str) -> Address {
    let ours = context.each("subnet", "id").find(|(_, id)| *id == subnet);
    Address::new(ClientVpnAssociation::KIND.name, ours.map_or(subnet, |(address, _)| address.name()))
}

/// `None` for one that has gone.
fn phase(status: &AssociationStatus) -> Option<Phase> {
    let said = || text(status.message());
    match status.code()? {
        AssociationStatusCode::Associated => Some(Phase::Ready),
        AssociationStatusCode::Disassociated => None,
        AssociationStatusCode::Disassociating => {
            Some(Phase::Deleting("AWS is taking the VPN out of the subnet".to_owned()))
        }
        AssociationStatusCode::AssociationFailed => Some(Phase::Failed(said())),
        _ => Some(Phase::Pending("AWS is putting the VPN into the subnet, which takes 5 to 10 minutes".to_owned())),
    }
}
