//! How a task reaches the internet from its subnet, or the endpoints that ECS needs before the first container starts.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::plan::Finding;
use crate::existing::network::{Endpoint, Subnet, Vpc};
use crate::existing::routes::{self, Carries, Route, Via};

use super::finding::{refusal, warning};

/// Services that ECS calls to start a task: the registry (twice), its layers, logs and secrets (Amazon ECS developer
/// guide, "Amazon ECS interface VPC endpoints").
const NEEDED: [&str; 5] = ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"];

/// The service that the task itself calls for ECS Exec.
const EXEC: &str = "ssmmessages";

/// ECS's errors for a task that cannot reach them (vendor's guide, "Troubleshooting"), and for one that cannot reach
/// its registry.
const ERRORS: [&str; 2] =
    ["ResourceInitializationError: unable to pull secrets or registry auth", "CannotPullContainerError"];

/// A hundredth of the internet may be unreachable without a warning: that is likely intended.
const DELIBERATE: u64 = 100;

/// What the deployment needs of its subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Free addresses that each subnet must have, see [`super::network::addresses`].
    pub addresses: u32,
    /// Whether a load balancer of the deployment is, or will be, in these subnets.
    pub load_balancer: bool,
    /// The port at which users reach the web interface: the load balancer's, or the task's. `None`: behind an existing
    /// load balancer.
    pub port: Option<u16>,
    /// The IPv4 networks of users, in CIDR notation.
    pub clients: Vec<String>,
    /// The registries from which images come, without ECR of this region.
    pub registries: Vec<String>,
    /// Whether Cloud Exchange uses a proxy.
    pub proxy: bool,
}

/// The outbound access of a subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    pub findings: Vec<Finding>,
    /// Whether ECS needs the internet, and a route leads there.
    pub reaches_out: bool,
}

/// How much of the internet each kind of route covers.
#[derive(Default)]
struct Shares<'a> {
    all: u64,
    yes: u64,
    perhaps: u64,
    /// Routes that may reach the internet, and those that do not, by target; `None` if there is no route.
    unsure: BTreeMap<&'a str, &'a Route>,
    cut: BTreeMap<Option<&'a str>, Option<&'a Route>>,
}

impl<'a> Shares<'a> {
    fn of(routes: &'a [Route]) -> Self {
        let mut shares = Self::default();
        for part in routes::internet(routes) {
            shares.all += part.size;
            match part.route.map_or(Carries::No, Route::carries) {
                Carries::Yes => shares.yes += part.size,
                Carries::Perhaps => {
                    shares.perhaps += part.size;
                    shares.unsure.extend(part.route.map(|route| (route.id.as_str(), route)));
                }
                Carries::No => {
                    shares.cut.insert(part.route.map(|route| route.id.as_str()), part.route);
                }
            }
        }
        shares
    }

    /// The percentage that is reachable, as far as known.
    fn percent(&self) -> u64 {
        (self.yes + self.perhaps) * 100 / self.all.max(1)
    }
}

