//! What takes the place of a default route: endpoints for what ECS needs before the first container starts.

use crate::borrowed::network::{Endpoint, Subnet, Vpc};
use crate::engine::plan::Finding;

use super::finding::{refusal, warning};
use super::network::Uses;

/// What ECS calls for the task: the registry (twice), where the layers are, logs and secrets. (Amazon ECS developer
/// guide, "Amazon ECS interface VPC endpoints".)
const NEEDED: [&str; 5] = ["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager"];

/// What the task itself calls for ECS Exec.
const EXEC: &str = "ssmmessages";

/// What ECS says of a task that has no way out (vendor's guide, "Troubleshooting").
const ERROR: &str = "ResourceInitializationError: unable to pull secrets or registry auth";

/// What follows from a subnet having no default route that works. `vpc`: its VPC, where it is known.
pub fn without_route(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    let id = &subnet.id;
    let dead = subnet.default_route.as_ref();
    let why = dead.map_or_else(
        || "has no default route".to_owned(),
        |route| format!("has a default route to {}, which is gone or does not work (blackhole)", route.id),
    );
    let Some(endpoints) = vpc.and_then(|vpc| vpc.endpoints.as_deref()) else {
        return vec![warning(
            "subnet/not-checked",
            format!("the subnet {id} {why}, and whether endpoints take its place could not be read"),
            format!(
                "without a way out ECS stops the task with \"{ERROR}\": allow ec2:DescribeVpcEndpoints, or look yourself"
            ),
        )];
    };
    let lacks = lacks(endpoints, subnet, uses);
    if !lacks.is_empty() {
        return vec![refusal(
            if dead.is_some() { "subnet/dead-route" } else { "subnet/no-egress" },
            format!(
                "the subnet {id} {why}, and endpoints do not take its place: {}; ECS would stop the task with \"{ERROR}\"",
                lacks.join(", ")
            ),
            format!(
                "give its route table {} a default route to a NAT gateway, a transit gateway or a firewall, or add \
                 what is missing",
                subnet.route_table
            ),
        )];
    }
    let mut findings = Vec::new();
    if !uses.proxy {
        findings.push(warning(
            "subnet/endpoints-only",
            format!(
                "the subnet {id} {why}, only endpoints: ECS can start the task, but Cloud Exchange cannot reach the Netskope \
                 tenant or any other vendor"
            ),
            "set [proxy] in the plan file, or give the subnet a default route; the endpoints' security groups must admit \
             port 443 from the subnet",
        ));
    }
    if !reaches(endpoints, EXEC, subnet) {
        findings.push(warning(
            "subnet/no-exec",
            format!(
                "the subnet {id} {why} and its VPC no endpoint {EXEC}: no shell can be opened in the task (ECS Exec)"
            ),
            format!("add an interface endpoint {EXEC} with private DNS"),
        ));
    }
    findings
}

/// What ECS needs and cannot reach, as words of a message.
pub fn lacks(endpoints: &[Endpoint], subnet: &Subnet, uses: &Uses) -> Vec<String> {
    let needed = NEEDED.iter().filter(|service| !reaches(endpoints, service, subnet));
    let services = needed.map(|service| {
        let there = endpoints.iter().find(|endpoint| endpoint.service == *service);
        match there {
            None => format!("no endpoint {service}"),
            Some(endpoint) if endpoint.is_gateway => {
                format!("the gateway endpoint {service} is not in the route table {}", subnet.route_table)
            }
            Some(_) => format!("the endpoint {service} has no private DNS"),
        }
    });
    let registries = uses.registries.iter().map(|host| format!("no endpoint leads to the registry {host}"));
    services.chain(registries).collect()
}

fn reaches(endpoints: &[Endpoint], service: &str, subnet: &Subnet) -> bool {
    endpoints.iter().filter(|endpoint| endpoint.service == service).any(|endpoint| {
        if endpoint.is_gateway { endpoint.route_tables.contains(&subnet.route_table) } else { endpoint.private_dns }
    })
}
