//! Whether quotas have room for what a plan would create.

use std::collections::BTreeMap;

use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Finding, Plan, Step};
use crate::engine::reference;
use crate::existing::account::quota::{Demand, Limited, Room};

use super::finding::{refusal, warning};

/// What a plan would create of what AWS limits. `vcpus`: those of the task.
pub fn demands(plan: &Plan, inventory: &Inventory, vcpus: f64) -> Vec<Demand> {
    let mut all: BTreeMap<(Limited, String), f64> = BTreeMap::new();
    let mut add = |of, place: String, wanted: f64| *all.entry((of, place)).or_default() += wanted;
    for step in plan.steps.iter().filter(|step| step.action == Action::Create) {
        let of = match step.address.kind() {
            "vpc" => Limited::Vpcs,
            "internet-gateway" => Limited::InternetGateways,
            "elastic-ip" => Limited::ElasticIps,
            "client-vpn-endpoint" => Limited::ClientVpnEndpoints,
            "load-balancer" => Limited::LoadBalancers,
            "target-group" => Limited::TargetGroups,
            "file-system" => Limited::FileSystems,
            "cluster" => Limited::Clusters,
            "bucket" => Limited::Buckets,
            "role" => Limited::Roles,
            "backup-vault" => Limited::BackupVaults,
            "certificate" => Limited::Certificates,
            "subnet" => Limited::Subnets,
            "route-table" => Limited::RouteTables,
            "nat-gateway" => Limited::NatGateways,
            "security-group" => {
                add(Limited::GroupRules, step.address.to_string(), rules(step));
                Limited::SecurityGroups
            }
            _ => continue,
        };
        let place = match of {
            Limited::Subnets | Limited::RouteTables => known_vpc(plan, step),
            Limited::NatGateways => zone(plan, inventory, step),
            _ => String::new(),
        };
        add(of, place, 1.0);
    }
    // A group that grows beyond the default quota.
    let grown =
        plan.steps.iter().filter(|step| step.action == Action::Update && step.address.kind() == "security-group");
    for step in grown.filter(|step| rules(step) > ALWAYS_ALLOWED) {
        add(Limited::GroupRules, step.address.to_string(), rules(step));
    }
    if another_task(plan) {
        add(Limited::Vcpus, String::new(), vcpus);
    }
    all.into_iter().map(|((of, place), wanted)| Demand { of, place, wanted }).collect()
}

/// AWS's default quota of rules in a group, which is also the lowest.
const ALWAYS_ALLOWED: f64 = 60.0;

/// Whether a first or a larger task starts. A task that replaces an equal one needs no more vCPUs, because the old one
/// is stopped first.
fn another_task(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| match step.address.kind() {
        "service" => step.action == Action::Create,
        "task-definition" => step.changes.iter().any(|change| change.top() == "cpu"),
        _ => false,
    })
}

/// The VPC of a new resource; empty if it does not exist yet.
fn known_vpc(plan: &Plan, step: &Step) -> String {
    let vpc = reference::resolve(&step.spec["vpc"], &plan.known);
    vpc.as_str().unwrap_or_default().to_owned()
}

/// The zone of a new NAT gateway's subnet.
fn zone(plan: &Plan, inventory: &Inventory, step: &Step) -> String {
    let subnets: Vec<_> = reference::references(&step.spec["subnet"]).into_iter().map(|(address, _)| address).collect();
    let planned = plan.steps.iter().filter(|step| subnets.contains(&step.address)).map(|step| &step.spec);
    let live = inventory.live.iter().filter(|live| subnets.contains(&live.address)).map(|live| &live.spec);
    planned.chain(live).find_map(|spec| Some(spec.get("zone")?.as_str()?.to_owned())).unwrap_or_default()
}

/// The number of rules in the direction that has more.
#[allow(clippy::cast_precision_loss)] // Far below 2^52.
fn rules(step: &Step) -> f64 {
    let count = |direction| step.spec[direction]["$set"].as_array().map_or(0, Vec::len);
    count("ingress").max(count("egress")) as f64
}

/// Findings about exceeded and used up quotas. `region` is the deployment's.
pub fn quotas(rooms: &[Room], region: &str) -> Vec<Finding> {
    let known = rooms.iter().filter_map(|room| judge(room, region));
    known.chain(not_checked(rooms)).collect()
}

fn judge(Room { demand, limit, used }: &Room, region: &str) -> Option<Finding> {
    let (limit, used) = (limit.as_ref().ok()?, used.as_ref().ok()?);
    let Demand { of, place, wanted } = demand;
    let (all, words) = (used + wanted, of.quota().words);
    let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
    let numbers = format!("quota {limit}, {used} used, {wanted} wanted");
    if all > *limit {
        return Some(refusal(
            "quota/exceeded",
            format!("the plan exceeds the account's quota of {words}{place}: {numbers}"),
            format!("{}; {}", request(*of, all, region), instead(*of, *wanted)),
        ));
    }
    // These quotas are not shared with others.
    let shared = !matches!(of, Limited::GroupRules | Limited::Subnets | Limited::RouteTables);
    (all == *limit && shared).then_some(warning(
        "quota/used-up",
        format!("this deployment uses up the account's quota of {words}{place}: {numbers}"),
        format!("if something else will need more, {}", request(*of, all + 1.0, region)),
    ))
}

/// How to request more. IAM's quotas are requested in one region (AWS General Reference, "IAM and AWS STS quotas").
pub(super) fn request(of: Limited, wanted: f64, region: &str) -> String {
    let quota = of.quota();
    let region = if of == Limited::Roles { "us-east-1" } else { region };
    format!(
        "ask AWS for more: aws service-quotas request-service-quota-increase --region {region} --service-code {} \
         --quota-code {} --desired-value {}",
        quota.service,
        quota.code,
        wanted.ceil()
    )
}

fn instead(of: Limited, wanted: f64) -> &'static str {
    match of {
        Limited::ElasticIps if wanted > 1.0 => {
            "or release unused addresses, or set nat = \"single\" in [network], which needs only one"
        }
        Limited::NatGateways => "or name other `zones` in [network]",
        Limited::Vpcs | Limited::InternetGateways => {
            "or delete an unused one, or deploy into an existing one with [existing]"
        }
        Limited::Vcpus => "or stop unneeded tasks, or choose a smaller `package`",
        Limited::GroupRules => "or allow fewer, larger networks in [access]",
        Limited::LoadBalancers | Limited::TargetGroups => {
            "or delete an unused one, or name an existing one in [existing]"
        }
        _ => "or delete unused ones",
    }
}

/// One finding for all that could not be read, because usually one missing permission is the reason.
fn not_checked(rooms: &[Room]) -> Option<Finding> {
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Room { demand, limit, used } in rooms {
        if let Some(why) = limit.as_ref().err().or(used.as_ref().err()) {
            let names = by_reason.entry(why).or_default();
            let words = demand.of.quota().words;
            if !names.contains(&words) {
                names.push(words);
            }
        }
    }
    let reasons = by_reason.into_iter().map(|(why, names)| format!("{} ({why})", names.join(", ")));
    let reasons: Vec<_> = reasons.collect();
    (!reasons.is_empty()).then_some(warning(
        "quota/not-checked",
        format!("quotas, or what exists already, could not be read: {}", reasons.join("; ")),
        "grant the caller servicequotas:ListServiceQuotas, servicequotas:GetAWSDefaultServiceQuota and these \
             calls; otherwise apply fails at an exceeded quota, and can continue once there is room",
    ))
}
