//! The name of the UI, and the hosted zone that it is to be in.

use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::Existing;
use crate::existing::zones::{Record, Zone};

use super::finding::{ZONE, refusal, warning};

/// Findings about `[dns]`.
pub fn dns(plan: &PlanFile, existing: &Existing, inventory: &Inventory) -> Vec<Finding> {
    let Some(name) = &plan.dns.name else { return Vec::new() };
    let zone = existing.zone.iter().flat_map(|zone| {
        ZONE.check(zone, |zone| {
            let outside = (!name.is_within(&zone.name)).then(|| outside(name, zone));
            let taken = taken(name, zone, inventory);
            ambiguous(zone).into_iter().chain(outside).chain(unseen(zone, plan, inventory)).chain(taken).collect()
        })
    });
    zone.collect()
}

fn ambiguous(zone: &Zone) -> Option<Finding> {
    let ids = [vec![zone.id.clone()], zone.twins.clone()].concat().join(", ");
    (!zone.twins.is_empty()).then(|| {
        refusal(
            "zone/ambiguous",
            format!("several hosted zones are called {}: {ids}", zone.name),
            "name the one that is meant by its ID",
        )
    })
}

fn outside(name: &str, zone: &Zone) -> Finding {
    refusal(
        "zone/other-name",
        format!("the zone {} is {}, and {name} is not in it", zone.id, zone.name),
        "name a zone that the name ends with",
    )
}

/// A private zone answers only in the VPCs that are associated with it.
fn unseen(zone: &Zone, plan: &PlanFile, inventory: &Inventory) -> Option<Finding> {
    let own = inventory.live.iter().find(|live| live.address.kind() == "vpc").map(|live| live.id.clone());
    let vpc = plan.existing.vpc.as_ref().map(|id| id.as_str().to_owned()).or(own);
    let sees = vpc.as_ref().is_some_and(|vpc| zone.vpcs.contains(vpc));
    (zone.private && !sees).then(|| {
        let vpc = vpc.unwrap_or_else(|| "the new VPC".to_owned());
        warning(
            "zone/not-associated",
            format!("the private zone {} is not associated with {vpc}, where its names do not exist", zone.name),
            "associate it (`aws route53 associate-vpc-with-hosted-zone`) if people come through that VPC",
        )
    })
}

/// Records of others are neither replaced nor deleted.
fn taken(name: &str, zone: &Zone, inventory: &Inventory) -> Option<Finding> {
    let balancers = inventory.live.iter().filter(|live| live.address.kind() == "load-balancer");
    let ours: Vec<_> = balancers.filter_map(|live| live.outputs.get("dns")).collect();
    let is_ours = |record: &Record| ours.iter().any(|dns| record.leads_to(dns));
    let clashes = |record: &&Record| ["A", "AAAA", "CNAME"].contains(&record.kind.as_str()) && !is_ours(record);
    let Record { kind, to } = zone.records.iter().find(clashes)?;
    Some(refusal(
        "record/taken",
        format!("{name} has a record of type {kind} already, for {}", to.join(", ")),
        "ce-aws replaces no record that is not its own: delete it, or choose another `name` in [dns]",
    ))
}
