//! The graph of a whole deployment, part by part.

use crate::config::PlanFile;
use crate::engine::graph::{Graph, InvalidGraph};

use super::outside::Outside;
use super::stack::{Facts, Stack};
use super::{alarms, backup, client_vpn, groups, identity, ingress, network, service, storage};

/// The graph of everything that the plan file asks for.
///
/// # Errors
///
/// An invalid graph is a bug of this program.
pub fn graph(plan: &PlanFile, facts: &Facts<'_>) -> Result<Graph, InvalidGraph> {
    let mut stack = Stack::new(plan, facts);
    let network = network::add(&mut stack);
    let groups = groups::add(&mut stack, &network);
    let storage = storage::add(&mut stack, &network, &groups);
    let outside = Outside::add(&mut stack, &groups);
    let identity = identity::add(&mut stack, &storage, &outside.injected);
    backup::add(&mut stack);
    identity::protect(&mut stack, &storage, &identity);
    network::log(&mut stack, &network);
    let ingress = ingress::add(&mut stack, &network, &groups, &outside);
    let parts = service::Parts {
        network: &network,
        groups: &groups,
        storage: &storage,
        identity: &identity,
        ingress: &ingress,
        outside: &outside,
    };
    let service = service::add(&mut stack, &parts);
    network::harden(&mut stack, &network, &service);
    alarms::add(&mut stack, &parts, &service);
    client_vpn::add(&mut stack, &network, &groups);
    stack.graph.finish()
}
