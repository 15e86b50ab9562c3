//! The VPC and its subnets, without outbound access and network ACLs.

use insta::assert_snapshot;

use crate::checks::network::{Uses, addresses, named_zone, subnets, usable_subnet, vpc};
use crate::checks::usable::usable;
use crate::engine::plan::{Finding, Severity};
use crate::existing::network::{Subnet, Vpc};
use crate::existing::routes::Via;
use crate::existing::{Lookup, Named};

use super::samples::{self, codes, denied, missing, named, route, subnet, text, uses};

fn of_vpc(change: impl FnOnce(&mut Vpc)) -> Vec<Finding> {
    let mut changed = samples::vpc();
    change(&mut changed);
    vpc(&named("vpc-0a1", changed))
}

fn of_subnets(all: [Subnet; 2]) -> Vec<Finding> {
    let all = all.map(|subnet| named(&subnet.id.clone(), subnet));
    subnets(&named("vpc-0a1", samples::vpc()), &all, &uses())
}

/// The findings after a change of the first subnet.
fn of_first(change: impl FnOnce(&mut Subnet)) -> Vec<Finding> {
    let mut first = subnet('a');
    change(&mut first);
    of_subnets([first, subnet('b')])
}

#[test]
fn a_good_vpc_with_two_good_subnets_has_no_finding() {
    assert_eq!(text(&of_vpc(|_| ())), "");
    assert_eq!(text(&of_first(|_| ())), "");
}

#[test]
fn missing_or_unreadable_resources_are_refused() {
    let answer = "ec2 DescribeVpcs failed: UnauthorizedOperation: You are not authorized to perform this operation.";
    let mut findings = vpc(&missing("vpc-0a1"));
    findings.extend(vpc(&denied("vpc-0a1", answer)));
    let named: [Named<Subnet>; 2] = [missing("subnet-0a"), denied("subnet-0b", answer)];
    findings.extend(subnets(&missing("vpc-0a1"), &named, &uses()));
    assert_eq!(codes(&findings), ["vpc/not-found", "vpc/denied", "subnet/not-found", "subnet/denied"]);
    assert_snapshot!("network_unknown", text(&findings));
}

#[test]
fn both_dns_attributes_must_be_on() {
    let mut findings = of_vpc(|vpc| vpc.dns_support = false);
    findings.extend(of_vpc(|vpc| vpc.dns_hostnames = false));
    findings.extend(of_vpc(|vpc| (vpc.dns_support, vpc.dns_hostnames) = (false, false)));
    assert_eq!(codes(&findings), ["vpc/dns"; 3]);
    assert_snapshot!("vpc_dns", text(&findings));
}

#[test]
fn best_practices_are_warnings() {
    let mut findings = of_vpc(|vpc| vpc.flow_logs = Some(false));
    findings.extend(of_vpc(|vpc| vpc.default_group_rules = Some(1)));
    findings.extend(of_vpc(|vpc| vpc.default_group_rules = Some(2)));
    assert_eq!(codes(&findings), ["vpc/no-flow-logs", "vpc/default-group-open", "vpc/default-group-open"]);
    assert!(usable(&findings).yes);
    assert_snapshot!("vpc_best_practice", text(&findings));
}

#[test]
fn unreadable_parts_are_named_as_not_checked() {
    let mut findings = of_vpc(|vpc| vpc.flow_logs = None);
    findings.extend(of_vpc(|vpc| {
        (vpc.flow_logs, vpc.default_group_rules, vpc.endpoints) = (None, None, None);
    }));
    assert_eq!(codes(&findings), ["vpc/not-checked"; 2]);
    assert_snapshot!("vpc_not_checked", text(&findings));
}

#[test]
fn subnets_of_another_vpc_are_refused_without_other_findings() {
    let findings = of_first(|subnet| {
        (subnet.vpc, subnet.routes, subnet.zone) = ("vpc-0f9".to_owned(), Vec::new(), "eu-west-1b".to_owned());
    });
    assert_eq!(codes(&findings), ["subnet/wrong-vpc"]);
    assert_snapshot!("subnet_wrong_vpc", text(&findings));
}

