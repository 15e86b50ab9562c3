//! Routes of the user's own in the private route tables.

use std::str::FromStr;

use super::{
    aws_name::is_match,
    choice::Nat,
    cidr::{Cidr, NetworkCidr},
    keys::Holds,
    problem::Problem,
    section::{Entry, Keys as _, Section, table},
    text::{Invalid, quoted},
    traffic::refuse_twins,
    value::{Found, Read, string, text_value},
};

table! {
    /// A route of the private route tables.
    #[derive(PartialOrd, Ord)]
    pub struct NetworkRoute / NetworkRouteKeys {
        /// An IPv4 network, or the ID of a managed prefix list.
        pub to: Destination,
        /// The ID of what leads there: a transit gateway, peering connection, virtual private gateway, local gateway,
        /// NAT gateway, network interface or gateway load balancer endpoint; or the ARN of a core network.
        pub via: RouteTarget,
    }
}

impl Read for NetworkRoute {
    const TYPE: &'static str = "a table";
    const HOLDS: Holds = Holds::Table(NetworkRouteKeys::KEYS);

    fn expected() -> String {
        "a table".to_owned()
    }

    fn read(found: &Found<'_>) -> Option<Self> {
        let keys = NetworkRouteKeys::of(Section::element(found, NetworkRouteKeys::KEYS)?);
        let (to, via) = (keys.to.required(), keys.via.required());
        Some(Self { to: to?, via: via? })
    }
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    Network(Cidr),
    /// A managed prefix list, by ID.
    PrefixList(String),
}

impl Destination {
    /// As the plan file and AWS write it.
    pub fn as_str(&self) -> String {
        match self {
            Self::Network(net) => net.as_str(),
            Self::PrefixList(id) => id.clone(),
        }
    }

    /// The network, if it is one.
    pub fn network(&self) -> Option<Cidr> {
        match self {
            Self::Network(net) => Some(*net),
            Self::PrefixList(_) => None,
        }
    }
}

/// Source of the form: Amazon EC2 user guide, "Resource IDs".
const PREFIX_LIST: &str = "^pl-([0-9a-f]{8}|[0-9a-f]{17})$";

impl FromStr for Destination {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if is_match(PREFIX_LIST, text) {
            return Ok(Self::PrefixList(text.to_owned()));
        }
        if text.starts_with("pl-") {
            let message = format!("{} is not the ID of a prefix list", quoted(text));
            return Err(Invalid::new("plan-file/bad-id", message, "it looks like \"pl-0a1b2c3d4e5f67890\""));
        }
        text.parse().map(Self::Network)
    }
}

text_value!(Destination, expected: "a network such as \"10.0.0.0/8\", or the ID of a prefix list", schema: {
    "pattern": r"^(((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)/(3[0-2]|[12]?\d)|pl-[0-9a-f]+)$",
});

string! {
    /// What a route leads to.
    ///
    /// Source of the kinds: Amazon EC2 API reference, `CreateRoute`.
    RouteTarget,
    expected: "an ID such as \"tgw-0a1b2c3d4e5f67890\"",
    pattern: "^((tgw|pcx|vgw|lgw|nat|eni|vpce)-([0-9a-f]{8}|[0-9a-f]{17})|\
              arn:aws(-cn|-us-gov)?:networkmanager::[0-9]{12}:core-network/core-network-[0-9a-f]+)$",
    check: check_target
}

fn check_target(text: &str) -> Result<(), Invalid> {
    if is_match(RouteTarget::PATTERN, text) {
        return Ok(());
    }
    let message = format!("{} is nothing that a route of the private subnets can lead to", quoted(text));
    let hint = match text.split('-').next().unwrap_or_default() {
        "igw" | "eigw" | "cagw" => {
            "the task has no public address, so an internet gateway is of no use to it: `nat` in [network] gives it \
             internet access"
        }
        "i" => "name the instance's network interface (`eni-…`), for which its source/destination check is off",
        "tgw" if text.starts_with("tgw-attach-") => "name the transit gateway itself (`tgw-…`), not the attachment",
        _ => {
            "name a transit gateway (`tgw-…`), a peering connection (`pcx-…`), a virtual private gateway (`vgw-…`), a \
             local gateway (`lgw-…`), a NAT gateway (`nat-…`), a network interface (`eni-…`), a gateway load balancer \
             endpoint (`vpce-…`), or the ARN of a core network"
        }
    };
    Err(Invalid::new("plan-file/bad-route-target", message, hint))
}

/// How many characters the value of a tag can have: the destinations are remembered in one, separated by spaces.
///
/// Source: Amazon EC2 user guide, "Tag your Amazon EC2 resources".
const LONGEST_TAG: usize = 256;

/// Reports routes that AWS would refuse, or that contradict other keys of the table.
pub(super) fn check_routes(routes: &Entry<'_, Vec<NetworkRoute>>, vpc: NetworkCidr, nat: Nat) {
    refuse_twins(routes, |route| route.to.clone(), "a route to this network");
    let elements = routes.elements();
    for route in &elements {
        let Some(net) = route.value.to.network().map(Cidr::net) else { continue };
        let invalid = if vpc.net().contains(&net) {
            Invalid::new(
                "plan-file/route-inside-vpc",
                format!("{net} is part of the VPC's own {vpc}, to which AWS routes by itself"),
                "remove the route, or name the network outside the VPC",
            )
        } else if net.prefix_len() == 0 && nat != Nat::None {
            Invalid::new(
                "plan-file/contradiction",
                "everything already goes through the NAT gateways",
                "write `nat = \"none\"` in [network], or name the networks that this route is for",
            )
        } else {
            continue;
        };
        routes.push(Problem::error(invalid, route.span.clone()));
    }
    let length: usize = elements.iter().map(|route| route.value.to.as_str().len() + 1).sum();
    if length > LONGEST_TAG + 1 {
        routes.refuse(Invalid::new(
            "plan-file/too-many-routes",
            format!("ce-aws can remember about a dozen routes, and these are {}", elements.len()),
            "name larger networks, or put the networks into a managed prefix list and name that: `to = \"pl-…\"`",
        ));
    }
}
