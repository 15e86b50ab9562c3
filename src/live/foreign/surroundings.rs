//! One round of concurrent reads. What may not be read is reported, and does not end the round.

use std::collections::BTreeSet;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use serde_json::Value;

use crate::engine::failure::{Cause, Failure};
use crate::engine::holder::{Holder, Surroundings};
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::registry;
use crate::kinds::resource::{Context, Depth};

use super::interfaces;
use super::network::Search;
use super::ours::Ours;

/// What AWS has created by itself in a VPC of ours, as resources that a plan can delete. None where they may not be
/// read: they are then reported among the others.
pub async fn companions(context: &Context, inventory: &Inventory) -> Result<Vec<Live>, Failure> {
    let context = &Context { known: inventory.known(), ..context.clone() };
    let reads = registry::COMPANIONS.iter().map(|kind| kind.list(context, Depth::Full));
    let mut all = Vec::new();
    for seen in join_all(reads).await {
        match seen {
            Err(failure) if is_unreadable(&failure) => {}
            seen => all.extend(seen?.live),
        }
    }
    Ok(all)
}

/// What is read, for people, and the read.
type Read<'a> = (&'static str, BoxFuture<'a, Result<Vec<Holder>, Failure>>);

/// Everything outside the deployment that holds something in the inventory, companions included. What may not be read,
/// or is unknown in the region, is reported.
pub async fn surroundings(context: &Context, inventory: &Inventory) -> Result<Surroundings, Failure> {
    let context = &Context { known: inventory.known(), ..context.clone() };
    let ours = &Ours::all(&context.names, inventory);
    let texts = |kind: &'static str, property: &'static str| {
        let of_kind = inventory.live.iter().filter(move |live| live.address.kind() == kind);
        of_kind.filter_map(move |live| live.spec.get(property).and_then(Value::as_str)).map(str::to_owned)
    };
    let group_vpcs: BTreeSet<String> = texts("security-group", "vpc").collect();
    let with_ours: Vec<String> = texts("listener", "load_balancer").collect();
    let search = Search { context, ours, group_vpcs: &group_vpcs };
    let has_vpc = !ours.ids("vpc").is_empty();
    let (filter, ids) = match has_vpc {
        true => ("vpc-id", ours.ids("vpc")),
        false => ("group-id", search.groups_of_ours()),
    };
    let interfaces = async {
        let all = interfaces::seen(context, filter, ids).await?;
        let foreign = all.iter().filter(|one| interfaces::fate(one, ours) == interfaces::Fate::Stays);
        Ok(foreign.map(|one| interfaces::holder(one, ours)).collect())
    };
    let mut reads: Vec<Read<'_>> = Vec::new();
    if has_vpc {
        reads.extend([
            ("VPC endpoints", search.endpoints().boxed()),
            ("VPC peering connections", search.peerings().boxed()),
            ("transit gateway attachments", search.transit_gateways().boxed()),
            ("virtual private gateways", search.vpn_gateways().boxed()),
            ("NAT gateways", search.nat_gateways().boxed()),
            ("internet gateways", search.gateways().boxed()),
            ("subnets", search.subnets().boxed()),
            ("route tables", search.route_tables().boxed()),
            ("network ACLs", search.network_acls().boxed()),
        ]);
    }
    reads.extend([
        ("security groups", search.groups().boxed()),
        ("services and tasks in the cluster", search.in_cluster().boxed()),
        ("listeners", search.listeners().boxed()),
        ("target groups", search.balancers(&with_ours).boxed()),
        ("access points", search.access_points().boxed()),
        ("recovery points", search.recovery_points().boxed()),
        ("network interfaces", interfaces.boxed()),
    ]);
    let (what, reads): (Vec<_>, Vec<_>) = reads.into_iter().unzip();
    let (mut holders, mut unread) = (Vec::new(), Vec::new());
    for (what, seen) in what.into_iter().zip(join_all(reads).await) {
        match seen {
            Err(failure) if is_unreadable(&failure) => unread.push((what.to_owned(), failure.said())),
            seen => holders.extend(seen?),
        }
    }
    Ok(Surroundings { holders: without_parts(holders), unread })
}

/// Without the network interfaces of holders that are listed themselves: an endpoint, a gateway, an attachment.
fn without_parts(holders: Vec<Holder>) -> Vec<Holder> {
    let whole: Vec<String> =
        holders.iter().filter(|one| one.what != "network interface").map(|one| one.id.clone()).collect();
    let is_part =
        |one: &Holder| one.what == "network interface" && whole.iter().any(|id| one.whose.contains(id.as_str()));
    let mut all: Vec<Holder> = holders.into_iter().filter(|one| !is_part(one) && !one.holds.is_empty()).collect();
    all.sort();
    all
}

/// Denied, or unknown in this region. Invalid credentials are neither.
fn is_unreadable(failure: &Failure) -> bool {
    [Cause::Denied, Cause::Refused].contains(&failure.cause) && failure.hints.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::address::Address;

    #[test]
    fn the_interfaces_of_listed_holders_are_left_out() {
        let holder = |what: &str, id: &str, whose: &str| Holder {
            what: what.to_owned(),
            id: id.to_owned(),
            whose: whose.to_owned(),
            holds: vec![Address::new("vpc", "main")],
            remedy: String::new(),
        };
        let all = without_parts(vec![
            holder("network interface", "eni-1", "VPC Endpoint Interface vpce-1"),
            holder("network interface", "eni-2", "mine"),
            holder("VPC endpoint", "vpce-1", ""),
        ]);
        assert_eq!(all.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["vpce-1", "eni-2"]);
    }
}
