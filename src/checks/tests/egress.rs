//! Subnets without a default route that works.

use insta::assert_snapshot;

use crate::borrowed::network::{DefaultRoute, Endpoint, Subnet, Via, Vpc};
use crate::checks::network::{Uses, usable_subnet};
use crate::engine::plan::Finding;

use super::samples::{codes, endpoints, subnet, text, uses, vpc};

/// What is found about a subnet with this default route in a VPC with these endpoints.
fn found(route: Option<DefaultRoute>, endpoints: Option<Vec<Endpoint>>, uses: &Uses) -> Vec<Finding> {
    let subnet = Subnet { default_route: route, ..subnet('a') };
    usable_subnet(Some(&Vpc { endpoints, ..vpc() }), &subnet, uses)
}

fn without(service: &str) -> Vec<Endpoint> {
    endpoints().into_iter().filter(|endpoint| endpoint.service != service).collect()
}

fn dead() -> Option<DefaultRoute> {
    Some(DefaultRoute { via: Via::Nat, id: "nat-07".to_owned(), active: false })
}

#[test]
fn without_a_route_each_endpoint_is_needed_and_named_when_it_lacks() {
    for service in ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"] {
        let findings = found(None, Some(without(service)), &uses());
        assert_eq!(codes(&findings), ["subnet/no-egress"], "{service}");
        assert!(findings[0].message.contains(&format!("there is none for {service};")), "{}", findings[0].message);
    }
    assert_snapshot!("subnet_no_egress", text(&found(None, Some(Vec::new()), &uses())));
}

#[test]
fn an_endpoint_must_be_reachable_from_the_subnet() {
    let mut useless = endpoints();
    for endpoint in &mut useless {
        endpoint.private_dns = false;
        endpoint.route_tables = vec!["rtb-0b".to_owned()];
    }
    let findings = found(None, Some(useless), &uses());
    assert_eq!(codes(&findings), ["subnet/no-egress"]);
    assert_snapshot!("subnet_useless_endpoints", text(&findings));
}

#[test]
fn an_interface_endpoint_with_private_dns_serves_for_s3_too() {
    let mut all = endpoints();
    for endpoint in all.iter_mut().filter(|endpoint| endpoint.service == "s3") {
        (endpoint.is_gateway, endpoint.private_dns) = (false, true);
    }
    assert_eq!(codes(&found(None, Some(all), &uses())), ["subnet/endpoints-only"]);
}

#[test]
fn no_endpoint_leads_to_another_registry() {
    let uses = Uses { registries: vec!["709825985650.dkr.ecr.us-east-1.amazonaws.com".to_owned()], ..uses() };
    let findings = found(None, Some(endpoints()), &uses);
    assert_eq!(codes(&findings), ["subnet/no-egress"]);
    assert_snapshot!("subnet_no_registry", text(&findings));
    assert_snapshot!("subnet_no_registry_and_no_endpoint", text(&found(None, Some(without("logs")), &uses)));
}

#[test]
fn with_endpoints_only_a_proxy_is_recommended() {
    let findings = found(None, Some(endpoints()), &uses());
    assert_eq!(codes(&findings), ["subnet/endpoints-only"]);
    assert_snapshot!("subnet_endpoints_only", text(&findings));
    assert!(found(None, Some(endpoints()), &Uses { proxy: true, ..uses() }).is_empty());
}

#[test]
fn without_its_endpoint_no_shell_can_be_opened() {
    let findings = found(None, Some(without("ssmmessages")), &Uses { proxy: true, ..uses() });
    assert_eq!(codes(&findings), ["subnet/no-exec"]);
    assert_snapshot!("subnet_no_exec", text(&findings));
}

#[test]
fn a_dead_route_is_refused_unless_endpoints_serve() {
    let findings = found(dead(), Some(Vec::new()), &uses());
    assert_eq!(codes(&findings), ["subnet/dead-route"]);
    assert_snapshot!("subnet_dead_route", text(&findings));
    let findings = found(dead(), Some(endpoints()), &uses());
    assert_eq!(codes(&findings), ["subnet/endpoints-only"]);
    assert_snapshot!("subnet_dead_route_and_endpoints", text(&findings));
}

#[test]
fn what_nobody_may_read_is_a_warning() {
    let findings = found(None, None, &uses());
    assert_eq!(codes(&findings), ["subnet/not-checked"]);
    assert_snapshot!("subnet_not_checked", text(&findings));
}
