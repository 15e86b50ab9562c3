//! The `[network]` table: a new VPC and its subnets.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    bound::{Bound, Home},
    choice::Nat,
    cidr::NetworkCidr,
    existing::Borrows,
    found::Located,
    name::NetworkName,
    problem::Problem,
    reader::Section,
    region::Zone,
    text::Invalid,
    traffic::{NetworkIngress, refuse_twins},
};

/// The network that ce-aws creates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Part of the Name tags of the network's resources.
    pub name: NetworkName,
    /// Addresses of the VPC, /16 to /25. Cannot be changed later.
    pub cidr: NetworkCidr,
    /// The two availability zones, of the plan's region. Left out, AWS is asked for the first two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zones: Option<[Zone; 2]>,
    /// One for each zone, /16 to /27 (a load balancer needs /27). Left out, they are cut out of `cidr`.
    pub private_subnets: [NetworkCidr; 2],
    /// One for each zone, /16 to /28, for the NAT gateways. Left out, they are cut out of `cidr`.
    pub public_subnets: [NetworkCidr; 2],
    /// NAT gateways: `per-zone`, `single` for one that serves both zones, or `none` if the way out is made by others,
    /// such as a transit gateway or VPC endpoints.
    pub nat: Nat,
    /// Log rejected traffic of the VPC to CloudWatch Logs.
    pub flow_logs: bool,
    /// Close the VPC's default security group and network ACL to what Cloud Exchange does not need.
    pub harden: bool,
    /// Further entries of the network ACL, after ce-aws's own. TCP 22 and 3389 stay closed.
    pub extra_ingress: Vec<NetworkIngress>,
}

impl Default for Network {
    /// Source: vendor template, CE 5.0.0, parameters.
    fn default() -> Self {
        const fn subnet(third: u8) -> NetworkCidr {
            NetworkCidr::constant(172, 16, third, 0, 24)
        }
        Self {
            name: NetworkName::default(),
            cidr: NetworkCidr::DEFAULT,
            zones: None,
            private_subnets: [subnet(1), subnet(2)],
            public_subnets: [subnet(3), subnet(4)],
            nat: Nat::default(),
            flow_logs: true,
            harden: true,
            extra_ingress: Vec::new(),
        }
    }
}

/// The smallest subnet that a load balancer can be in.
///
/// Source: Elastic Load Balancing user guide, "Subnets for your load balancer".
const SMALLEST_LOAD_BALANCER_SUBNET: u8 = 27;

/// The smallest VPC that has room for two /27 and two other subnets.
const SMALLEST_VPC: u8 = 25;

/// The subnets of a plan file, each with the place that it comes from: its own, or that of the key
/// from which it is derived.
type Subnets = [Located<NetworkCidr>; 2];

impl Network {
    pub(super) fn read(section: &Section<'_>, borrows: Borrows) -> Self {
        let default = Self::default();
        let name = section.optional("name");
        let cidr = section.optional::<NetworkCidr>("cidr");
        let zones = section.pair::<Zone>("zones", "in two zones of one region");
        let private = section.pair::<NetworkCidr>("private_subnets", "one for each zone");
        let public = section.pair::<NetworkCidr>("public_subnets", "one for each zone");
        let nat = section.optional("nat");
        let flow_logs = section.optional("flow_logs");
        let harden = section.optional::<bool>("harden");
        let extra_ingress = section.tables("extra_ingress", NetworkIngress::read);

        if borrows.vpc {
            section.refuse_all_but(&[], "the VPC is yours, and ce-aws never changes it");
            return default;
        }
        let vpc = cidr.as_ref().map_or(default.cidr, |cidr| cidr.value);
        let wrong = |key: &str, read: bool| section.has(key) && !read;
        let comparable = !(wrong("cidr", cidr.is_some())
            || wrong("private_subnets", private.is_some())
            || wrong("public_subnets", public.is_some()));
        let mut plan = Self {
            name: name.map_or(default.name, |name| name.value),
            cidr: vpc,
            zones: zones.as_ref().map(|zones| zones.value.each_ref().map(|zone| zone.value)),
            nat: nat.map_or(default.nat, |nat| nat.value),
            flow_logs: flow_logs.map_or(default.flow_logs, |on| on.value),
            harden: harden.map_or(default.harden, |on| on.value),
            extra_ingress: extra_ingress.iter().map(|rule| rule.value).collect(),
            ..default
        };
        if let Some(zones) = &zones {
            check_zones(section, zones);
        }
        check_ingress(section, plan.harden, &extra_ingress);
        let public = if plan.nat == Nat::None {
            section.refuse_futile(&["public_subnets"], "with `nat = \"none\"` there are no public subnets");
            None
        } else {
            public
        };
        if comparable {
            let given = Given { nat: plan.nat, vpc, vpc_span: cidr.map_or(0..0, |cidr| cidr.span), private, public };
            if let Some((private, public)) = given.subnets(section) {
                plan.private_subnets = private;
                plan.public_subnets = public;
            }
        }
        plan
    }
}

