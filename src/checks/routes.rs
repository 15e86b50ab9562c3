//! The plan file's routes, and what the private route tables have now.

use ipnet::Ipv4Net;
use serde_json::Value;

use crate::config::{Cidr, NetworkRoute, PlanFile};
use crate::engine::inventory::{Inventory, Live};
use crate::engine::plan::Finding;
use crate::engine::set;

use super::finding::{refusal, warning};

/// Findings about the routes of the plan file.
pub fn routes(plan: &PlanFile, inventory: &Inventory) -> Vec<Finding> {
    let tables = inventory.live.iter().filter(|live| live.address.kind() == "route-table");
    let there = tables.flat_map(|table| plan.network.route.iter().filter_map(|route| state(route, table)));
    let nobody = plan.network.route.iter().filter_map(|route| nobody(plan, route));
    there.chain(not_attached(plan, inventory)).chain(nobody).collect()
}

/// The targets of the routes to a network, in a list of routes: the kind of target, and its id.
fn targets<'a>(routes: &'a Value, to: &str) -> Vec<(&'a str, &'a str)> {
    let here = set::members(routes).unwrap_or_default().into_iter().filter(|route| route["destination"] == to);
    let via = here.filter_map(|route| route["via"].as_object()?.iter().next());
    via.filter_map(|(kind, id)| Some((kind.as_str(), id.as_str()?))).collect()
}

/// What is wrong with a route that a table has already.
fn state(route: &NetworkRoute, table: &Live) -> Option<Finding> {
    let (to, via, name) = (route.to.as_str(), route.via.as_str(), table.address.name());
    let (kind, id) = targets(&table.spec["networks"], &to).into_iter().next()?;
    let is_ours = !targets(&table.spec["routes"], &to).is_empty();
    if id == via && kind == "blackhole" {
        return Some(warning(
            "route/blackhole",
            format!("the route to {to} in {name} drops everything: {via} is gone, or no longer serves the VPC"),
            "attach the VPC again, or correct or remove the route in the plan file",
        ));
    }
    (id != via && !is_ours).then(|| {
        refusal(
            "route/taken",
            format!("somebody has added a route to {to} to {name} by hand, and it leads to {id} instead of {via}"),
            "delete that route, or remove this one from the plan file",
        )
    })
}

/// Nothing can be attached to a VPC that does not exist.
fn not_attached(plan: &PlanFile, inventory: &Inventory) -> Option<Finding> {
    let first = plan.network.route.first()?;
    let exists = inventory.live.iter().any(|live| live.address.kind() == "vpc");
    (!exists).then(|| {
        warning(
            "route/not-attached",
            format!("the VPC does not exist yet, so {} cannot serve it: apply stops at the route tables", first.via),
            "apply; once the VPC exists, attach it, and apply again, which continues",
        )
    })
}

/// A route alone lets nobody in.
fn nobody(plan: &PlanFile, route: &NetworkRoute) -> Option<Finding> {
    let net = route.to.network().map(Cidr::net).filter(|net| net.prefix_len() > 0)?;
    let vpc = [plan.network.cidr.as_str()];
    let allowed = plan.access.allowed(&vpc);
    let overlaps = |text: &String| text.parse::<Ipv4Net>().is_ok_and(|one| one.contains(&net) || net.contains(&one));
    (!allowed.iter().any(overlaps)).then(|| {
        warning(
            "route/nobody-allowed",
            format!(
                "the route to {net} lets nobody there open the UI: neither the security groups nor the network ACL \
                 admit that network"
            ),
            "add the network to `allowed_cidrs` in [access]; nothing is missing if only Cloud Exchange connects there",
        )
    })
}