/// Checks whether a task in this subnet reaches what ECS and Cloud Exchange need. `vpc`: its VPC, if known.
pub fn egress(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Egress {
    let shares = Shares::of(&subnet.routes);
    let endpoints = vpc.and_then(|vpc| vpc.endpoints.as_deref());
    // If endpoints suffice for ECS, the route may serve another purpose.
    let needs_more = endpoints.is_some_and(|endpoints| !lacks(endpoints, subnet, uses).is_empty());
    if shares.yes + shares.perhaps == 0 {
        let is_gateway = |route: &&&Route| route.active && route.via == Via::InternetGateway;
        if let Some(gateway) = shares.cut.values().flatten().find(is_gateway) {
            return Egress { findings: vec![public(subnet, &gateway.id)], reaches_out: false };
        }
        return Egress { findings: without_route(vpc, subnet, uses, &shares), reaches_out: false };
    }
    if needs_more && subnet.is_blocked && shares.yes > 0 {
        let id = &subnet.id;
        let finding = warning(
            "subnet/public-access-blocked",
            format!("VPC Block Public Access blocks internet gateways for the subnet {id}, also through a NAT gateway"),
            "exclude its VPC, or this subnet and the NAT gateway's: aws ec2 create-vpc-block-public-access-exclusion",
        );
        return Egress { findings: vec![finding], reaches_out: true };
    }
    let missing = shares.all - shares.yes - shares.perhaps;
    let mut findings = Vec::new();
    if missing > shares.all / DELIBERATE {
        findings.push(partial(subnet, &shares));
    } else if needs_more && shares.perhaps > shares.yes {
        findings.push(unsure(subnet, &shares));
    }
    Egress { findings, reaches_out: needs_more }
}

fn public(subnet: &Subnet, gateway: &str) -> Finding {
    refusal(
        "subnet/public",
        format!(
            "the subnet {} is public: its default route leads to the internet gateway {gateway}, which a task without \
             a public address cannot use, so ECS could not pull the images",
            subnet.id
        ),
        "name a private subnet, whose default route leads to a NAT gateway, a transit gateway or a firewall",
    )
}

fn partial(subnet: &Subnet, shares: &Shares<'_>) -> Finding {
    let cut: Vec<_> = shares.cut.values().map(|route| route.map_or_else(|| "no route".to_owned(), nowhere)).collect();
    let (Subnet { id, route_table, .. }, percent, cut) = (subnet, shares.percent(), cut.join(", or "));
    warning(
        "subnet/partial-egress",
        format!("the routes of the subnet {id} cover only {percent} % of the internet; the rest has {cut}"),
        format!(
            "make sure that they cover ECS, the registries and your Netskope tenant, or add a route for 0.0.0.0/0 to \
             the route table {route_table}"
        ),
    )
}

/// A route that does not reach the internet, and why.
fn nowhere(route: &Route) -> String {
    let Route { id, active, via, .. } = route;
    if !active {
        return format!("a route to {id}, which is gone or off (blackhole)");
    }
    match via {
        Via::StrandedNat => format!("a route to {id}, whose own subnet has no route to an internet gateway"),
        Via::Peering => format!("a route to {id}, a peering connection, which reaches only one VPC"),
        Via::InternetGateway => format!("a route to {id}, which a task without a public address cannot use"),
        _ => format!("a route to {id}, which does not reach the internet"),
    }
}

fn unsure(subnet: &Subnet, shares: &Shares<'_>) -> Finding {
    let (id, targets) = (&subnet.id, targets(shares.unsure.values().copied()));
    warning(
        "subnet/egress-unseen",
        format!("the subnet {id} reaches the internet through {targets}; what lies behind it cannot be checked"),
        format!(
            "make sure that port 443 of ECR, S3, CloudWatch Logs and Secrets Manager in the region can be reached that \
             way; otherwise {}",
            stops(ERRORS[0])
        ),
    )
}

/// `tgw-1 (a transit gateway) and …`.
fn targets<'a>(routes: impl Iterator<Item = &'a Route>) -> String {
    let all = routes.map(|route| format!("{} ({})", route.id, words(route.via)));
    all.collect::<Vec<_>>().join(" and ")
}

fn stops(error: &str) -> String {
    format!("ECS stops the task with \"{error}\"")
}

fn words(via: Via) -> &'static str {
    match via {
        Via::UnknownNat => "a NAT gateway that is private or may not be read",
        Via::TransitGateway => "a transit gateway",
        Via::VirtualPrivateGateway => "a virtual private gateway",
        Via::CoreNetwork => "a core network",
        Via::LocalGateway => "a local gateway",
        Via::Firewall => "a firewall's endpoint",
        Via::Interface => "a network interface or instance",
        Via::Peering => "a peering connection",
        _ => "a kind of target that ce-aws does not know",
    }
}

