//! A VPC and two subnets without a finding, sample plans, and findings as text.

use serde_json::Value;

use crate::checks::network::{Uses, addresses};
use crate::engine::address::Address;
use crate::engine::plan::{Action, Finding, Plan, Purpose, Reason, Step, Target};
use crate::existing::network::{AMAZON_DNS, AclEntry, Endpoint, NetworkAcl, Subnet, Vpc};
use crate::existing::routes::{Rank, Route, Via};
use crate::existing::{Lookup, Named};

pub fn named<T>(name: &str, thing: T) -> Named<T> {
    Named { name: name.to_owned(), lookup: Lookup::Found(thing) }
}

pub fn missing<T>(name: &str) -> Named<T> {
    Named { name: name.to_owned(), lookup: Lookup::Missing }
}

pub fn denied<T>(name: &str, answer: &str) -> Named<T> {
    Named { name: name.to_owned(), lookup: Lookup::Denied(answer.to_owned()) }
}

pub fn vpc() -> Vpc {
    Vpc {
        id: "vpc-0a1".to_owned(),
        name: "shared".to_owned(),
        deployment: None,
        cidrs: vec!["10.20.0.0/16".to_owned()],
        dns_support: true,
        dns_hostnames: true,
        dns_servers: Some(vec![AMAZON_DNS.to_owned()]),
        flow_logs: Some(true),
        default_group_rules: Some(0),
        endpoints: Some(Vec::new()),
    }
}

/// A subnet in zone `a` (10.20.1.0/24) or `b` (10.20.2.0/24), with a default route to a NAT gateway.
pub fn subnet(zone: char) -> Subnet {
    let number = if zone == 'a' { 1 } else { 2 };
    Subnet {
        id: format!("subnet-0{zone}"),
        name: String::new(),
        deployment: None,
        vpc: "vpc-0a1".to_owned(),
        zone: format!("eu-west-1{zone}"),
        zone_id: format!("euw1-az{number}"),
        state: "available".to_owned(),
        is_blocked: false,
        outpost: None,
        cidr: format!("10.20.{number}.0/24"),
        free_addresses: 200,
        route_table: format!("rtb-0{zone}"),
        routes: route(Via::Nat, "nat-07"),
        acl: Some(acl(vec![
            entry(100, true, "tcp", "10.0.0.0/8", 0, 65535),
            entry(110, true, "tcp", ANY, 3390, 65535),
        ])),
    }
}

pub const ANY: &str = "0.0.0.0/0";

/// A default route.
pub fn route(via: Via, id: &str) -> Vec<Route> {
    vec![route_for(ANY, via, id)]
}

pub fn route_for(to: &str, via: Via, id: &str) -> Route {
    Route { to: Some(to.parse().unwrap()), via, id: id.to_owned(), active: true, rank: Rank::Static }
}

/// An ACL with these inbound entries that allows all outbound traffic.
pub fn acl(ingress: Vec<AclEntry>) -> NetworkAcl {
    let egress = vec![entry(100, true, "all", ANY, 0, 65535)];
    NetworkAcl { id: "acl-05".to_owned(), ingress, egress }
}

pub fn entry(number: i32, allow: bool, protocol: &str, cidr: &str, from: u16, to: u16) -> AclEntry {
    AclEntry { number, allow, protocol: protocol.to_owned(), cidr: cidr.to_owned(), from, to }
}

/// All endpoints that a task needs without a default route, reachable from both subnets.
pub fn endpoints() -> Vec<Endpoint> {
    let interface = |service: &str| Endpoint {
        service: service.to_owned(),
        is_gateway: false,
        private_dns: true,
        route_tables: Vec::new(),
    };
    let s3 = Endpoint {
        service: "s3".to_owned(),
        is_gateway: true,
        private_dns: false,
        route_tables: vec!["rtb-0a".to_owned(), "rtb-0b".to_owned()],
    };
    let interfaces = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"];
    interfaces.into_iter().map(interface).chain([s3]).collect()
}

/// What a new deployment with a load balancer needs.
pub fn uses() -> Uses {
    Uses {
        addresses: addresses(true, true),
        load_balancer: true,
        port: Some(443),
        clients: vec!["10.0.0.0/8".to_owned()],
        registries: Vec::new(),
        proxy: false,
    }
}

pub fn codes(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The findings with severity, message and hint, without colour.
pub fn text(findings: &[Finding]) -> String {
    let one = |finding: &Finding| {
        let Finding { code, severity, message, hint, .. } = finding;
        format!("{severity:?} {code}\n  {message}\n  hint: {}\n", hint.as_deref().unwrap_or("none"))
    };
    findings.iter().map(one).collect()
}

/// A step that creates something.
pub fn step(address: &str, spec: Value) -> Step {
    let (kind, name) = address.split_once('/').unwrap();
    Step { spec, ..Step::new(Address::new(kind, name), Action::Create, Reason::Missing) }
}

/// A plan of these steps.
pub fn plan(steps: Vec<Step>) -> Plan {
    let target = Target { deployment: "prod".into(), account: "111122223333".into(), region: "eu-west-1".into() };
    Plan { steps, ..Plan::empty(Purpose::Apply, target) }
}
