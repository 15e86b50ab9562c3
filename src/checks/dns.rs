//! The name of the UI, and the hosted zone that it is to be in.

use crate::config::{DnsName, PlanFile};
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::Existing;
use crate::existing::zones::{Record, ValidationZone, Zone};

use super::finding::{ZONE, refusal, warning};

/// Findings about `[dns]`.
pub fn dns(plan: &PlanFile, existing: &Existing, inventory: &Inventory) -> Vec<Finding> {
    let Some(name) = &plan.dns.name else { return Vec::new() };
    let zone = existing.zone.iter().flat_map(|zone| {
        ZONE.check(zone, |zone| {
            let meant = meant(name, &zone.id, &zone.name, &zone.twins);
            meant.chain(unseen(zone, plan, inventory)).chain(taken(name, zone, inventory)).collect()
        })
    });
    let validation = existing.validation.iter().flat_map(|zone| {
        ZONE.check(zone, |zone| {
            let meant = meant(name, &zone.id, &zone.name, &zone.twins);
            meant.chain(private(zone)).chain(forbidden(name, zone)).collect()
        })
    });
    zone.chain(validation).collect()
}

/// Whether it is clear which zone is meant, and whether the name can be in it.
fn meant(name: &DnsName, id: &str, zone: &str, twins: &[String]) -> impl Iterator<Item = Finding> {
    let ids = [&[id.to_owned()], twins].concat().join(", ");
    let ambiguous = (!twins.is_empty()).then(|| {
        refusal(
            "zone/ambiguous",
            format!("several hosted zones are called {zone}: {ids}"),
            "name the one that is meant by its ID",
        )
    });
    let outside = (!name.is_within(zone)).then(|| {
        refusal(
            "zone/other-name",
            format!("the zone {id} is {zone}, and {} is not in it", name.as_str()),
            "name a zone that the name ends with",
        )
    });
    ambiguous.into_iter().chain(outside)
}

/// ACM looks for the validation record in public DNS.
fn private(zone: &ValidationZone) -> Option<Finding> {
    zone.private.then(|| {
        refusal(
            "certificate/private-zone",
            format!(
                "the zone {} ({}) is private, and ACM validates a certificate only in public DNS",
                zone.id, zone.name
            ),
            "name the public hosted zone of the domain as `validation_zone` in [dns]; where its DNS is not in Route \
             53, request the certificate yourself, and name it as `certificate_arn` in [load_balancer]",
        )
    })
}

/// The names by which CAA records admit Amazon (ACM user guide, "Configure a CAA record").
const AMAZON: [&str; 4] = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"];

/// CAA records that admit others only. Without a record of the kind `issue` every authority may issue.
fn forbidden(name: &DnsName, zone: &ValidationZone) -> Option<Finding> {
    let issuers = zone.caa.iter().filter_map(|value| {
        let mut parts = value.splitn(3, ' ').skip(1);
        let is_issue = parts.next()?.eq_ignore_ascii_case("issue");
        let issuer = parts.next()?.trim().trim_matches('"');
        is_issue.then(|| issuer.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    });
    let issuers: Vec<String> = issuers.collect();
    let admitted = issuers.is_empty() || issuers.iter().any(|issuer| AMAZON.contains(&issuer.as_str()));
    (!admitted).then(|| {
        let values = zone.caa.join(", ");
        refusal(
            "certificate/caa",
            format!("CAA records for {} do not let Amazon issue certificates: {values}", name.as_str()),
            "add a CAA record with the value 0 issue \"amazon.com\" beside them",
        )
    })
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
