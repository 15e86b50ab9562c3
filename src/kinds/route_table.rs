//! Route tables.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::set::Set;

use super::route::Route;
use super::subnet::Subnet;
use super::vpc::Vpc;

/// A route table with its routes and the subnets that use it. What AWS puts in by itself (the local route, propagated
/// routes, those of gateway endpoints) is not listed. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    pub vpc: Ref<Vpc>,
    pub routes: Set<Route>,
    pub subnets: Set<Ref<Subnet>>,
}

impl Spec for RouteTable {
    const KIND: Kind = Kind { immutable: &["vpc"], ..Kind::new("route-table", Part::Network) };
}
