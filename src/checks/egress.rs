//! How a task gets out of its subnet, and what takes the place of a way out: endpoints for what ECS needs before the first
//! container starts.

use std::collections::BTreeMap;
use std::fmt;

use crate::engine::plan::Finding;
use crate::existing::network::{Endpoint, Subnet, Vpc};
use crate::existing::routes::{self, Carries, Route, Via};

use super::finding::{refusal, warning};
use super::network::Uses;

/// What ECS calls for the task: the registry (twice), where the layers are, logs and secrets. (Amazon ECS developer
/// guide, "Amazon ECS interface VPC endpoints".)
const NEEDED: [&str; 5] = ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"];

/// What the task itself calls for ECS Exec.
const EXEC: &str = "ssmmessages";

/// What ECS says of a task that cannot reach them (vendor's guide, "Troubleshooting"), and of one whose images come from
/// where it cannot reach.
const ERRORS: [&str; 2] =
    ["ResourceInitializationError: unable to pull secrets or registry auth", "CannotPullContainerError"];

/// As much of the internet as somebody may cut off on purpose, without its being worth a word: a hundredth.
const DELIBERATE: u64 = 100;

/// What can be said of how the task gets out of a subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    pub findings: Vec<Finding>,
    /// Whether ECS needs what lies outside of the VPC, and there is a way to it.
    pub reaches_out: bool,
}

/// How much of the internet takes which way.
#[derive(Default)]
struct Shares<'a> {
    all: u64,
    yes: u64,
    perhaps: u64,
    /// Of what may carry: where it leads. Of what does not: the same; `None` where there is no route.
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

    /// The percentage that is reached for all that is known.
    fn percent(&self) -> u64 {
        (self.yes + self.perhaps) * 100 / self.all.max(1)
    }
}

