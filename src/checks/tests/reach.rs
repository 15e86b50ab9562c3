//! Ranges that admit more than the allowed networks.

use insta::assert_snapshot;

use crate::checks::reach::reach;
use crate::config::{Limits, PlanFile, load};
use crate::engine::plan::{Finding, Severity};

use super::samples::{codes, text};

fn plan(count: u32) -> PlanFile {
    let networks: Vec<_> = (0..count).map(|n| format!("\"10.{}.{}.0/24\"", n / 64, n % 64 * 4)).collect();
    let file = format!("name = \"prod\"\nrelease = \"5.0.0\"\naccess.allowed_cidrs = [{}]\n", networks.join(", "));
    load("plan.toml", &file).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn said(count: u32, limits: Limits) -> Vec<Finding> {
    reach(&plan(count), &[], limits, None, "eu-west-1", true)
}

#[test]
fn what_fits_has_no_finding() {
    assert!(said(6, Limits::default()).is_empty());
    assert!(said(500, Limits { rules: 200, entries: 1007, ..Limits::default() }).is_empty());
}

#[test]
fn the_covering_ranges_of_a_network_acl_are_reported() {
    let findings = said(9, Limits::default());
    assert_eq!(codes(&findings), ["access/network-acl-covers"]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Warning));
    assert_snapshot!("network_acl_covers", text(&findings));
}

#[test]
fn covering_ranges_are_reported_with_their_additional_addresses() {
    let findings = said(12, Limits { rules: 8, groups: 2, entries: 40 });
    assert_eq!(codes(&findings), ["access/covering-ranges"]);
    assert_snapshot!("covering_ranges", text(&findings));
    let unread = reach(
        &plan(500),
        &[],
        Limits::default(),
        Some("servicequotas ListServiceQuotas failed: no"),
        "eu-west-1",
        true,
    );
    assert_eq!(codes(&unread), ["access/covering-ranges", "access/network-acl-covers"]);
    assert!(unread[0].message.contains("(servicequotas ListServiceQuotas failed: no)"), "{}", unread[0].message);
    assert!(
        unread[0].hint.as_deref().is_some_and(|hint| hint.contains("L-0EA8095F --desired-value 200")),
        "{unread:?}"
    );
    // More rules than AWS allows on any network interface.
    let beyond = said(501, Limits::default());
    assert!(beyond[0].hint.as_deref().is_some_and(|hint| hint.ends_with("at most 1000 rules")), "{beyond:?}");
    // The security groups of an existing load balancer do not belong to ce-aws.
    assert!(
        reach(&plan(500), &[], Limits::default(), None, "eu-west-1", false)
            .iter()
            .all(|f| f.code != "access/covering-ranges")
    );
}
