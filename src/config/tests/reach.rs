//! Who is admitted by which rules.

use ipnet::Ipv4Net;
use proptest::prelude::*;

use crate::config::{Limits, PlanFile, load};

fn plan(networks: &[String], more: &str) -> PlanFile {
    let networks: Vec<_> = networks.iter().map(|net| format!("{net:?}")).collect();
    let text =
        format!("name = \"prod\"\nrelease = \"5.0.0\"\naccess.allowed_cidrs = [{}]\n{more}", networks.join(", "));
    load("plan.toml", &text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Networks with gaps between them, so that no two are one.
fn scattered(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("10.{}.{}.0/24", n / 64, n % 64 * 4)).collect()
}

const DEFAULT: Limits = Limits { rules: 60, groups: 5, entries: 20 };

fn sizes(plan: &PlanFile, limits: Limits) -> Vec<usize> {
    plan.reach(&[], limits).groups.iter().map(Vec::len).collect()
}

#[test]
fn a_group_is_filled_before_there_is_another() {
    let of = |count, more| sizes(&plan(&scattered(count), more), DEFAULT);
    assert_eq!(of(1, ""), [1]);
    assert_eq!(of(30, ""), [30]);
    assert_eq!(of(31, ""), [30, 1]);
    assert_eq!(of(150, ""), [30; 5]);
    assert_eq!(of(500, ""), [30; 5]);
    let task = "load_balancer.enabled = false\n";
    assert_eq!(of(61, task), [60, 1]);
    let extra = "[[access.extra_ingress]]\nto = \"load-balancer\"\nprotocol = \"icmp\"\nfrom = \"10.0.0.0/8\"\n";
    assert_eq!(of(31, extra), [29, 2]);
}

#[test]
fn with_the_largest_quotas_five_hundred_networks_are_exact() {
    let plan = plan(&scattered(500), "");
    let limits = Limits { rules: 200, ..DEFAULT };
    let reach = plan.reach(&[], limits);
    assert!(reach.is_exact() && !plan.reach_is_exact());
    assert_eq!(sizes(&plan, limits), [100; 5]);
    assert_eq!(sizes(&plan, Limits { rules: 1000, ..limits }), [500]);
    assert!(!plan.reach(&[], DEFAULT).is_exact());
}

#[test]
fn nine_networks_crowd_the_network_acl_and_no_group() {
    let plan = plan(&scattered(9), "");
    let reach = plan.reach(&[], DEFAULT);
    assert!(reach.is_exact());
    assert_eq!(reach.acl.len(), 6);
    assert_eq!(plan.crowds_acl(&reach).len(), 9);
    assert!(!plan.reach_is_exact());
    let larger = plan.reach(&[], Limits { entries: 40, ..DEFAULT });
    assert_eq!((larger.acl.len(), plan.crowds_acl(&larger).len()), (9, 0));
}

proptest! {
    #[test]
    fn everybody_is_admitted_within_the_limits(
        hosts in prop::collection::btree_set(any::<u32>(), 1..400),
        rules in 2..300_usize,
        groups in 1..17_usize,
        entries in 9..41_usize,
        front: bool,
    ) {
        let net = |host: &u32| Ipv4Net::from(std::net::Ipv4Addr::from(*host)).to_string();
        let wanted: Vec<String> = hosts.iter().map(net).collect();
        let plan = plan(&wanted, if front { "" } else { "load_balancer.enabled = false\n" });
        let limits = Limits { rules, groups, entries };
        let reach = plan.reach(&[], limits);
        prop_assert!(reach.groups.iter().all(|ranges| ranges.len() * reach.ports <= rules));
        prop_assert!(reach.groups.len() <= groups.min(5) && reach.groups.len() * rules <= 1000.max(rules));
        prop_assert!(reach.acl.len() * 2 + 7 <= entries);
        for net in &reach.wanted {
            prop_assert!(reach.groups.iter().flatten().any(|range| range.contains(net)));
            prop_assert!(reach.acl.iter().any(|range| range.contains(net)) || plan.network.cidr.net().contains(net));
        }
        prop_assert_eq!(reach.clone(), plan.reach(&[], limits), "the same again");
    }
}
