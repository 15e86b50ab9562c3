//! Checks of an existing VPC and its two subnets.

use std::collections::BTreeSet;

use crate::engine::plan::Finding;
use crate::existing::network::{AMAZON_DNS, Subnet, Vpc, Zone, zone};
use crate::existing::{Lookup, Named};

use super::finding::{SUBNET, VPC, refusal, unread, unread_parts, warning};
use super::{egress, network_acl};

pub use super::egress::Uses;

/// Addresses that must be free in each subnet to create the given resources.
///
/// A load balancer may take 8 in each (Elastic Load Balancing user guide, "Subnets for your load balancer"), a mount
/// target takes 1, and so does the task. The next task may start before AWS frees the address of the old one.
pub fn addresses(load_balancer: bool, mount_targets: bool) -> u32 {
    1 + if load_balancer { 8 } else { 0 } + if mount_targets { 2 } else { 0 }
}

/// Checks the VPC that the plan file names.
pub fn vpc(named: &Named<Vpc>) -> Vec<Finding> {
    VPC.check(named, usable_vpc)
}

/// Checks a VPC that exists.
pub fn usable_vpc(vpc: &Vpc) -> Vec<Finding> {
    let id = &vpc.id;
    let mut findings: Vec<_> = dns(vpc).into_iter().chain(dns_servers(vpc)).collect();
    if vpc.flow_logs == Some(false) {
        findings.push(warning(
            "vpc/no-flow-logs",
            format!("the VPC {id} has no active flow log that covers it as a whole, as far as this account can read"),
            "create one, as Netskope recommends for existing VPCs",
        ));
    }
    if let Some(rules) = vpc.default_group_rules.filter(|rules| *rules > 0) {
        let rules = if rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
        let has = format!("the default security group of the VPC {id} has {rules}");
        findings.push(warning(
            "vpc/default-group-open",
            format!("{has}, and everything without a group of its own uses it"),
            "remove its rules if nothing needs them; Cloud Exchange does not use it",
        ));
    }
    findings.extend(not_checked(vpc));
    findings
}

/// Checks the subnets that the plan file names, each alone and both together.
pub fn subnets(vpc: &Named<Vpc>, named: &[Named<Subnet>], uses: &Uses) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut there = Vec::new();
    for subnet in named {
        match SUBNET.found(subnet) {
            Ok(subnet) => there.push(subnet),
            Err(finding) => findings.push(finding),
        }
    }
    let vpc = vpc.found();
    findings.extend(there.iter().flat_map(|subnet| one_subnet(vpc, subnet, uses)));
    there.retain(|subnet| vpc.is_none_or(|vpc| vpc.id == subnet.vpc));
    findings.extend(same_zone(&there));
    if uses.load_balancer {
        findings.extend(network_acl::between(&there));
    }
    findings.extend(network_acl::open(&there));
    findings
}

/// Checks a subnet that exists. `vpc`: the one it should be in, if known.
pub fn usable_subnet(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    one_subnet(vpc, subnet, uses).into_iter().chain(network_acl::open(&[subnet])).collect()
}

/// Checks whether the task can run in a subnet.
fn one_subnet(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    if let Some(vpc) = vpc.filter(|vpc| vpc.id != subnet.vpc) {
        return vec![refusal(
            "subnet/wrong-vpc",
            format!("the subnet {} is in the VPC {}, not in {}", subnet.id, subnet.vpc, vpc.id),
            format!("name subnets of {}; ce-aws discover subnets lists them", vpc.id),
        )];
    }
    let mut findings: Vec<_> = few_addresses(subnet, uses).into_iter().collect();
    findings.extend(place(subnet));
    let egress = egress::egress(vpc, subnet, uses);
    findings.extend(egress.findings);
    findings.extend(network_acl::blocks(subnet, egress.reaches_out, uses));
    findings
}

/// The task mounts its file system by its DNS name (Amazon EFS user guide, "Mounting by DNS name").
fn dns(vpc: &Vpc) -> Option<Finding> {
    let id = &vpc.id;
    let off = match (vpc.dns_support, vpc.dns_hostnames) {
        (true, true) => return None,
        (false, true) => "DNS support",
        (true, false) => "DNS host names",
        (false, false) => "DNS support and DNS host names",
    };
    Some(refusal(
        "vpc/dns",
        format!(
            "the VPC {id} has {off} turned off: the task could not resolve the name of its file system, and ECS would \
             stop it with \"ResourceInitializationError: failed to invoke EFS utils commands … Failed to resolve\""
        ),
        format!("turn on enableDnsSupport and enableDnsHostnames of {id} (aws ec2 modify-vpc-attribute)"),
    ))
}

/// Only the VPC's own resolver knows the names of file systems and of endpoints with private DNS (Amazon EFS user
/// guide, "Mounting by DNS name"; Amazon VPC user guide, "DHCP option sets in Amazon VPC").
fn dns_servers(vpc: &Vpc) -> Option<Finding> {
    let servers = vpc.dns_servers.as_ref()?;
    if servers.iter().any(|server| server == AMAZON_DNS) {
        return None;
    }
    let id = &vpc.id;
    if servers.is_empty() {
        return Some(warning(
            "vpc/no-dns-server",
            format!("the DHCP options of the VPC {id} name no DNS server, so a task there may not resolve any name"),
            format!("associate options with domain-name-servers={AMAZON_DNS} (aws ec2 associate-dhcp-options)"),
        ));
    }
    Some(warning(
        "vpc/own-dns",
        format!(
            "the DHCP options of the VPC {id} name only your own DNS servers ({}); whether they resolve the names of \
             EFS and of endpoints cannot be checked",
            servers.join(", ")
        ),
        "make sure that they forward amazonaws.com to the VPC's resolver (its second address, or an inbound endpoint \
         of the Route 53 Resolver); otherwise ECS stops the task with \"ResourceInitializationError: failed to invoke \
         EFS utils commands\"",
    ))
}