#[test]
fn subnets_of_one_zone_are_refused() {
    let findings = of_first(|subnet| subnet.zone = "eu-west-1b".to_owned());
    assert_eq!(codes(&findings), ["subnet/same-zone"]);
    assert_snapshot!("subnet_same_zone", text(&findings));
}

#[test]
fn addresses_must_be_free_for_new_resources() {
    assert_eq!([addresses(true, true), addresses(false, true), addresses(false, false)], [11, 3, 1]);
    assert!(of_first(|subnet| subnet.free_addresses = 11).is_empty());
    let mut findings = of_first(|subnet| subnet.free_addresses = 10);
    findings.extend(of_first(|subnet| subnet.free_addresses = 1));
    assert_eq!(codes(&findings), ["subnet/few-addresses"; 2]);
    assert_snapshot!("subnet_few_addresses", text(&findings));
    let small = Subnet { free_addresses: 3, ..subnet('a') };
    let uses = Uses { addresses: addresses(false, true), ..uses() };
    assert!(usable_subnet(Some(&samples::vpc()), &small, &uses).is_empty());
}

#[test]
fn a_public_subnet_is_refused() {
    let findings = of_first(|subnet| subnet.routes = route(Via::InternetGateway, "igw-03"));
    assert_eq!(codes(&findings), ["subnet/public"]);
    assert_snapshot!("subnet_public", text(&findings));
}

#[test]
fn all_findings_are_reported_together() {
    let bad = Subnet { free_addresses: 0, routes: Vec::new(), ..subnet('b') };
    let findings = of_subnets([bad.clone(), Subnet { id: "subnet-0c".to_owned(), ..bad }]);
    let each = ["subnet/few-addresses", "subnet/no-egress"];
    assert_eq!(codes(&findings), [&each[..], &each[..], &["subnet/same-zone"]].concat());
}

#[test]
fn own_dns_servers_and_none_at_all_are_warnings() {
    let servers =
        |servers: &[&str]| of_vpc(|vpc| vpc.dns_servers = Some(servers.iter().map(|one| (*one).to_owned()).collect()));
    let mut findings = servers(&["10.0.0.53", "10.0.1.53"]);
    findings.extend(servers(&[]));
    assert_eq!(codes(&findings), ["vpc/own-dns", "vpc/no-dns-server"]);
    assert_eq!(servers(&["10.0.0.53", "AmazonProvidedDNS"]), []);
    assert_snapshot!("vpc_dns_servers", text(&findings));
}

#[test]
fn a_subnet_must_be_in_a_suitable_zone() {
    let zone = |id: &'static str| of_first(move |subnet| subnet.zone_id = id.to_owned());
    let mut findings = [zone("usw1-az2"), zone("usw2-lax1-az1"), zone("use1-az3")].concat();
    findings.extend(of_first(|subnet| subnet.outpost = Some("arn:aws:outposts:eu-west-1:1:outpost/op-1".to_owned())));
    findings.extend(of_first(|subnet| subnet.cidr = String::new()));
    findings.extend(of_first(|subnet| subnet.state = "failed".to_owned()));
    let codes = codes(&findings);
    let expected = [
        "subnet/zone",
        "subnet/zone",
        "subnet/zone-doubtful",
        "subnet/zone",
        "subnet/no-addresses",
        "subnet/not-available",
    ];
    assert_eq!(codes, expected);
    assert_snapshot!("subnet_zone", text(&findings));
}

#[test]
fn a_named_zone_is_checked_by_its_id() {
    let of = |lookup| named_zone(&Named { name: "us-west-1a".to_owned(), lookup }).map(|one| (one.code, one.severity));
    let found = |id: &str| of(Lookup::Found(id.to_owned()));
    assert_eq!(found("usw1-az1"), None);
    assert_eq!(found("usw1-az2"), Some(("zone/unusable".to_owned(), Severity::Refusal)));
    assert_eq!(found("usw2-lax1-az1"), Some(("zone/unusable".to_owned(), Severity::Refusal)));
    assert_eq!(found("use1-az3"), Some(("zone/doubtful".to_owned(), Severity::Warning)));
    assert_eq!(of(Lookup::Missing), Some(("zone/not-found".to_owned(), Severity::Refusal)));
    assert_eq!(of(Lookup::Denied("no".to_owned())), Some(("read/failed".to_owned(), Severity::Warning)));
}
