//! The `[network]` table: a new VPC and its subnets.

use ipnet::Ipv4Net;

use super::{
    choice::Nat,
    cidr::NetworkCidr,
    existing::ExistingKeys,
    name::NetworkName,
    problem::Problem,
    region::Zone,
    route::{NetworkRoute, check_routes},
    section::{Entry, Keys as _, table},
    text::Invalid,
    traffic::{NetworkIngress, refuse_twins},
};

table! {
    // Source of the defaults: vendor template, CE 5.0.0, parameters.
    /// The network that ce-aws creates.
    pub struct Network / NetworkKeys {
        /// Part of the Name tags of the network's resources.
        pub name: NetworkName = NetworkName::default(),
        /// Addresses of the VPC, /16 to /25. Cannot be changed later.
        pub cidr: NetworkCidr = NetworkCidr::DEFAULT,
        /// The two availability zones, of the plan's region. Left out, AWS is asked for the first two.
        pub zones: Option<[Zone; 2]> = None,
        /// One for each zone, /16 to /27 (a load balancer needs /27). Left out, they are cut out of `cidr`.
        pub private_subnets: [NetworkCidr; 2] = [default_subnet(1), default_subnet(2)],
        /// One for each zone, /16 to /28, for the NAT gateways. Left out, they are cut out of `cidr`.
        pub public_subnets: [NetworkCidr; 2] = [default_subnet(3), default_subnet(4)],
        /// NAT gateways: `per-zone`, `single` for one that serves both zones, or `none` if somebody else provides
        /// internet access, such as a transit gateway or VPC endpoints.
        pub nat: Nat = Nat::PerZone,
        /// Log rejected traffic of the VPC to CloudWatch Logs.
        pub flow_logs: bool = true,
        /// Close the VPC's default security group and network ACL to what Cloud Exchange does not need.
        pub harden: bool = true,
        /// Further entries of the network ACL, after ce-aws's own. TCP 22 and 3389 stay closed.
        pub extra_ingress: Vec<NetworkIngress> = Vec::new(),
        /// Routes of your own in the private route tables. One that is removed from the plan file is deleted; others
        /// that you add by hand stay.
        pub route: Vec<NetworkRoute> = Vec::new(),
    }
}

const fn default_subnet(third: u8) -> NetworkCidr {
    NetworkCidr::constant(172, 16, third, 0, 24)
}

/// The smallest subnet that a load balancer can be in.
///
/// Source: Elastic Load Balancing user guide, "Subnets for your load balancer".
const SMALLEST_LOAD_BALANCER_SUBNET: u8 = 27;

/// The smallest VPC that has room for two /27 and two other subnets.
const SMALLEST_VPC: u8 = 25;

impl Network {
    pub(super) fn read(keys: &NetworkKeys<'_>, existing: &ExistingKeys<'_>) -> Self {
        if existing.vpc.is_there() {
            keys.section().refuse_all_but(&[], "the VPC is yours, and ce-aws never changes it");
            return Self::default();
        }
        let mut plan = keys.values();
        check_zones(&keys.zones);
        check_ingress(&keys.extra_ingress, plan.harden);
        check_routes(&keys.route, plan.cidr, plan.nat);
        let public = plan.nat != Nat::None;
        if !public {
            keys.public_subnets.refuse_futile("with `nat = \"none\"` there are no public subnets");
        }
        // Addresses are compared only where none is wrong by itself.
        let lists = [&keys.private_subnets, &keys.public_subnets];
        let is_wrong = keys.cidr.is_there() && keys.cidr.value.is_none()
            || lists.iter().any(|list| list.is_there() && list.value.is_none());
        if !is_wrong && let Some((private, public)) = subnets(keys, plan.cidr, public) {
            plan.private_subnets = private;
            plan.public_subnets = public;
        }
        plan
    }
}

fn check_zones(zones: &Entry<'_, [Zone; 2]>) {
    if let [first, second] = zones.elements().as_slice()
        && first.value == second.value
    {
        let invalid = Invalid::new(
            "plan-file/same-zone-twice",
            format!("both zones are {}", first.value),
            "name two different zones: the load balancer and the file system need two",
        );
        zones.push(Problem::error(invalid, second.span.clone()).related(first.span.clone(), "the same zone"));
    }
}

fn check_ingress(rules: &Entry<'_, Vec<NetworkIngress>>, harden: bool) {
    if !harden {
        rules.refuse_futile("with `harden = false` the network ACL admits everything");
        return;
    }
    refuse_twins(rules, |rule| *rule, "this entry");
    for rule in rules.elements().into_iter().filter(|rule| rule.value.is_futile()) {
        let invalid = Invalid::new(
            "plan-file/no-effect",
            format!("{} stays closed: the network ACL refuses it before this entry", rule.value.traffic),
            "remove the entry: nothing in Cloud Exchange listens there, and `ce-aws` needs neither SSH nor RDP",
        );
        rules.push(Problem::error(invalid, rule.span));
    }
}

/// A subnet with its key and, if the file says it, its place.
struct Placed {
    key: &'static str,
    cidr: NetworkCidr,
    span: Option<std::ops::Range<usize>>,
}