fn not_checked(vpc: &Vpc) -> Option<Finding> {
    let parts = [
        (vpc.dns_servers.is_none(), "DHCP options", "ec2:DescribeDhcpOptions"),
        (vpc.flow_logs.is_none(), "flow logs", "ec2:DescribeFlowLogs"),
        (vpc.default_group_rules.is_none(), "the default security group", "ec2:DescribeSecurityGroups"),
        (vpc.endpoints.is_none(), "endpoints", "ec2:DescribeVpcEndpoints"),
    ];
    let (what, actions) = unread_parts(parts)?;
    Some(warning(
        "vpc/not-checked",
        format!("the caller may not read {} of the VPC {}", what.join(", "), vpc.id),
        format!("grant the caller {}, or check yourself", actions.join(", ")),
    ))
}

/// Two zones are needed even without a load balancer: a file system can have only one mount target in a zone.
fn same_zone(subnets: &[&Subnet]) -> Option<Finding> {
    let zones: BTreeSet<_> = subnets.iter().map(|subnet| &subnet.zone).collect();
    let zone = zones.first().filter(|_| subnets.len() > 1 && zones.len() == 1)?;
    let ids = subnets.iter().map(|subnet| subnet.id.as_str()).collect::<Vec<_>>().join(" and ");
    Some(refusal(
        "subnet/same-zone",
        format!("the subnets {ids} are both in {zone}: the load balancer and the file system need two zones"),
        "replace one of them with a subnet in another availability zone",
    ))
}

const LOCAL: &str = "a Local or Wavelength Zone: AWS Fargate and Amazon EFS exist only in availability zones";

/// Checks a zone that the plan file names for a new VPC.
pub fn named_zone(named: &Named<String>) -> Option<Finding> {
    let name = &named.name;
    let other = "name another zone in [network], or none: ce-aws then chooses two suitable ones";
    let id = match &named.lookup {
        Lookup::Found(id) => id,
        Lookup::Missing => {
            let message = format!("the zone {name} does not exist in this account and region");
            return Some(refusal("zone/not-found", message, other));
        }
        Lookup::Denied(why) | Lookup::Unread(why) => return Some(unread(&format!("the zone {name}"), why)),
    };
    match zone(id) {
        Zone::Good => None,
        Zone::Other => {
            let message = format!("{name} ({id}) is {LOCAL}");
            Some(refusal("zone/unusable", message, other))
        }
        Zone::Lacks(what) => Some(refusal("zone/unusable", format!("{what} is not available in {name} ({id})"), other)),
        Zone::Doubtful(what) => {
            let message = format!("AWS does not offer {what} in {name} ({id})");
            Some(warning("zone/doubtful", message, "name another zone if you can"))
        }
    }
}

/// Checks where the subnet is.
fn place(subnet: &Subnet) -> Vec<Finding> {
    let Subnet { id, zone: name, zone_id, .. } = subnet;
    let other = "name a subnet in another availability zone; ce-aws discover subnets lists them";
    let mut findings = Vec::new();
    if subnet.cidr.is_empty() {
        findings.push(refusal(
            "subnet/no-addresses",
            format!("the subnet {id} has no IPv4 range, which the task, its file system and the load balancer need"),
            "name a subnet with an IPv4 range",
        ));
    }
    if ["unavailable", "failed", "failed-insufficient-capacity"].contains(&subnet.state.as_str()) {
        findings.push(refusal(
            "subnet/not-available",
            format!("the subnet {id} is {}, not available", subnet.state),
            "name another one",
        ));
    }
    if let Some(outpost) = &subnet.outpost {
        findings.push(refusal(
            "subnet/zone",
            format!("the subnet {id} is on {outpost}, where AWS Fargate is not available"),
            other,
        ));
        return findings;
    }
    findings.extend(match zone(zone_id) {
        Zone::Good => None,
        Zone::Other => {
            Some(refusal("subnet/zone", format!("the subnet {id} is in {name} ({zone_id}), {LOCAL}"), other))
        }
        Zone::Lacks(what) => {
            let message = format!("the subnet {id} is in {name} ({zone_id}), where {what} is not available");
            Some(refusal("subnet/zone", message, other))
        }
        Zone::Doubtful(what) => Some(warning(
            "subnet/zone-doubtful",
            format!("the subnet {id} is in {name} ({zone_id}), where AWS does not offer {what}"),
            "name a subnet in another availability zone if you can",
        )),
    });
    findings
}

fn few_addresses(subnet: &Subnet, uses: &Uses) -> Option<Finding> {
    let (free, needed) = (subnet.free_addresses, uses.addresses);
    let are = if free == 1 { "address is" } else { "addresses are" };
    (free < needed).then_some(refusal(
        "subnet/few-addresses",
        format!("{free} {are} free in the subnet {} ({}), but {needed} are needed", subnet.id, subnet.cidr),
        "free some, or name a larger subnet: a load balancer may take 8 in each, the file system takes 1, the task 1, \
         and its successor 1",
    ))
}
