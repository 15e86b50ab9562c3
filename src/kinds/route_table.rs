//! Route tables.

use serde::{Deserialize, Serialize};

use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;

use super::order::Order;
use super::route::{self, Route};
use super::subnet::Subnet;
use super::vpc::Vpc;

/// A route table with its routes and the subnets that use it. What AWS puts in by itself (the local route, propagated
/// routes, those of gateway endpoints) is not listed. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RouteTable {
    pub vpc: Ref<Vpc>,
    /// By destination.
    pub routes: Vec<Route>,
    /// By address.
    pub subnets: Vec<Ref<Subnet>>,
}

impl RouteTable {
    /// The form in which wanted and live compare.
    pub fn normal(self) -> Self {
        self.ordered(&Order::default())
    }

    fn ordered(mut self, order: &Order) -> Self {
        self.routes = route::normal(self.routes);
        self.subnets.sort_by_cached_key(|subnet| order.key(subnet));
        self
    }
}

impl Spec for RouteTable {
    /// The subnets are read first because their order is that of their addresses.
    const KIND: Kind = Kind { parent: Some("subnet"), immutable: &["vpc"], ..Kind::new("route-table", Part::Network) };
}
