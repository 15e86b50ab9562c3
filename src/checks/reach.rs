//! Whether the allowed networks are admitted one by one or by covering ranges.

use ipnet::Ipv4Net;

use crate::config::{Limits, MOST_RULES, PlanFile, Reach, beside};
use crate::engine::plan::Finding;
use crate::existing::account::quota::Limited;

use super::finding::warning;
use super::quota::request;

/// The most rules that AWS allows in a network ACL (Amazon VPC user guide, "Amazon VPC quotas").
const MOST_ENTRIES: usize = 40;

/// Findings about covering ranges. `vpc`: the VPC's own ranges; `unread`: why AWS's default limits were assumed.
pub fn reach(
    plan: &PlanFile,
    vpc: &[String],
    limits: Limits,
    unread: Option<&str>,
    region: &str,
    writes_groups: bool,
) -> Vec<Finding> {
    let reach = plan.reach(vpc, limits);
    let groups = (writes_groups && !reach.is_exact()).then(|| groups(plan, &reach, limits, unread, region));
    groups.into_iter().chain(acl(plan, &reach, limits, region)).collect()
}

fn groups(plan: &PlanFile, reach: &Reach, limits: Limits, unread: Option<&str>, region: &str) -> Finding {
    let covering = reach.groups.iter().flatten().filter(|range| !reach.wanted.contains(range));
    let covering: Vec<(Ipv4Net, u64)> = covering.map(|range| (*range, beside(*range, &reach.wanted))).collect();
    let others: u64 = covering.iter().map(|(_, others)| others).sum();
    let shown: Vec<_> = covering
        .iter()
        .map(|(range, others)| if *others == 0 { range.to_string() } else { format!("{range} ({others} more)") })
        .collect();
    let assumed = unread.map(|why| format!("; the quotas could not be read ({why}), so AWS's defaults are assumed"));
    let (wanted, ports, rules, groups) = (reach.wanted.len(), reach.ports, limits.rules, limits.groups_used());
    let message = format!(
        "{wanted} networks are allowed, which need {ports} rules each, but a network interface can have only {} rules \
         here ({rules} in each of {groups} security groups): the groups admit the smallest covering ranges, and with \
         them {others} additional addresses: {}{}",
        rules * groups,
        shown.join(", "),
        assumed.unwrap_or_default()
    );
    let fewer = "name fewer, larger networks in `allowed_cidrs`";
    #[allow(clippy::cast_precision_loss)] // At most 1000.
    let hint = match plan.rules_for(reach, limits) {
        Some(rules) => {
            format!("{fewer}; or, to admit each network alone, {}", request(Limited::GroupRules, rules as f64, region))
        }
        None => format!("{fewer}: AWS allows a network interface at most {MOST_RULES} rules"),
    };
    warning("access/covering-ranges", message, hint)
}

fn acl(plan: &PlanFile, reach: &Reach, limits: Limits, region: &str) -> Option<Finding> {
    let crowd = plan.crowds_acl(reach).len();
    if crowd == 0 {
        return None;
    }
    let ranges: Vec<_> = reach.acl.iter().map(ToString::to_string).collect();
    let groups = match reach.is_exact() {
        true => "the security group still admits only the allowed networks",
        false => "the security groups still restrict access",
    };
    let message = format!(
        "the network ACL has room for {} ranges, but {crowd} networks outside the VPC are allowed: it allows ports 80 \
         and 443 from {}; {groups}",
        reach.acl.len(),
        ranges.join(", ")
    );
    let needed = limits.entries + 2 * (crowd - reach.acl.len());
    #[allow(clippy::cast_precision_loss)] // At most 40.
    let hint = match needed {
        ..=MOST_ENTRIES => format!(
            "nothing has to be done; to admit each network alone in the ACL too, {}",
            request(Limited::AclEntries, needed as f64, region)
        ),
        _ => format!("nothing has to be done; AWS allows a network ACL at most {MOST_ENTRIES} rules"),
    };
    Some(warning("access/network-acl-covers", message, hint))
}
