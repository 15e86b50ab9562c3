//! Where the clients of a VPN may go.

use aws_sdk_ec2::types::{
    AuthorizationRule, ClientVpnAuthorizationRuleStatus, ClientVpnAuthorizationRuleStatusCode as Code,
};

use crate::kinds::prelude::*;

use super::endpoint::{self, ClientVpnEndpoint};

/// What tells our rules from those that somebody adds by hand, which are left alone: rules carry no tags.
const DESCRIPTION: &str = "The VPC of Cloud Exchange";

/// An authorization rule: every client may reach this network. Its address is the network, with hyphens. Outputs: `id`
/// (`endpoint/network`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientVpnRule {
    pub endpoint: Ref<ClientVpnEndpoint>,
    /// In CIDR notation.
    pub network: String,
}

impl Spec for ClientVpnRule {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["endpoint", "network"],
        replaceable: Some("clients are disconnected for a moment"),
        tagged: false,
        security: true,
        // About a minute (AWS Client VPN administrator guide, "Authorization rules"; unverified).
        seconds: Seconds { create: 1.0, ready: 40.0, gone: 20.0, patience: 900.0 },
        ..Kind::new("client-vpn-rule", Part::Ingress)
    };
}

#[async_trait]
impl Resource for ClientVpnRule {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let ids = endpoint::ids(context).await?;
        let of_each = ids.iter().map(|id| async move {
            let call = context.aws.ec2.describe_client_vpn_authorization_rules().client_vpn_endpoint_id(id);
            let all: Result<Vec<_>, _> = call.into_paginator().items().send().try_collect().await;
            Ok(all.unless_gone()?.unwrap_or_default())
        });
        let all: Vec<AuthorizationRule> = try_join_all(of_each).await?.into_iter().flatten().collect();
        let ours = all.iter().filter(|rule| rule.description() == Some(DESCRIPTION));
        let found = ours.filter_map(|rule| {
            let endpoint = rule.client_vpn_endpoint_id().unwrap_or_default();
            let network = rule.destination_cidr().unwrap_or_default();
            let spec = Self { endpoint: endpoint.into(), network: network.to_owned() };
            let address = Address::new(Self::KIND.name, &Self::name_of(network));
            Some(Found::of(made_of(endpoint, network)).at(address).phase(phase(rule.status()?)?).spec(spec))
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context.aws.ec2.authorize_client_vpn_ingress().client_vpn_endpoint_id(self.endpoint.text());
        let call = call.target_network_cidr(&self.network).authorize_all_groups(true).description(DESCRIPTION);
        call.client_token(&target.token).send().await.done()?;
        Ok(made_of(self.endpoint.text(), &self.network))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let (endpoint, network) = target.id.split_once('/').unwrap_or_default();
        let call = context.aws.ec2.revoke_client_vpn_ingress().client_vpn_endpoint_id(endpoint);
        call.target_network_cidr(network).revoke_all_groups(true).send().await.done()
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = Grants::new(place, "ec2", &["client-vpn-endpoint/*"]);
        if !place.client_vpn {
            return grants;
        }
        grants
            .own(Use::See, &["DescribeClientVpnAuthorizationRules"])
            .change(&["AuthorizeClientVpnIngress"])
            .remove(&["RevokeClientVpnIngress"])
    }
}

impl ClientVpnRule {
    /// The name of the rule for a network: `172-16-0-0-16`.
    pub fn name_of(network: &str) -> String {
        network.replace(['.', '/', ':'], "-")
    }
}

fn made_of(endpoint: &str, network: &str) -> Made {
    made(format!("{endpoint}/{network}").as_str(), &[])
}

/// A revoked rule is listed until it has gone.
fn phase(status: &ClientVpnAuthorizationRuleStatus) -> Option<Phase> {
    Some(match status.code()? {
        Code::Active => Phase::Ready,
        Code::Revoking => Phase::Deleting("being revoked by AWS".to_owned()),
        Code::Failed => Phase::Failed(text(status.message())),
        _ => Phase::Pending("being authorized by AWS".to_owned()),
    })
}
