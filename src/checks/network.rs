//! A VPC of the user's, and the two subnets in it.

use std::collections::BTreeSet;

use crate::borrowed::Named;
use crate::borrowed::network::{Subnet, Via, Vpc};
use crate::engine::plan::{Finding, Severity};

use super::finding::{Thing, refusal, warning};
use super::{egress, network_acl};

/// What the deployment asks of the subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Free addresses that each subnet must have, see [`addresses`].
    pub addresses: u32,
    /// Whether a load balancer of ours stands in these subnets, or will.
    pub load_balancer: bool,
    /// Where people reach the web interface: the load balancer's port, or the task's. `None`: somebody else's load
    /// balancer stands between.
    pub port: Option<u16>,
    /// Who shall reach it: IPv4 networks in CIDR notation.
    pub clients: Vec<String>,
    /// The registries from which images come, but for ECR of this region.
    pub registries: Vec<String>,
    /// Whether Cloud Exchange reaches the world through a proxy.
    pub proxy: bool,
}

/// Addresses that must be free in each subnet while the given things are still to be made.
///
/// A load balancer may take 8 in each (Elastic Load Balancing user guide, "Subnets for your load balancer"), a mount
/// target takes 1, and so does the task; its successor may come before AWS has taken back the address of the old one.
pub fn addresses(load_balancer: bool, mount_targets: bool) -> u32 {
    1 + if load_balancer { 8 } else { 0 } + if mount_targets { 2 } else { 0 }
}

const VPC: Thing = Thing {
    code: "vpc",
    words: "VPC",
    shown_by: "ce-aws discover vpc",
    actions: "ec2:DescribeVpcs and ec2:DescribeVpcAttribute",
    denied: Severity::Refusal,
};

const SUBNET: Thing = Thing {
    code: "subnet",
    words: "subnet",
    shown_by: "ce-aws discover subnets",
    actions: "ec2:DescribeSubnets and ec2:DescribeRouteTables",
    denied: Severity::Refusal,
};

/// What is wrong with the VPC that the plan file names.
pub fn vpc(named: &Named<Vpc>) -> Vec<Finding> {
    match VPC.found(named) {
        Ok(vpc) => usable_vpc(vpc),
        Err(finding) => vec![finding],
    }
}

/// What is wrong with a VPC that is there.
pub fn usable_vpc(vpc: &Vpc) -> Vec<Finding> {
    [names(vpc), flow_logs(vpc), default_group(vpc), not_checked(vpc)].into_iter().flatten().collect()
}

/// What is wrong with the subnets that the plan file names, each alone and both together.
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
    findings.extend(there.iter().flat_map(|subnet| home(vpc, subnet, uses)));
    there.retain(|subnet| vpc.is_none_or(|vpc| vpc.id == subnet.vpc));
    findings.extend(same_zone(&there));
    if uses.load_balancer {
        findings.extend(network_acl::between(&there));
    }
    findings.extend(network_acl::open(&there));
    findings
}

/// What is wrong with a subnet that is there. `vpc`: the one it should lie in, if it is known.
pub fn usable_subnet(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    home(vpc, subnet, uses).into_iter().chain(network_acl::open(&[subnet])).collect()
}

/// What is wrong with a subnet as the task's home.
fn home(vpc: Option<&Vpc>, subnet: &Subnet, uses: &Uses) -> Vec<Finding> {
    if let Some(vpc) = vpc.filter(|vpc| vpc.id != subnet.vpc) {
        return vec![refusal(
            "subnet/wrong-vpc",
            format!("the subnet {} lies in the VPC {}, not in {}", subnet.id, subnet.vpc, vpc.id),
            format!("name subnets of {}; ce-aws discover subnets shows which there are", vpc.id),
        )];
    }
    let mut findings: Vec<_> = few_addresses(subnet, uses).into_iter().collect();
    let mut reaches_out = false;
    match subnet.default_route.as_ref().filter(|route| route.active) {
        Some(route) if route.via == Via::InternetGateway => findings.push(public(subnet, &route.id)),
        Some(_) => {
            // Where endpoints serve ECS, the route may be for something else.
            let endpoints = vpc.and_then(|vpc| vpc.endpoints.as_deref());
            reaches_out = endpoints.is_some_and(|endpoints| !egress::lacks(endpoints, subnet, uses).is_empty());
        }
        None => findings.extend(egress::without_route(vpc, subnet, uses)),
    }
    findings.extend(network_acl::blocks(subnet, reaches_out, uses));
    findings
}

