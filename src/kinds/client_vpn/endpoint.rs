//! The endpoint that clients connect to.

use aws_sdk_ec2::types::{
    self as sdk, ClientVpnAuthenticationRequest, ClientVpnAuthenticationType, ClientVpnEndpointStatusCode,
    ConnectionLogOptions, DnsServersOptionsModifyStructure, ResourceType,
};

use crate::kinds::ec2;
use crate::kinds::prelude::*;
use crate::kinds::security_group::SecurityGroup;
use crate::kinds::vpc::Vpc;

use super::presence;

/// A Client VPN endpoint with mutual authentication: the server's certificate, and the certificate whose authority
/// signs those of the clients. Outputs: `id`, `arn`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientVpnEndpoint {
    pub vpc: Ref<Vpc>,
    /// Addresses of the clients. They are seen by nobody: traffic leaves the endpoint with an address of the subnet.
    pub client_cidr: String,
    /// ARN.
    pub server_certificate: Ref,
    /// ARN.
    pub client_root: Ref,
    pub groups: Set<Ref<SecurityGroup>>,
    /// At most two; none: clients keep their own.
    pub dns_servers: Vec<String>,
    /// `udp` or `tcp`.
    pub transport: String,
    pub port: i32,
    /// Whether clients send only the VPC's traffic this way.
    pub split_tunnel: bool,
    pub session_hours: i32,
    /// The name of the log group for connections; AWS makes a stream in it.
    pub log_group: Option<Ref>,
}

impl Spec for ClientVpnEndpoint {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["vpc", "client_cidr", "client_root", "transport"],
        seconds: Seconds { create: 2.0, ready: 0.0, gone: 10.0, patience: 900.0 },
        ..Kind::new("client-vpn-endpoint", Part::Ingress)
    };
}

#[async_trait]
impl Resource for ClientVpnEndpoint {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let found = of_group(context).await?.into_iter().filter_map(|endpoint| {
            let found = Found::new(endpoint.client_vpn_endpoint_id());
            let arn = arn(context, &found.id);
            let found = found.output("arn", arn.as_str()).phase(phase(&endpoint)?);
            Some(found.tags(tags::read(endpoint.tags())).spec(read(&endpoint)))
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let root = sdk::CertificateAuthenticationRequest::builder();
        let authentication = ClientVpnAuthenticationRequest::builder()
            .r#type(ClientVpnAuthenticationType::CertificateAuthentication)
            .mutual_authentication(root.client_root_certificate_chain_arn(self.client_root.text()).build());
        let call = context
            .aws
            .ec2
            .create_client_vpn_endpoint()
            .client_cidr_block(&self.client_cidr)
            .server_certificate_arn(self.server_certificate.text())
            .authentication_options(authentication.build())
            .connection_log_options(self.logging())
            .set_dns_servers(Some(self.dns_servers.clone()).filter(|servers| !servers.is_empty()))
            .transport_protocol(self.transport.as_str().into())
            .vpn_port(self.port)
            .description(format!("Cloud Exchange {}", context.names.deployment))
            .split_tunnel(self.split_tunnel)
            .vpc_id(self.vpc.text())
            .set_security_group_ids(Some(self.groups.texts()))
            .session_timeout_hours(self.session_hours)
            .client_token(&target.token)
            .tag_specifications(ec2::at_creation(ResourceType::ClientVpnEndpoint, &target.tags));
        let answer = call.send().await.answer()?;
        let id = member(&answer, "ClientVpnEndpointId", |answer| answer.client_vpn_endpoint_id())?;
        Ok(made(id, &[("arn", &arn(context, id))]))
    }

    /// Its groups by a call of their own: ModifyClientVpnEndpoint changes them within hours only, and the interfaces
    /// keep the old ones meanwhile (hashicorp/terraform-provider-aws#33996).
    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let ec2 = &context.aws.ec2;
        if target.changed("groups") {
            let call = ec2.apply_security_groups_to_client_vpn_target_network().client_vpn_endpoint_id(&target.id);
            call.vpc_id(self.vpc.text()).set_security_group_ids(Some(self.groups.texts())).send().await.done()?;
        }
        if !target.changes.is_empty() && target.changes.iter().all(|change| change.top() == "groups") {
            return Ok(());
        }
        let servers = DnsServersOptionsModifyStructure::builder().enabled(!self.dns_servers.is_empty());
        let servers = servers.set_custom_dns_servers(Some(self.dns_servers.clone()).filter(|all| !all.is_empty()));
        let mut call = ec2.modify_client_vpn_endpoint().client_vpn_endpoint_id(&target.id);
        // Only what differs: any change ends the sessions of the clients.
        if target.is_due("server_certificate") {
            call = call.server_certificate_arn(self.server_certificate.text());
        }
        if target.is_due("log_group") {
            call = call.connection_log_options(self.logging());
        }
        if target.is_due("dns_servers") {
            call = call.dns_servers(servers.build());
        }
        if target.is_due("port") {
            call = call.vpn_port(self.port);
        }
        if target.is_due("split_tunnel") {
            call = call.split_tunnel(self.split_tunnel);
        }
        if target.is_due("session_hours") {
            call = call.session_timeout_hours(self.session_hours);
        }
        call.send().await.done()
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.ec2.delete_client_vpn_endpoint().client_vpn_endpoint_id(&target.id).send().await.done()
    }

