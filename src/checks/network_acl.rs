//! Network ACLs: who is let through, by the first entry that matches.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use crate::borrowed::network::{AclEntry, NetworkAcl, Subnet, Via, Vpc};
use crate::engine::plan::{Finding, Severity};

use super::egress;
use super::finding::{refusal, warning};
use super::network::Uses;

/// What nobody should reach from anywhere.
const ADMIN: [u16; 2] = [22, 3389];

/// The port of the UI container.
const TASK: u16 = 3000;

/// What is wrong with the ACL of one subnet.
pub fn alone(_vpc: Option<&Vpc>, _subnet: &Subnet, _uses: &Uses) -> Vec<Finding> {
    Vec::new()
}

/// What the ACLs do to traffic between the subnets.
pub fn between(_subnets: &[&Subnet], _uses: &Uses) -> Vec<Finding> {
    Vec::new()
}
