//! The `[client_vpn]` table: an AWS Client VPN into the VPC.

use std::str::FromStr;

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::release::choice;

use super::{
    access::AccessKeys,
    aws_name::CertificateArn,
    cidr::{Cidr, overlap},
    network::Network,
    problem::Problem,
    section::table,
    text::{Invalid, quoted},
    value::{Found, Read, schema_of, text_value},
};

table! {
    /// An AWS Client VPN into the VPC, with a certificate for each client (`ce-aws vpn config`). Its subnets cost money
    /// also while nobody is connected.
    pub struct ClientVpn / ClientVpnKeys {
        /// Addresses for the clients, /12 to /22: twice as many as there will be clients, in no network that they need
        /// to reach. Cannot be changed later, but for removing the table and adding it again.
        pub client_cidr: Option<ClientCidr> = None,
        /// How many private subnets it is associated with. With one, clients are cut off while its zone fails.
        pub subnets: VpnSubnets = VpnSubnets(1),
        /// Protocol of the tunnel: `udp`, or `tcp` for networks that let nothing else out. Cannot be changed later.
        pub transport: VpnTransport = VpnTransport::Udp,
        /// Port of the tunnel: 443 or 1194.
        pub port: VpnPort = VpnPort(443),
        /// Whether clients send only the VPC's traffic through the VPN. Otherwise they send all of it, and reach
        /// nothing but the VPC.
        pub split_tunnel: bool = true,
        /// Hours after which a client has to connect again: 8, 10, 12 or 24.
        pub session_hours: SessionHours = SessionHours(24),
        /// Certificate of your own for the endpoint, in ACM. Left out, ce-aws makes an authority and signs one.
        pub server_certificate_arn: Option<CertificateArn> = None,
        /// Certificate in ACM whose authority has signed those of the clients, if it is not that of
        /// `server_certificate_arn`. Cannot be changed later.
        pub client_root_certificate_arn: Option<CertificateArn> = None,
    }
}

impl ClientVpn {
    /// Whether there is to be one.
    pub fn is_wanted(&self) -> bool {
        self.client_cidr.is_some()
    }

    /// How many subnets it is associated with; 0 without one.
    pub fn associations(&self) -> usize {
        if self.is_wanted() { usize::try_from(self.subnets.number()).unwrap_or_default() } else { 0 }
    }

    /// The user's certificates: the endpoint's, and the clients'.
    pub fn certificates(&self) -> impl Iterator<Item = &CertificateArn> {
        self.server_certificate_arn.iter().chain(&self.client_root_certificate_arn)
    }

    /// `network`: unless the VPC is the user's, whose ranges are not in the file.
    pub(super) fn read(keys: &ClientVpnKeys<'_>, network: Option<&Network>, access: &AccessKeys<'_>) -> Self {
        let plan = keys.values();
        let more = [
            keys.subnets.is_there(),
            keys.transport.is_there(),
            keys.port.is_there(),
            keys.split_tunnel.is_there(),
            keys.session_hours.is_there(),
            keys.server_certificate_arn.is_there(),
            keys.client_root_certificate_arn.is_there(),
        ];
        // An empty table, as in the example, asks for nothing.
        if keys.client_cidr.is_missing() && !more.contains(&true) {
            return plan;
        }
        let Some(cidr) = keys.client_cidr.required() else { return Self::default() };
        if keys.client_root_certificate_arn.is_there() && keys.server_certificate_arn.is_missing() {
            keys.client_root_certificate_arn.refuse(Invalid::new(
                "plan-file/missing-key",
                "`client_root_certificate_arn` needs `server_certificate_arn`",
                "name the certificate of the endpoint too; without both, ce-aws makes an authority and signs one",
            ));
        }
        for (net, what) in network.into_iter().flat_map(others) {
            if overlap(cidr.net(), net) {
                keys.client_cidr.refuse(Invalid::new(
                    "plan-file/client-range-overlaps",
                    format!("{cidr} overlaps {what} {net}"),
                    "choose a range that neither the VPC nor any network that the clients reach uses",
                ));
            }
        }
        for allowed in access.allowed_cidrs.elements() {
            if cidr.net().contains(&allowed.value.net()) {
                let invalid = Invalid::new(
                    "plan-file/client-range-allowed",
                    format!("allowing {} has no effect: it is a range of VPN clients", allowed.value),
                    "remove it: clients reach the UI with an address of the VPN's subnet, which is let in already",
                );
                access.allowed_cidrs.push(Problem::warning(invalid, allowed.span));
            }
        }
        plan
    }
}