/// How a task in this subnet reaches what ECS and Cloud Exchange need. `vpc`: its VPC, where it is known.
pub fn egress(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Egress {
    let shares = Shares::of(&subnet.routes);
    let endpoints = vpc.and_then(|vpc| vpc.endpoints.as_deref());
    // Where endpoints serve ECS, the route may be for something else.
    let needs_more = endpoints.is_some_and(|endpoints| !lacks(endpoints, subnet, uses).is_empty());
    if shares.yes + shares.perhaps == 0 {
        let public = shares.cut.values().flatten().find(|route| route.active && route.via == Via::InternetGateway);
        if let Some(gateway) = public {
            return Egress { findings: vec![super::network::public(subnet, &gateway.id)], reaches_out: false };
        }
        return Egress { findings: without_route(vpc, subnet, uses, &shares), reaches_out: false };
    }
    if needs_more && subnet.is_blocked && shares.yes > 0 {
        let finding = warning(
            "subnet/public-access-blocked",
            format!(
                "VPC Block Public Access keeps the subnet {} from internet gateways, also behind a NAT gateway",
                subnet.id
            ),
            "have its VPC, or this subnet and the NAT gateway's, excluded (aws ec2 create-vpc-block-public-access-exclusion)",
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

fn partial(subnet: &Subnet, shares: &Shares<'_>) -> Finding {
    let cut: Vec<_> = shares.cut.values().map(|route| route.map_or_else(|| "no route".to_owned(), nowhere)).collect();
    warning(
        "subnet/partial-egress",
        format!(
            "the routes of the subnet {} lead out to {} % of the internet only; the rest has {}",
            subnet.id,
            shares.percent(),
            cut.join(", or ")
        ),
        format!(
            "see that ECS, the registries and your Netskope tenant are in the part that is reached, or give the route \
             table {} a route for 0.0.0.0/0",
            subnet.route_table
        ),
    )
}

/// Why a route does not carry.
fn nowhere(route: &Route) -> String {
    let Route { id, active, via, .. } = route;
    if !active {
        return format!("a route to {id}, which is gone or off (blackhole)");
    }
    match via {
        Via::StrandedNat => format!("a route to {id}, whose own subnet has no way to an internet gateway"),
        Via::Peering => format!("a route to {id}, and a peering connection leads to one VPC and no further"),
        Via::InternetGateway => format!("a route to {id}, which is of no use to a task without a public address"),
        _ => format!("a route to {id}, which leads to no part of the internet"),
    }
}

fn unsure(subnet: &Subnet, shares: &Shares<'_>) -> Finding {
    let ways: Vec<_> = shares.unsure.values().map(|route| format!("{} ({})", route.id, words(route.via))).collect();
    warning(
        "subnet/egress-unseen",
        format!(
            "the subnet {} leads out by {}: what lies behind, and what it lets through, cannot be seen from here",
            subnet.id,
            ways.join(" and ")
        ),
        format!(
            "see that port 443 of ECR, S3, CloudWatch Logs and Secrets Manager of the region is reached that way: if not, ECS \
             stops the task with \"{}\"",
            ERRORS[0]
        ),
    )
}

fn words(via: Via) -> &'static str {
    match via {
        Via::UnknownNat => "a NAT gateway that is private, or may not be read",
        Via::TransitGateway => "a transit gateway",
        Via::VirtualPrivateGateway => "a virtual private gateway",
        Via::CoreNetwork => "a core network",
        Via::LocalGateway => "a local gateway",
        Via::Firewall => "a firewall's endpoint",
        Via::Interface => "a network interface or instance",
        Via::Peering => "a peering connection",
        _ => "something that ce-aws does not know",
    }
}

/// What follows from a subnet having no way to the internet.
fn without_route(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses, shares: &Shares<'_>) -> Vec<Finding> {
    let id = &subnet.id;
    let dead = shares.cut.values().flatten().next();
    let why = dead.map_or_else(
        || format!("the subnet {id} has no default route"),
        |route| match (route.active, route.via) {
            (false, _) => {
                format!("the default route of the subnet {id} leads to {}, which is gone or off (blackhole)", route.id)
            }
            _ => format!("for the internet the subnet {id} has {}", nowhere(route)),
        },
    );
    let Some(endpoints) = vpc.and_then(|vpc| vpc.endpoints.as_deref()) else {
        return vec![warning(
            "subnet/not-checked",
            format!("{why}, and whether endpoints take its place could not be read"),
            format!(
                "allow ec2:DescribeVpcEndpoints to whoever runs ce-aws, or look yourself: with neither, ECS stops the task \
                 with \"{}\"",
                ERRORS[0]
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
                "{why}: through endpoints ECS can start the task, but Cloud Exchange cannot reach the Netskope tenant or \
                 any other vendor"
            ),
            "set [proxy] in the plan file, or give the subnet a default route; the endpoints' security groups must admit \
             port 443 from the subnet",
        ));
    }
    if !reaches(endpoints, EXEC, subnet) {
        findings.push(warning(
            "subnet/no-exec",
            format!("{why}, and its VPC has no endpoint {EXEC} to use: no shell can be opened in the task (ECS Exec)"),
            format!("add an interface endpoint {EXEC} with private DNS"),
        ));
    }
    findings
}

/// Endpoints of another VPC are reached through a peering connection or a gateway, by names that a private hosted zone or the
/// resolver's rules lead there: of those nothing is known here.
fn shared(subnet: &Subnet, why: &str, lacks: &Lacks) -> Option<Finding> {
    let ways: BTreeMap<&str, &Route> = subnet
        .routes
        .iter()
        .filter(|route| route.active && route.via.leads_to_other_networks())
        .map(|route| (route.id.as_str(), route))
        .collect();
    let ways: Vec<_> = ways.values().map(|route| format!("{} ({})", route.id, words(route.via))).collect();
    (!ways.is_empty()).then(|| {
        warning(
            "subnet/shared-endpoints",
            format!(
                "{why}, and endpoints of its own VPC do not take its place: {lacks}; whether endpoints of another network \
                 do, behind {}, cannot be seen from here",
                ways.join(" and ")
            ),
            format!(
                "see that their names lead there (private hosted zones, or rules of the Route 53 Resolver) and that they admit \
                 port 443 from {}: if not, ECS stops the task with \"{}\"",
                subnet.cidr, ERRORS[0]
            ),
        )
    })
}

fn refused(is_dead: bool, why: &str, lacks: &Lacks, subnet: &Subnet) -> Finding {
    let (table, error) = (&subnet.route_table, if lacks.services.is_empty() { ERRORS[1] } else { ERRORS[0] });
    let add = match (lacks.services.is_empty(), lacks.registries.is_empty()) {
        (true, _) => "have the images in ECR of this region ([images] in the plan file)",
        (false, true) => "add the endpoints",
        (false, false) => "add the endpoints and have the images in ECR of this region ([images] in the plan file)",
    };
    refusal(
        if is_dead { "subnet/dead-route" } else { "subnet/no-egress" },
        format!("{why}, and endpoints do not take its place: {lacks}; ECS would stop the task with \"{error}\""),
        format!("give the route table {table} a default route to a NAT gateway, transit gateway or firewall, or {add}"),
    )
}

/// What ECS needs and cannot reach by endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// In words: `ecr.api`, `s3 in the route table rtb-07`.
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
        let services = Some(format!("there is none for {}", self.services.join(", ")));
        let registries = Some(format!("none leads to {}", self.registries.join(", ")));
        let parts =
            [services.filter(|_| !self.services.is_empty()), registries.filter(|_| !self.registries.is_empty())];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// What ECS needs for a task in this subnet and cannot reach by these endpoints.
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