fn check_zones(section: &Section<'_>, zones: &Located<[Located<Zone>; 2]>) {
    let [first, second] = &zones.value;
    for zone in [first, second] {
        section.bind(Bound::new(zone, Home::Zone(zone.value)));
    }
    if first.value == second.value {
        let invalid = Invalid::new(
            "plan-file/same-zone-twice",
            format!("both zones are {}", first.value),
            "name two different zones: the load balancer and the file system need two",
        );
        section.push(Problem::error(invalid, second.span.clone()).related(first.span.clone(), "the same zone"));
    }
}

fn check_ingress(section: &Section<'_>, harden: bool, rules: &[Located<NetworkIngress>]) {
    if !harden {
        section.refuse_futile(&["extra_ingress"], "with `harden = false` the network ACL admits everything");
        return;
    }
    refuse_twins(section, rules, |rule| *rule, "this entry");
    for rule in rules.iter().filter(|rule| rule.value.is_futile()) {
        let invalid = Invalid::new(
            "plan-file/no-effect",
            format!("{} never gets in: the network ACL closes it before this entry", rule.value.traffic),
            "remove the entry: nothing in Cloud Exchange listens there, and `ce-aws` needs neither SSH nor RDP",
        );
        section.refuse(invalid, rule.span.clone());
    }
}

/// What the file says about addresses.
struct Given {
    nat: Nat,
    vpc: NetworkCidr,
    /// Empty if the file does not say it.
    vpc_span: std::ops::Range<usize>,
    private: Option<Located<Subnets>>,
    public: Option<Located<Subnets>>,
}

/// A subnet with its name in messages and, if the file says it, its place.
struct Placed {
    key: &'static str,
    cidr: NetworkCidr,
    span: Option<std::ops::Range<usize>>,
}

impl Given {
    /// The four subnets, or `None` if something is wrong with them.
    fn subnets(&self, section: &Section<'_>) -> Option<([NetworkCidr; 2], [NetworkCidr; 2])> {
        if self.vpc.net().prefix_len() > SMALLEST_VPC {
            let invalid = Invalid::new(
                "plan-file/bad-network-size",
                format!("{} is too small for four subnets", self.vpc),
                format!(
                    "give the VPC at least a /{SMALLEST_VPC}: two subnets must be /27 or larger for the load balancer"
                ),
            );
            section.refuse(invalid, self.vpc_span.clone());
            return None;
        }
        let [a, b, c, d] = derive(self.vpc)?;
        let private = place("private_subnets", self.private.as_ref(), [a, b]);
        let public = place("public_subnets", self.public.as_ref(), [c, d]);
        // Public subnets that are not made are nobody's neighbours.
        let made = public.iter().filter(|_| self.nat != Nat::None);
        let all: Vec<&Placed> = private.iter().chain(made).collect();
        let sound = [self.check_inside(section, &all), check_overlaps(section, &all), check_size(section, &private)];
        sound.iter().all(|sound| *sound).then(|| (private.map(|p| p.cidr), public.map(|p| p.cidr)))
    }

