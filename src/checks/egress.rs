//! What takes the place of a default route: endpoints for what ECS needs before the first container starts.

use std::fmt;

use crate::borrowed::network::{Endpoint, Subnet, Vpc};
use crate::engine::plan::Finding;

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

/// What follows from a subnet having no default route that works. `vpc`: its VPC, where it is known.
pub fn without_route(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    let id = &subnet.id;
    let dead = subnet.default_route.as_ref();
    let why = dead.map_or_else(
        || format!("the subnet {id} has no default route"),
        |route| format!("the default route of the subnet {id} leads to {}, which is gone or off (blackhole)", route.id),
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
        return vec![refused(dead.is_some(), &why, &lacks, subnet)];
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