/// Findings about a subnet without internet access.
fn without_route(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses, shares: &Shares<'_>) -> Vec<Finding> {
    let id = &subnet.id;
    let dead = shares.cut.values().flatten().next();
    let why = match dead {
        None => format!("the subnet {id} has no default route"),
        Some(Route { id: target, active: false, .. }) => {
            format!("the default route of the subnet {id} leads to {target}, which is gone or off (blackhole)")
        }
        Some(route) => format!("for the internet, the subnet {id} has {}", nowhere(route)),
    };
    let Some(endpoints) = vpc.and_then(|vpc| vpc.endpoints.as_deref()) else {
        return vec![warning(
            "subnet/not-checked",
            format!("{why}, and the caller may not read whether there are endpoints instead"),
            format!(
                "grant the caller ec2:DescribeVpcEndpoints, or check yourself; without endpoints, {}",
                stops(ERRORS[0])
            ),
        )];
    };
    let lacks = lacks(endpoints, subnet, uses);
    if !lacks.is_empty() {
        return vec![shared(subnet, &why, &lacks).unwrap_or_else(|| refused(dead.is_some(), &why, &lacks, subnet))];
    }
    let mut findings = Vec::new();
    if !uses.proxy {
        findings.push(warning(
            "subnet/endpoints-only",
            format!(
                "{why}: ECS can start the task through endpoints, but Cloud Exchange cannot reach the Netskope tenant \
                 or other vendors"
            ),
            "set [proxy] in the plan file, or give the subnet a default route; the endpoints' security groups must \
             allow port 443 from the subnet",
        ));
    }
    if !reaches(endpoints, EXEC, subnet) {
        findings.push(warning(
            "subnet/no-exec",
            format!("{why}, and its VPC has no endpoint {EXEC}: ECS Exec cannot open a shell in the task"),
            format!("add an interface endpoint {EXEC} with private DNS"),
        ));
    }
    findings
}

/// Endpoints of another VPC can be reached through a peering connection or a gateway, if a private hosted zone or
/// resolver rules resolve their names. That cannot be checked.
fn shared(subnet: &Subnet, why: &str, lacks: &Lacks) -> Option<Finding> {
    let leads = |route: &&Route| route.active && route.via.leads_to_other_networks();
    let routes = subnet.routes.iter().filter(leads).map(|route| (route.id.as_str(), route));
    let routes: BTreeMap<&str, &Route> = routes.collect();
    (!routes.is_empty()).then_some(warning(
        "subnet/shared-endpoints",
        format!(
            "{why}, and its VPC lacks endpoints instead: {lacks}; whether another network has them, behind {}, \
                 cannot be checked",
            targets(routes.values().copied())
        ),
        format!(
            "make sure that their names resolve to those endpoints (private hosted zones or Route 53 Resolver \
                 rules), and that they allow port 443 from {}; otherwise {}",
            subnet.cidr,
            stops(ERRORS[0])
        ),
    ))
}

fn refused(is_dead: bool, why: &str, lacks: &Lacks, subnet: &Subnet) -> Finding {
    let (table, error) = (&subnet.route_table, if lacks.services.is_empty() { ERRORS[1] } else { ERRORS[0] });
    let add = match (lacks.services.is_empty(), lacks.registries.is_empty()) {
        (true, _) => "copy the images to ECR of this region ([images] in the plan file)",
        (false, true) => "add the endpoints",
        (false, false) => "add the endpoints and copy the images to ECR of this region ([images] in the plan file)",
    };
    refusal(
        if is_dead { "subnet/dead-route" } else { "subnet/no-egress" },
        format!("{why}, and its VPC lacks endpoints instead: {lacks}; ECS would stop the task with \"{error}\""),
        format!("give the route table {table} a default route to a NAT gateway, transit gateway or firewall, or {add}"),
    )
}

/// What ECS needs and cannot reach through endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// `ecr.api`, `s3 in the route table rtb-07`.
    services: Vec<String>,
    /// Hosts.
    registries: Vec<String>,
}

impl Lacks {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.registries.is_empty()
    }
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("there is none for", &self.services), ("none leads to", &self.registries)];
        let parts = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let parts = parts.map(|(what, names)| format!("{what} {}", names.join(", ")));
        f.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}

/// What ECS needs for a task in this subnet and cannot reach through these endpoints.
pub fn lacks(endpoints: &[Endpoint], subnet: &Subnet, uses: &Uses) -> Lacks {
    let needed = NEEDED.iter().filter(|service| !reaches(endpoints, service, subnet));
    let services = needed.map(|service| {
        let there = endpoints.iter().find(|endpoint| endpoint.service == *service);
        match there {
            None => (*service).to_owned(),
            Some(endpoint) if endpoint.is_gateway => format!("{service} in the route table {}", subnet.route_table),
            Some(_) => format!("{service} with private DNS"),
        }
    });
    Lacks { services: services.collect(), registries: uses.registries.clone() }
}

fn reaches(endpoints: &[Endpoint], service: &str, subnet: &Subnet) -> bool {
    endpoints.iter().filter(|endpoint| endpoint.service == service).any(|endpoint| {
        if endpoint.is_gateway { endpoint.route_tables.contains(&subnet.route_table) } else { endpoint.private_dns }
    })
}