    fn check_inside(&self, section: &Section<'_>, all: &[&Placed]) -> bool {
        let mut sound = true;
        for subnet in all {
            let Some(span) = &subnet.span else { continue };
            if self.vpc.contains(subnet.cidr) {
                continue;
            }
            sound = false;
            let by_default = if self.vpc_span.is_empty() { ", the default" } else { "" };
            let invalid = Invalid::new(
                "plan-file/subnet-outside-vpc",
                format!("the subnet {} is not inside the VPC's {}{by_default}", subnet.cidr, self.vpc),
                format!("write a part of {}, or change `cidr` in [network]", self.vpc),
            );
            let problem = Problem::error(invalid, span.clone());
            let related = (!self.vpc_span.is_empty()).then(|| (self.vpc_span.clone(), "the VPC".to_owned()));
            section.push(Problem { related, ..problem });
        }
        sound
    }
}

fn check_overlaps(section: &Section<'_>, all: &[&Placed]) -> bool {
    let mut sound = true;
    for (index, later) in all.iter().enumerate() {
        for earlier in all[..index].iter().filter(|earlier| earlier.cidr.overlaps(later.cidr)) {
            let (at, other) = if later.span.is_some() { (later, earlier) } else { (earlier, later) };
            let Some(span) = &at.span else { continue };
            sound = false;
            let by_default =
                if other.span.is_none() { format!(", cut out of `cidr` for `{}`", other.key) } else { String::new() };
            let invalid = Invalid::new(
                "plan-file/subnets-overlap",
                format!("the subnet {} overlaps {}{by_default}", at.cidr, other.cidr),
                "give all four subnets addresses of their own; unless you say all four, leave both keys out",
            );
            let related = other.span.clone().map(|span| (span, "the other subnet".to_owned()));
            section.push(Problem { related, ..Problem::error(invalid, span.clone()) });
        }
    }
    sound
}

fn check_size(section: &Section<'_>, private: &[Placed; 2]) -> bool {
    let mut sound = true;
    for subnet in private.iter().filter(|subnet| subnet.cidr.net().prefix_len() > SMALLEST_LOAD_BALANCER_SUBNET) {
        let Some(span) = &subnet.span else { continue };
        sound = false;
        let invalid = Invalid::new(
            "plan-file/bad-network-size",
            format!("the private subnet {} is too small for a load balancer", subnet.cidr),
            "make it /27 or larger",
        );
        section.refuse(invalid, span.clone());
    }
    sound
}

fn place(key: &'static str, given: Option<&Located<Subnets>>, derived: [NetworkCidr; 2]) -> [Placed; 2] {
    match given {
        Some(given) => {
            given.value.each_ref().map(|subnet| Placed { key, cidr: subnet.value, span: Some(subnet.span.clone()) })
        }
        None => derived.map(|cidr| Placed { key, cidr, span: None }),
    }
}

/// Two private and two public subnets, cut out of a VPC as the vendor's template cuts its own: of a
/// /16 the /24 networks 1 to 4. Smaller VPCs are divided by 256 too, as far as a load balancer
/// allows, and from the start where the first part cannot be spared.
pub(super) fn derive(vpc: NetworkCidr) -> Option<[NetworkCidr; 4]> {
    let length = (vpc.net().prefix_len() + 8).min(SMALLEST_LOAD_BALANCER_SUBNET);
    let parts: Vec<Ipv4Net> = vpc.net().subnets(length).ok()?.take(5).collect();
    let chosen = if parts.len() == 5 { &parts[1..] } else { parts.as_slice() };
    let chosen: Vec<_> = chosen.iter().filter_map(|part| NetworkCidr::from_net(*part)).collect();
    chosen.try_into().ok()
}
