//! Network ACLs.

use insta::assert_snapshot;

use crate::checks::network::{Uses, subnets, usable_subnet};
use crate::engine::plan::Finding;
use crate::existing::network::{AclEntry, NetworkAcl, Subnet, Vpc};

use super::samples::{self, ANY, acl, codes, endpoints, entry, named, subnet, text, uses, vpc};

/// The findings when both subnets have an ACL with these inbound entries.
fn of(ingress: Vec<AclEntry>, uses: &Uses) -> Vec<Finding> {
    with(&acl(ingress), uses)
}

fn with(acl: &NetworkAcl, uses: &Uses) -> Vec<Finding> {
    let both = ['a', 'b'].map(|zone| Subnet { acl: Some(acl.clone()), ..subnet(zone) });
    subnets(&named("vpc-0a1", vpc()), &both.map(|subnet| named(&subnet.id.clone(), subnet)), uses)
}

fn all(number: i32, allow: bool, cidr: &str) -> AclEntry {
    entry(number, allow, "all", cidr, 0, 65535)
}

fn tcp(number: i32, allow: bool, cidr: &str, from: u16, to: u16) -> AclEntry {
    entry(number, allow, "tcp", cidr, from, to)
}

#[test]
fn an_acl_that_allows_all_has_open_admin_ports_and_is_reported_once() {
    let findings = of(vec![all(100, true, ANY), all(32767, false, ANY)], &uses());
    assert_eq!(codes(&findings), ["network-acl/open-admin-ports"]);
    assert_snapshot!("network_acl_open", text(&findings));
}

#[test]
fn the_first_matching_entry_decides() {
    let denied = [tcp(10, false, ANY, 22, 22), tcp(20, false, ANY, 3389, 3389)];
    let open = all(100, true, ANY);
    let before = denied.iter().cloned().chain([open.clone()]).collect();
    assert!(of(before, &uses()).is_empty());
    let after = [open.clone()].into_iter().chain(denied.clone()).collect();
    assert_eq!(codes(&of(after, &uses())), ["network-acl/open-admin-ports"]);
    let one = of(vec![denied[0].clone(), open], &uses());
    assert!(one[0].message.contains("allows TCP port 3389 from"), "{}", one[0].message);
}

#[test]
fn admin_ports_open_to_some_networks_or_for_other_protocols_are_fine() {
    let some = vec![all(90, true, "10.0.0.0/8"), tcp(91, true, "203.0.113.0/24", 22, 22)];
    let rest = [entry(92, true, "udp", ANY, 0, 65535), tcp(93, true, ANY, 3390, 65535)];
    assert!(of(some.into_iter().chain(rest).collect(), &uses()).is_empty());
}

#[test]
fn an_unreadable_acl_is_not_checked() {
    let blind = Subnet { acl: None, ..subnet('a') };
    assert!(usable_subnet(Some(&vpc()), &blind, &uses()).is_empty());
}

#[test]
fn an_acl_that_blocks_answers_from_the_internet_is_refused() {
    let inside = vec![all(100, true, "10.0.0.0/8")];
    let findings = of(inside.clone(), &uses());
    assert_eq!(codes(&findings), ["network-acl/blocks"; 2]);
    assert_snapshot!("network_acl_blocks_answers", text(&findings[..1]));

    let endpoints = Vpc { endpoints: Some(endpoints()), ..vpc() };
    let served = Subnet { acl: Some(acl(inside)), ..subnet('a') };
    assert!(usable_subnet(Some(&endpoints), &served, &uses()).is_empty(), "ECS pulls through endpoints");
}

#[test]
fn an_acl_that_blocks_the_internet_is_refused() {
    let admit = vec![all(100, true, "10.0.0.0/8"), tcp(110, true, ANY, 4000, 65535)];
    let egress = vec![all(100, true, "10.0.0.0/8"), tcp(110, true, ANY, 80, 80)];
    let findings = with(&NetworkAcl { egress, ..acl(admit) }, &uses());
    assert_eq!(codes(&findings), ["network-acl/blocks"; 2]);
    assert_snapshot!("network_acl_blocks_egress", text(&findings[..1]));
}

#[test]
fn a_part_that_is_blocked_may_be_intended() {
    let partly = vec![
        tcp(50, false, "203.0.113.0/24", 0, 65535),
        tcp(60, false, ANY, 40000, 50000),
        all(100, true, "10.20.0.0/16"),
        tcp(110, true, ANY, 50001, 65535),
    ];
    assert!(of(partly, &uses()).is_empty());
}

#[test]
fn blocked_clients_are_named_in_a_warning() {
    let uses = Uses { clients: vec!["10.0.0.0/8".to_owned(), "192.168.7.0/24".to_owned()], ..uses() };
    let admit = vec![all(100, true, "10.0.0.0/8"), tcp(110, true, ANY, 4000, 65535)];
    let findings = of(admit.clone(), &uses);
    assert_eq!(codes(&findings), ["network-acl/blocks"; 2]);
    assert_snapshot!("network_acl_blocks_clients", text(&findings[..1]));
    assert!(of(admit.clone(), &Uses { port: None, ..uses }).is_empty());

    let inside = Uses { clients: vec!["10.20.1.128/25".to_owned()], ..samples::uses() };
    let shut = tcp(90, false, "10.20.1.128/25", 443, 443);
    let entries = [shut].into_iter().chain(admit).collect();
    let home = Subnet { acl: Some(acl(entries)), ..subnet('a') };
    assert!(usable_subnet(Some(&vpc()), &home, &inside).is_empty(), "an ACL does not filter traffic within its subnet");
}

#[test]
fn an_acl_between_load_balancer_and_task_is_refused() {
    let answers = tcp(110, true, ANY, 4000, 65535);
    let parted = vec![tcp(90, false, "10.20.0.0/16", 3000, 3000), all(100, true, "10.0.0.0/8"), answers];
    let findings = of(parted.clone(), &uses());
    assert_eq!(codes(&findings), ["network-acl/blocks"; 2]);
    assert_snapshot!("network_acl_parts", text(&findings[..1]));
    assert!(of(parted, &Uses { load_balancer: false, ..uses() }).is_empty());
}
