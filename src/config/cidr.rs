//! IPv4 networks.

use std::{net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

use super::{
    text::{Invalid, quoted},
    value::text_value,
};

/// An IPv4 network of any size, written by its first address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(Ipv4Net);

/// An IPv4 network that a VPC or subnet can have: /16 to /28.
///
/// Source: Amazon VPC user guide, "VPC CIDR blocks" and "Subnet CIDR blocks".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkCidr(Ipv4Net);

/// Whether any address is in both.
pub fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

impl Cidr {
    pub const ANYWHERE: Self = Self(constant(0, 0, 0, 0, 0));

    pub const fn net(self) -> Ipv4Net {
        self.0
    }

    pub fn as_str(&self) -> String {
        self.0.to_string()
    }
}

impl NetworkCidr {
    pub const LARGEST: u8 = 16;
    pub const SMALLEST: u8 = 28;

    pub const fn net(self) -> Ipv4Net {
        self.0
    }

    pub fn as_str(&self) -> String {
        self.0.to_string()
    }

    pub fn contains(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    pub fn overlaps(self, other: Self) -> bool {
        overlap(self.0, other.0)
    }

    /// `None` if the size is not one that AWS allows.
    pub(super) fn from_net(net: Ipv4Net) -> Option<Self> {
        (Self::LARGEST..=Self::SMALLEST).contains(&net.prefix_len()).then_some(Self(net))
    }

    /// Source of the address: vendor template, CE 5.0.0, parameter `VpcCIDR`.
    pub(super) const DEFAULT: Self = Self::constant(172, 16, 0, 0, 16);

    /// Only for values known to be right.
    pub(super) const fn constant(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self(constant(a, b, c, d, prefix))
    }
}

impl From<NetworkCidr> for Cidr {
    fn from(network: NetworkCidr) -> Self {
        Self(network.0)
    }
}

const fn constant(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(a, b, c, d), prefix)
}

impl FromStr for Cidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |message: String, hint: String| Err(Invalid::new("plan-file/bad-cidr", message, hint));
        match (text.parse::<IpNet>(), text.parse::<IpAddr>()) {
            (Ok(IpNet::V4(net)), _) if net.trunc() == net => Ok(Self(net)),
            (Ok(IpNet::V4(net)), _) => invalid(
                format!("{} is not the first address of its network", quoted(text)),
                format!("write \"{}\" for the network, or \"{}/32\" for this one address", net.trunc(), net.addr()),
            ),
            (_, Ok(IpAddr::V4(address))) => invalid(
                format!("{} has no prefix length", quoted(text)),
                format!("write \"{address}/32\" for this one address"),
            ),
            (Ok(IpNet::V6(_)), _) | (_, Ok(IpAddr::V6(_))) => invalid(
                format!("{} is IPv6", quoted(text)),
                "Cloud Exchange is reached over IPv4 only: write an IPv4 network such as \"10.0.0.0/8\"".to_owned(),
            ),
            _ => invalid(
                format!("{} is not an IPv4 network", quoted(text)),
                "write an address and a prefix length, such as \"10.0.0.0/8\"".to_owned(),
            ),
        }
    }
}

impl FromStr for NetworkCidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Cidr(net) = text.parse()?;
        Self::from_net(net).ok_or_else(|| {
            let size = if net.prefix_len() < Self::LARGEST { "large" } else { "small" };
            Invalid::new(
                "plan-file/bad-network-size",
                format!("{} is too {size} for a VPC or subnet", quoted(text)),
                "AWS allows prefix lengths from /16 to /28",
            )
        })
    }
}

text_value!(Cidr, expected: "an IPv4 network such as \"10.0.0.0/8\"", schema: {
    "pattern": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)/(3[0-2]|[12]?\d)$",
});

text_value!(NetworkCidr, expected: "an IPv4 network such as \"172.16.0.0/16\"", schema: {
    "pattern": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)/(1[6-9]|2[0-8])$",
});
