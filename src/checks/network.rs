//! A VPC of the user's, and the two subnets in it.

use std::collections::BTreeSet;

use crate::engine::plan::{Finding, Severity};
use crate::existing::network::{AMAZON_DNS, Subnet, Vpc, Zone, zone};
use crate::existing::{Lookup, Named};

use super::finding::{Thing, refusal, unread, warning};
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
    [names(vpc), servers(vpc), flow_logs(vpc), default_group(vpc), not_checked(vpc)].into_iter().flatten().collect()
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
    findings.extend(place(subnet));
    let egress = egress::egress(vpc, subnet, uses);
    findings.extend(egress.findings);
    findings.extend(network_acl::blocks(subnet, egress.reaches_out, uses));
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

/// Only the VPC's own resolver knows the names of file systems and of endpoints with private DNS (Amazon EFS user guide,
/// "Mounting by DNS name"; Amazon VPC user guide, "DHCP option sets in Amazon VPC").
fn servers(vpc: &Vpc) -> Option<Finding> {
    let servers = vpc.dns_servers.as_ref()?;
    if servers.iter().any(|server| server == AMAZON_DNS) {
        return None;
    }
    let id = &vpc.id;
    if servers.is_empty() {
        return Some(warning(
            "vpc/no-dns-server",
            format!(
                "the VPC {id} has no DHCP options that name a DNS server: whether a task there resolves any name cannot be \
                 seen from here"
            ),
            format!("associate options with domain-name-servers={AMAZON_DNS} (aws ec2 associate-dhcp-options)"),
        ));
    }
    Some(warning(
        "vpc/own-dns",
        format!(
            "the DHCP options of the VPC {id} name DNS servers of yours ({}): whether they know the names of AWS's file \
             systems and endpoints cannot be seen from here",
            servers.join(", ")
        ),
        "see that they forward amazonaws.com to the VPC's resolver (its second address, or an inbound endpoint of the Route 53 \
         Resolver): if not, ECS stops the task with \"ResourceInitializationError: failed to invoke EFS utils commands\"",
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
        (vpc.dns_servers.is_none(), "DNS servers", "ec2:DescribeDhcpOptions"),
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

/// A zone that the plan file names for a new VPC.
pub fn named_zone(named: &Named<String>) -> Option<Finding> {
    let name = &named.name;
    let other =
        "name another zone of the region in [network], or none: ce-aws chooses two that have all that is needed";
    let id = match &named.lookup {
        Lookup::Found(id) => id,
        Lookup::Missing => {
            let message = format!("there is no zone {name} in this account and region");
            return Some(refusal("zone/not-found", message, other));
        }
        Lookup::Denied(why) | Lookup::Unread(why) => return Some(unread(&format!("the zone {name}"), why)),
    };
    match zone(id) {
        Zone::Good => None,
        Zone::Other => {
            let message = format!(
                "{name} ({id}) is a Local or Wavelength Zone: AWS Fargate and Amazon EFS are in availability zones only"
            );
            Some(refusal("zone/unusable", message, other))
        }
        Zone::Lacks(what) => Some(refusal("zone/unusable", format!("{what} is not in {name} ({id})"), other)),
        Zone::Doubtful(what) => {
            let message = format!("{name} ({id}) is a zone that AWS leaves out for {what}");
            Some(warning("zone/doubtful", message, "another availability zone is the safer choice"))
        }
    }
}

/// What cannot be where the subnet is.
fn place(subnet: &Subnet) -> Vec<Finding> {
    let Subnet { id, zone: name, zone_id, .. } = subnet;
    let other = "name a subnet of another availability zone; ce-aws discover subnets shows them";
    let mut findings = Vec::new();
    if subnet.cidr.is_empty() {
        findings.push(refusal(
            "subnet/no-addresses",
            format!(
                "the subnet {id} has no IPv4 addresses, which the task, its file system and the load balancer need"
            ),
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
            format!("the subnet {id} lies on {outpost}, where AWS Fargate is not"),
            other,
        ));
        return findings;
    }
    findings.extend(match zone(zone_id) {
        Zone::Good => None,
        Zone::Other => Some(refusal(
            "subnet/zone",
            format!(
                "the subnet {id} lies in {name} ({zone_id}), a Local or Wavelength Zone: AWS Fargate and Amazon EFS are in \
                 availability zones only"
            ),
            other,
        )),
        Zone::Lacks(what) => {
            Some(refusal("subnet/zone", format!("the subnet {id} lies in {name} ({zone_id}), where {what} is not"), other))
        }
        Zone::Doubtful(what) => Some(warning(
            "subnet/zone-doubtful",
            format!("the subnet {id} lies in {name} ({zone_id}), a zone that AWS leaves out for {what}"),
            "a subnet of another availability zone is the safer choice",
        )),
    });
    findings
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

pub fn public(subnet: &Subnet, gateway: &str) -> Finding {
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
