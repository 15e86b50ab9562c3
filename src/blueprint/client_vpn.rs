//! The client VPN: an endpoint, its certificate and authority, the subnets that it leads to, and where clients may go.

use ipnet::Ipv4Net;

use crate::engine::graph::Handle;
use crate::engine::reference::{Need, Ref};
use crate::engine::set::Set;
use crate::kinds::client_vpn::{
    ClientVpnAssociation, ClientVpnAuthority, ClientVpnCertificate, ClientVpnEndpoint, ClientVpnRule, PURPOSE, domain,
};
use crate::kinds::log_group::LogGroup;
use crate::kinds::security_group::SecurityGroup;

use super::groups::Groups;
use super::network::Network;
use super::stack::Stack;

/// Adds it, if there is to be one.
pub fn add(stack: &mut Stack<'_>, network: &Network, groups: &Groups) {
    let wanted = stack.plan.client_vpn.clone();
    let (Some(client_cidr), Some(group)) = (wanted.client_cidr, &groups.client_vpn) else { return };
    let brought = wanted.server_certificate_arn.as_ref().map(|arn| Ref::value(arn.as_str()));
    let server_certificate = brought.unwrap_or_else(|| certificate(stack, group));
    let client_root = wanted.client_root_certificate_arn.as_ref().map(|arn| Ref::value(arn.as_str()));
    let retention_days = Some(stack.plan.logs.retention_days.days());
    let logs = LogGroup { name: stack.names().log_group("client-vpn"), retention_days };
    let logs = stack.add("client-vpn", &logs);
    let endpoint = ClientVpnEndpoint {
        vpc: network.vpc.id(),
        client_cidr: client_cidr.as_str(),
        // The authority of the server's certificate signs those of the clients too.
        client_root: client_root.unwrap_or_else(|| server_certificate.clone()),
        server_certificate,
        groups: Set::new([group.id()]),
        dns_servers: network.cidrs.first().and_then(|cidr| resolver(cidr)).into_iter().collect(),
        transport: wanted.transport.as_str().to_owned(),
        port: wanted.port.number(),
        split_tunnel: wanted.split_tunnel,
        session_hours: wanted.session_hours.number(),
        log_group: Some(logs.output("name", Need::Ready).any()),
    };
    let endpoint = stack.add("main", &endpoint);
    let associations = network.private.iter().take(wanted.associations()).map(|subnet| {
        let name = subnet.address().map_or_else(|| subnet.id().text().to_owned(), |address| address.name().to_owned());
        stack.add(&name, &ClientVpnAssociation { endpoint: endpoint.id(), subnet: subnet.id() })
    });
    let associations: Vec<_> = associations.collect();
    for cidr in &network.cidrs {
        let rule = ClientVpnRule { endpoint: endpoint.id(), network: cidr.clone() };
        let rule = stack.add(&ClientVpnRule::name_of(cidr), &rule);
        // AWS refuses some changes of an endpoint without an association.
        stack.order(&rule, &associations, Need::Exists);
    }
}

/// The endpoint's certificate, signed by an authority of the deployment's own. Everything waits for the group that says
/// that there may be a VPN.
fn certificate(stack: &mut Stack<'_>, group: &Handle<SecurityGroup>) -> Ref {
    let authority = ClientVpnAuthority { name: stack.names().secret(PURPOSE) };
    let authority = stack.add("main", &authority);
    stack.graph.order(&authority, group, Need::Exists);
    let certificate = ClientVpnCertificate {
        domain: domain(stack.names()),
        authority: authority.output("fingerprint", Need::Exists),
        expires_soon: false,
    };
    let certificate = stack.add("main", &certificate);
    stack.graph.order(&certificate, group, Need::Exists);
    certificate.arn().any()
}

/// The resolver of a VPC: the second address of its first range (Amazon VPC user guide, "Amazon DNS server").
fn resolver(cidr: &str) -> Option<String> {
    let net: Ipv4Net = cidr.parse().ok()?;
    net.hosts().nth(1).map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolver_is_the_second_address_of_the_vpc() {
        assert_eq!(resolver("172.16.0.0/16").as_deref(), Some("172.16.0.2"));
        assert_eq!(resolver("none"), None);
    }
}
