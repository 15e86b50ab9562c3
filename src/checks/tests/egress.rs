//! Outbound access: default routes, and endpoints instead.

use insta::assert_snapshot;

use crate::checks::network::{Uses, usable_subnet};
use crate::engine::plan::Finding;
use crate::existing::network::{Endpoint, Subnet, Vpc};
use crate::existing::routes::{Route, Via};

use super::samples::{ANY, codes, endpoints, route, route_for, subnet, text, uses, vpc};

/// The findings about a subnet with these routes in a VPC with these endpoints.
fn found(routes: Vec<Route>, endpoints: Option<Vec<Endpoint>>, uses: &Uses) -> Vec<Finding> {
    let subnet = Subnet { routes, ..subnet('a') };
    usable_subnet(Some(&Vpc { endpoints, ..vpc() }), &subnet, uses)
}

fn without(service: &str) -> Vec<Endpoint> {
    endpoints().into_iter().filter(|endpoint| endpoint.service != service).collect()
}

fn dead() -> Vec<Route> {
    vec![Route { active: false, ..route_for(ANY, Via::Nat, "nat-07") }]
}

#[test]
fn without_a_route_each_missing_endpoint_is_named() {
    for service in ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"] {
        let findings = found(Vec::new(), Some(without(service)), &uses());
        assert_eq!(codes(&findings), ["subnet/no-egress"], "{service}");
        assert!(findings[0].message.contains(&format!("there is none for {service};")), "{}", findings[0].message);
    }
    assert_snapshot!("subnet_no_egress", text(&found(Vec::new(), Some(Vec::new()), &uses())));
}

#[test]
fn an_endpoint_must_be_reachable_from_the_subnet() {
    let mut useless = endpoints();
    for endpoint in &mut useless {
        endpoint.private_dns = false;
        endpoint.route_tables = vec!["rtb-0b".to_owned()];
    }
    let findings = found(Vec::new(), Some(useless), &uses());
    assert_eq!(codes(&findings), ["subnet/no-egress"]);
    assert_snapshot!("subnet_useless_endpoints", text(&findings));
}

#[test]
fn an_interface_endpoint_with_private_dns_serves_for_s3_too() {
    let mut all = endpoints();
    for endpoint in all.iter_mut().filter(|endpoint| endpoint.service == "s3") {
        (endpoint.is_gateway, endpoint.private_dns) = (false, true);
    }
    assert_eq!(codes(&found(Vec::new(), Some(all), &uses())), ["subnet/endpoints-only"]);
}

#[test]
fn no_endpoint_leads_to_another_registry() {
    let uses = Uses { registries: vec!["709825985650.dkr.ecr.us-east-1.amazonaws.com".to_owned()], ..uses() };
    let findings = found(Vec::new(), Some(endpoints()), &uses);
    assert_eq!(codes(&findings), ["subnet/no-egress"]);
    assert_snapshot!("subnet_no_registry", text(&findings));
    assert_snapshot!("subnet_no_registry_and_no_endpoint", text(&found(Vec::new(), Some(without("logs")), &uses)));
}

#[test]
fn with_endpoints_only_a_proxy_is_recommended() {
    let findings = found(Vec::new(), Some(endpoints()), &uses());
    assert_eq!(codes(&findings), ["subnet/endpoints-only"]);
    assert_snapshot!("subnet_endpoints_only", text(&findings));
    assert!(found(Vec::new(), Some(endpoints()), &Uses { proxy: true, ..uses() }).is_empty());
}

#[test]
fn without_its_endpoint_ecs_exec_is_reported() {
    let findings = found(Vec::new(), Some(without("ssmmessages")), &Uses { proxy: true, ..uses() });
    assert_eq!(codes(&findings), ["subnet/no-exec"]);
    assert_snapshot!("subnet_no_exec", text(&findings));
}