/// The private and the public subnets of a VPC, or `None` if something is wrong with them. `public`: whether those are
/// made.
fn subnets(keys: &NetworkKeys<'_>, vpc: NetworkCidr, public: bool) -> Option<([NetworkCidr; 2], [NetworkCidr; 2])> {
    if vpc.net().prefix_len() > SMALLEST_VPC {
        keys.cidr.refuse(Invalid::new(
            "plan-file/bad-network-size",
            format!("{vpc} is too small for four subnets"),
            format!("give the VPC at least a /{SMALLEST_VPC}: two subnets must be /27 or larger for the load balancer"),
        ));
        return None;
    }
    let [a, b, c, d] = derive(vpc)?;
    let private_subnets = place(&keys.private_subnets, true, [a, b]);
    let public_subnets = place(&keys.public_subnets, public, [c, d]);
    // Public subnets that are not made cannot overlap anything.
    let all: Vec<&Placed> = private_subnets.iter().chain(public_subnets.iter().filter(|_| public)).collect();
    let problems = [check_inside(keys, vpc, &all), check_overlaps(&all), check_size(&private_subnets)].concat();
    let right = problems.is_empty();
    problems.into_iter().for_each(|problem| keys.section().push(problem));
    right.then(|| (private_subnets.map(|subnet| subnet.cidr), public_subnets.map(|subnet| subnet.cidr)))
}

fn place(said: &Entry<'_, [NetworkCidr; 2]>, made: bool, derived: [NetworkCidr; 2]) -> [Placed; 2] {
    let key = said.key;
    match said.elements().as_slice() {
        [one, other] if made => {
            [one, other].map(|subnet| Placed { key, cidr: *subnet.value, span: Some(subnet.span.clone()) })
        }
        _ => derived.map(|cidr| Placed { key, cidr, span: None }),
    }
}

fn check_inside(keys: &NetworkKeys<'_>, vpc: NetworkCidr, all: &[&Placed]) -> Vec<Problem> {
    let said = keys.cidr.is_there();
    let outside = all.iter().filter(|subnet| !vpc.contains(subnet.cidr));
    let problem = |subnet: &&Placed| {
        let by_default = if said { "" } else { ", the default" };
        let invalid = Invalid::new(
            "plan-file/subnet-outside-vpc",
            format!("the subnet {} is not inside the VPC's {vpc}{by_default}", subnet.cidr),
            format!("write a part of {vpc}, or change `cidr` in [network]"),
        );
        let related = said.then(|| (keys.cidr.span(), "the VPC".to_owned()));
        Some(Problem { related, ..Problem::error(invalid, subnet.span.clone()?) })
    };
    outside.filter_map(problem).collect()
}

fn check_overlaps(all: &[&Placed]) -> Vec<Problem> {
    let pairs =
        all.iter().enumerate().flat_map(|(index, later)| all[..index].iter().map(move |earlier| (later, earlier)));
    let problem = |(later, earlier): (&&Placed, &&Placed)| {
        let (at, other) = if later.span.is_some() { (later, earlier) } else { (earlier, later) };
        let by_default =
            if other.span.is_none() { format!(", cut out of `cidr` for `{}`", other.key) } else { String::new() };
        let invalid = Invalid::new(
            "plan-file/subnets-overlap",
            format!("the subnet {} overlaps {}{by_default}", at.cidr, other.cidr),
            "give all four subnets addresses of their own; unless you set all four, leave both keys out",
        );
        let related = other.span.clone().map(|span| (span, "the other subnet".to_owned()));
        Some(Problem { related, ..Problem::error(invalid, at.span.clone()?) })
    };
    pairs.filter(|(later, earlier)| earlier.cidr.overlaps(later.cidr)).filter_map(problem).collect()
}

fn check_size(private: &[Placed; 2]) -> Vec<Problem> {
    let small = private.iter().filter(|subnet| subnet.cidr.net().prefix_len() > SMALLEST_LOAD_BALANCER_SUBNET);
    let problem = |subnet: &Placed| {
        let invalid = Invalid::new(
            "plan-file/bad-network-size",
            format!("the private subnet {} is too small for a load balancer", subnet.cidr),
            "make it /27 or larger",
        );
        Some(Problem::error(invalid, subnet.span.clone()?))
    };
    small.filter_map(problem).collect()
}

/// Two private and two public subnets, cut out of a VPC as the vendor's template cuts its own: of a
/// /16 the /24 networks 1 to 4. Smaller VPCs are divided by 256 too, as far as a load balancer
/// allows, beginning with the first part where all four are needed.
pub(super) fn derive(vpc: NetworkCidr) -> Option<[NetworkCidr; 4]> {
    let length = (vpc.net().prefix_len() + 8).min(SMALLEST_LOAD_BALANCER_SUBNET);
    let parts: Vec<Ipv4Net> = vpc.net().subnets(length).ok()?.take(5).collect();
    let chosen = if parts.len() == 5 { &parts[1..] } else { parts.as_slice() };
    let chosen: Vec<_> = chosen.iter().filter_map(|part| NetworkCidr::from_net(*part)).collect();
    chosen.try_into().ok()
}