/// The networks that clients may reach, or that the VPC has routes to.
fn others(network: &Network) -> Vec<(Ipv4Net, &'static str)> {
    let routes = network.route.iter().filter_map(|route| route.to.network()).map(Cidr::net);
    // A default route is for what no other is.
    let routes = routes.filter(|net| net.prefix_len() > 0).map(|net| (net, "a route of [[network.route]], to"));
    std::iter::once((network.cidr.net(), "the VPC's")).chain(routes).collect()
}

choice! {
    /// What carries the tunnel.
    pub enum VpnTransport("transport", "plan-file/unknown-transport") {
        Udp = "udp",
        Tcp = "tcp",
    }
}

/// An IPv4 network for the clients of a VPN: /12 to /22.
///
/// Source: AWS Client VPN administrator guide, "Rules and best practices".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientCidr(Cidr);

impl ClientCidr {
    const LARGEST: u8 = 12;
    const SMALLEST: u8 = 22;

    pub const fn net(self) -> Ipv4Net {
        self.0.net()
    }

    pub fn as_str(&self) -> String {
        self.0.as_str()
    }
}

impl FromStr for ClientCidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let cidr: Cidr = text.parse()?;
        let length = cidr.net().prefix_len();
        if (Self::LARGEST..=Self::SMALLEST).contains(&length) {
            return Ok(Self(cidr));
        }
        let size = if length < Self::LARGEST { "large" } else { "small" };
        Err(Invalid::new(
            "plan-file/bad-network-size",
            format!("{} is too {size} for the clients of a VPN", quoted(text)),
            "AWS allows prefix lengths from /12 to /22",
        ))
    }
}

text_value!(ClientCidr, expected: "an IPv4 network such as \"10.100.0.0/22\"", schema: {
    "pattern": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)/(1[2-9]|2[0-2])$",
});

/// Declares a number of which there are a few.
macro_rules! one_of {
    ($(#[$doc:meta])* $name:ident, $numbers:expr, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(i32);

        impl $name {
            const NUMBERS: &'static [i32] = &$numbers;

            pub const fn number(self) -> i32 {
                self.0
            }
        }

        impl Read for $name {
            const TYPE: &'static str = "an integer";

            fn expected() -> String {
                let all: Vec<String> = Self::NUMBERS.iter().map(i32::to_string).collect();
                all.join(" or ")
            }

            fn read(found: &Found<'_>) -> Option<Self> {
                let number = found.integer::<Self>()?;
                match Self::NUMBERS.iter().find(|known| i64::from(**known) == number) {
                    Some(known) => Some(Self(*known)),
                    None => found.refuse(Invalid::new(
                        "plan-file/out-of-range",
                        format!($message, number),
                        format!("write {}", Self::expected()),
                    )),
                }
            }
        }

        schema_of!($name, { "type": "integer", "enum": Self::NUMBERS });
    };
}

one_of!(
    /// Source: Amazon EC2 API reference, `CreateClientVpnEndpoint`.
    VpnPort, [443, 1194], "{} is no port of a Client VPN"
);

one_of!(
    /// Source: Amazon EC2 API reference, `CreateClientVpnEndpoint`.
    SessionHours, [8, 10, 12, 24], "a session cannot last {} hours"
);

one_of!(
    /// There are two private subnets.
    VpnSubnets, [1, 2], "there are no {} private subnets"
);
