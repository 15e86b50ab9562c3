//! Routes.

use serde::{Deserialize, Serialize};

use crate::engine::reference::Ref;

use super::internet_gateway::InternetGateway;
use super::nat_gateway::NatGateway;

/// A route; of those that match an address, the one with the longest prefix counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    /// An IPv4 network in CIDR notation; in what others added, IPv6 or a prefix list as well.
    pub destination: String,
    pub via: Via,
}

/// Where packets are sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    Gateway(Ref<InternetGateway>),
    Nat(Ref<NatGateway>),
    /// What others chose: the id of a peering connection, a transit gateway, a network interface.
    Other(String),
    /// Nowhere: the id of a target that is gone.
    Blackhole(String),
}

impl Route {
    /// All traffic that no other route takes, to an internet gateway.
    pub fn default_via_gateway(gateway: Ref<InternetGateway>) -> Self {
        Self { destination: "0.0.0.0/0".to_owned(), via: Via::Gateway(gateway) }
    }

    /// All traffic that no other route takes, to a NAT gateway.
    pub fn default_via_nat(nat: Ref<NatGateway>) -> Self {
        Self { destination: "0.0.0.0/0".to_owned(), via: Via::Nat(nat) }
    }
}