    /// One of its VPC for the same clients.
    async fn candidates(&self, context: &Context, ids: &[String]) -> Result<Vec<Found<Self>>, Failure> {
        let all = all(context).await?;
        let found = all.iter().filter_map(|endpoint| {
            let spec = read(endpoint);
            let is_meant = (spec.vpc.text(), &spec.client_cidr) == (self.vpc.text(), &self.client_cidr);
            let found = Found::new(endpoint.client_vpn_endpoint_id()).phase(phase(endpoint)?);
            let is_it = is_meant || ids.contains(&found.id);
            let arn = arn(context, &found.id);
            is_it.then(|| found.output("arn", arn.as_str()).tags(tags::read(endpoint.tags())).spec(spec))
        });
        Ok(found.collect())
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = Grants::new(place, "ec2", &["client-vpn-endpoint/*"]);
        if !place.client_vpn {
            return grants;
        }
        let export = Grant::new(Use::Connect, "ec2", &["ExportClientVpnClientConfiguration"])
            .on([place.names.arn("ec2", "client-vpn-endpoint/*")])
            .of(&place.names.deployment);
        let changing = ["CreateClientVpnEndpoint", "ApplySecurityGroupsToClientVpnTargetNetwork"];
        grants
            .see(&["DescribeClientVpnEndpoints"])
            .also(Grant::new(Use::Connect, "ec2", &["DescribeClientVpnEndpoints"]))
            .also(export)
            .create("CreateClientVpnEndpoint")
            // Also for the rules: which there are depends on the ranges of the user's VPC, which nobody may know yet.
            .change(&[
                "ModifyClientVpnEndpoint",
                "ApplySecurityGroupsToClientVpnTargetNetwork",
                "AuthorizeClientVpnIngress",
                // `vpn revoke`.
                "ExportClientVpnClientCertificateRevocationList",
                "ImportClientVpnClientCertificateRevocationList",
            ])
            .remove(&["DeleteClientVpnEndpoint"])
            // The first endpoint of an account makes the role that the service works with, in the caller's name (AWS
            // Client VPN administrator guide, "Service-linked roles for Client VPN").
            .also(place.linking(principals::CLIENT_VPN))
            .at(&["security-group/*"])
            .change(&changing)
            .at(&["vpc/*"])
            .inside(place.vpc.as_slice(), &changing)
    }
}

impl ClientVpnEndpoint {
    fn logging(&self) -> ConnectionLogOptions {
        let group = self.log_group.as_ref().map(|group| group.text().to_owned());
        ConnectionLogOptions::builder().enabled(group.is_some()).set_cloudwatch_log_group(group).build()
    }
}

/// The deployment's endpoints, also those that are being deleted. Without its security group there is none, and nothing
/// is asked. All of the region are read, of which there are few: no filter by tags is documented (EC2 API reference,
/// DescribeClientVpnEndpoints).
pub(super) async fn of_group(context: &Context) -> Result<Vec<sdk::ClientVpnEndpoint>, Failure> {
    if presence::is_possible(context) { ours(context).await } else { Ok(Vec::new()) }
}

/// The same whatever is known.
pub async fn ours(context: &Context) -> Result<Vec<sdk::ClientVpnEndpoint>, Failure> {
    let is_ours = |one: &sdk::ClientVpnEndpoint| {
        let tags = tags::read(one.tags());
        tags::address_of(context, ClientVpnEndpoint::KIND.name, &tags).is_some()
    };
    Ok(all(context).await?.into_iter().filter(is_ours).collect())
}

async fn all(context: &Context) -> Result<Vec<sdk::ClientVpnEndpoint>, Failure> {
    let call = context.aws.ec2.describe_client_vpn_endpoints();
    call.into_paginator().items().send().try_collect().await.answer()
}

/// The ids of those that exist: as this run knows them, or as AWS lists them.
pub(super) async fn ids(context: &Context) -> Result<Vec<String>, Failure> {
    let known = context.outputs(ClientVpnEndpoint::KIND.name, "id");
    if !known.is_empty() {
        return Ok(known);
    }
    let all = of_group(context).await?;
    Ok(all.iter().filter(|one| phase(one).is_some()).map(|one| text(one.client_vpn_endpoint_id())).collect())
}

fn arn(context: &Context, id: &str) -> String {
    context.names.arn("ec2", &format!("client-vpn-endpoint/{id}"))
}

fn read(endpoint: &sdk::ClientVpnEndpoint) -> ClientVpnEndpoint {
    let roots = endpoint.authentication_options().iter().filter_map(|one| one.mutual_authentication());
    let root = roots.filter_map(|mutual| mutual.client_root_certificate_chain()).next();
    let logs = endpoint.connection_log_options().filter(|logs| logs.enabled() == Some(true));
    ClientVpnEndpoint {
        vpc: endpoint.vpc_id().unwrap_or_default().into(),
        client_cidr: text(endpoint.client_cidr_block()),
        server_certificate: endpoint.server_certificate_arn().unwrap_or_default().into(),
        client_root: root.unwrap_or_default().into(),
        groups: endpoint.security_group_ids().iter().map(|id| Ref::value(id.as_str())).collect(),
        dns_servers: endpoint.dns_servers().to_vec(),
        transport: endpoint.transport_protocol().map(|protocol| protocol.as_str().to_owned()).unwrap_or_default(),
        port: endpoint.vpn_port().unwrap_or_default(),
        split_tunnel: endpoint.split_tunnel().unwrap_or_default(),
        session_hours: endpoint.session_timeout_hours().unwrap_or_default(),
        log_group: logs.and_then(|logs| logs.cloudwatch_log_group()).map(Ref::value),
    }
}

/// `None` for a deleted one. Without an associated subnet it is as ready as it can be.
fn phase(endpoint: &sdk::ClientVpnEndpoint) -> Option<Phase> {
    match endpoint.status()?.code()? {
        ClientVpnEndpointStatusCode::Deleted => None,
        ClientVpnEndpointStatusCode::Deleting => Some(Phase::Deleting("being deleted by AWS".to_owned())),
        _ => Some(Phase::Ready),
    }
}