/// The task mounts its file system by name (Amazon EFS user guide, "Mounting by DNS name").
fn names(vpc: &Vpc) -> Option<Finding> {
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
            "the VPC {id} has {off} switched off: the task could not find its file system by name, and ECS would stop it \
             with \"ResourceInitializationError: failed to invoke EFS utils commands … Failed to resolve\""
        ),
        format!("switch on enableDnsSupport and enableDnsHostnames of {id}"),
    ))
}

fn flow_logs(vpc: &Vpc) -> Option<Finding> {
    (vpc.flow_logs == Some(false)).then(|| {
        warning(
            "vpc/no-flow-logs",
            format!(
                "no flow log that works, as far as this account can see, records the traffic of the whole VPC {}",
                vpc.id
            ),
            "create one; Netskope recommends it for existing VPCs",
        )
    })
}

fn default_group(vpc: &Vpc) -> Option<Finding> {
    let rules = vpc.default_group_rules.filter(|rules| *rules > 0)?;
    let shown = if rules == 1 { "a rule".to_owned() } else { format!("{rules} rules") };
    Some(warning(
        "vpc/default-group-open",
        format!(
            "the default security group of the VPC {} has {shown}: whatever starts without a group of its own gets it",
            vpc.id
        ),
        "remove its rules once nothing relies on them; Cloud Exchange does not use it",
    ))
}

fn not_checked(vpc: &Vpc) -> Option<Finding> {
    let parts = [
        (vpc.flow_logs.is_none(), "flow logs", "ec2:DescribeFlowLogs"),
        (vpc.default_group_rules.is_none(), "the default security group", "ec2:DescribeSecurityGroups"),
        (vpc.endpoints.is_none(), "endpoints", "ec2:DescribeVpcEndpoints"),
    ];
    let unread: Vec<_> = parts.into_iter().filter(|(unread, ..)| *unread).collect();
    let of = |word: fn(&(bool, &'static str, &'static str)) -> &'static str| {
        unread.iter().map(word).collect::<Vec<_>>().join(", ")
    };
    (!unread.is_empty()).then(|| {
        warning(
            "vpc/not-checked",
            format!("not checked in the VPC {}, because it may not be read: {}", vpc.id, of(|part| part.1)),
            format!("allow {} to whoever runs ce-aws, or look yourself", of(|part| part.2)),
        )
    })
}

/// Two zones are what the file system's mount targets need, even without a load balancer: a zone can have only one.
fn same_zone(subnets: &[&Subnet]) -> Option<Finding> {
    let zones: BTreeSet<_> = subnets.iter().map(|subnet| &subnet.zone).collect();
    let zone = zones.first().filter(|_| subnets.len() > 1 && zones.len() == 1)?;
    let ids = subnets.iter().map(|subnet| subnet.id.as_str()).collect::<Vec<_>>().join(" and ");
    Some(refusal(
        "subnet/same-zone",
        format!("the subnets {ids} both lie in {zone}: the load balancer and the file system each need two zones"),
        "replace one of them by a subnet of another availability zone",
    ))
}

fn few_addresses(subnet: &Subnet, uses: &Uses) -> Option<Finding> {
    let (free, needed) = (subnet.free_addresses, uses.addresses);
    (free < needed).then(|| {
        let are = if free == 1 { "address is" } else { "addresses are" };
        refusal(
            "subnet/few-addresses",
            format!("{free} {are} free in the subnet {} ({}), {needed} are needed", subnet.id, subnet.cidr),
            "free some, or name a larger subnet: a load balancer may take 8 in each, the file system takes 1, the task and \
             its successor 1 each",
        )
    })
}

fn public(subnet: &Subnet, gateway: &str) -> Finding {
    refusal(
        "subnet/public",
        format!(
            "the subnet {} is public: its default route leads to the internet gateway {gateway}, through which a task \
             without a public address reaches nothing, and ECS could not pull the images",
            subnet.id
        ),
        "name a private subnet, whose default route leads to a NAT gateway, a transit gateway or a firewall",
    )
}
