//! Recommendations of the vendor.

use insta::assert_snapshot;

use crate::checks::advice::{outbound, support};
use crate::config::{self, PlanFile};

use super::samples::{codes, denied, named, text};

fn file(rest: &str) -> PlanFile {
    let text = format!("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"eu-west-1\"\n{rest}");
    config::load("plan.toml", &text).unwrap()
}

#[test]
fn the_needed_hosts_are_named_if_the_network_or_proxy_is_existing() {
    assert_eq!(outbound(&file(""), &[]), None, "NAT gateways of ce-aws block nothing");
    let hub = ["docker.io".to_owned(), "registry.example.com".to_owned()];
    let without = outbound(&file("[network]\nnat = \"none\"\n"), &hub).unwrap();
    let proxied = outbound(&file("[proxy]\nhttps = \"http://proxy.example.com:3128\"\n"), &[]).unwrap();
    let findings = [without, proxied];
    assert_eq!(codes(&findings), ["egress/hosts"; 2]);
    assert_snapshot!("egress_hosts", text(&findings));
}

#[test]
fn a_role_must_be_able_to_open_support_cases() {
    const POLICY: &str = "arn:aws:iam::aws:policy/AWSSupportAccess";
    assert_eq!(support(&named(POLICY, true)), None);
    let answer = "iam ListEntitiesForPolicy failed: AccessDenied: no";
    let findings = [support(&named(POLICY, false)).unwrap(), support(&denied(POLICY, answer)).unwrap()];
    assert_eq!(codes(&findings), ["account/no-support-role", "account/not-checked"]);
    assert_snapshot!("support_role", text(&findings));
}