#[test]
fn a_dead_route_is_refused_unless_endpoints_replace_it() {
    let findings = found(dead(), Some(Vec::new()), &uses());
    assert_eq!(codes(&findings), ["subnet/dead-route"]);
    assert_snapshot!("subnet_dead_route", text(&findings));
    let findings = found(dead(), Some(endpoints()), &uses());
    assert_eq!(codes(&findings), ["subnet/endpoints-only"]);
    assert_snapshot!("subnet_dead_route_and_endpoints", text(&findings));
}

#[test]
fn unreadable_endpoints_are_a_warning() {
    let findings = found(Vec::new(), None, &uses());
    assert_eq!(codes(&findings), ["subnet/not-checked"]);
    assert_snapshot!("subnet_not_checked", text(&findings));
}

#[test]
fn two_half_default_routes_reach_the_internet_and_one_reaches_half_of_it() {
    let halves = [route_for("0.0.0.0/1", Via::Nat, "nat-07"), route_for("128.0.0.0/1", Via::Nat, "nat-07")];
    assert_eq!(found(halves.to_vec(), Some(Vec::new()), &uses()), []);
    let findings = found(halves[..1].to_vec(), Some(Vec::new()), &uses());
    assert_eq!(codes(&findings), ["subnet/partial-egress"]);
    assert_snapshot!("subnet_partial_egress", text(&findings));
}

#[test]
fn a_gateway_or_firewall_is_a_warning_unless_endpoints_replace_it() {
    for via in
        [Via::TransitGateway, Via::VirtualPrivateGateway, Via::Firewall, Via::Interface, Via::UnknownNat, Via::Other]
    {
        let findings = found(route(via, "x-1"), Some(Vec::new()), &uses());
        assert_eq!(codes(&findings), ["subnet/egress-unseen"], "{via:?}");
        assert_eq!(found(route(via, "x-1"), Some(endpoints()), &uses()), [], "{via:?}");
    }
    assert_snapshot!(
        "subnet_egress_unseen",
        text(&found(route(Via::TransitGateway, "tgw-03"), Some(Vec::new()), &uses()))
    );
}

#[test]
fn endpoints_of_another_network_may_be_used() {
    let corporate = |via, id: &str| vec![route_for("10.0.0.0/8", via, id)];
    let findings = found(corporate(Via::TransitGateway, "tgw-03"), Some(without("logs")), &uses());
    assert_eq!(codes(&findings), ["subnet/shared-endpoints"]);
    assert_snapshot!("subnet_shared_endpoints", text(&findings));
    assert_eq!(codes(&found(corporate(Via::Peering, "pcx-1"), Some(Vec::new()), &uses())), ["subnet/shared-endpoints"]);
    assert_eq!(codes(&found(corporate(Via::Nat, "nat-1"), Some(Vec::new()), &uses())), ["subnet/no-egress"]);
}

#[test]
fn targets_without_transit_do_not_reach_the_internet() {
    for (via, code) in [
        (Via::Peering, "subnet/shared-endpoints"),
        (Via::StrandedNat, "subnet/dead-route"),
        (Via::CarrierGateway, "subnet/dead-route"),
        (Via::EgressOnly, "subnet/dead-route"),
        (Via::Local, "subnet/no-egress"),
        (Via::GatewayEndpoint, "subnet/no-egress"),
    ] {
        assert_eq!(codes(&found(route(via, "x-1"), Some(Vec::new()), &uses())), [code], "{via:?}");
    }
    assert_snapshot!("subnet_stranded_nat", text(&found(route(Via::StrandedNat, "nat-07"), Some(Vec::new()), &uses())));
}

#[test]
fn a_large_prefix_with_a_dead_target_is_reported() {
    let mut routes = route(Via::Nat, "nat-07");
    routes.push(Route { active: false, ..route_for("3.3.3.0/24", Via::Interface, "eni-1") });
    assert_eq!(found(routes.clone(), Some(Vec::new()), &uses()), []);
    routes.push(route_for("0.0.0.0/1", Via::InternetGateway, "igw-1"));
    assert_eq!(codes(&found(routes, Some(Vec::new()), &uses())), ["subnet/partial-egress"]);
}
