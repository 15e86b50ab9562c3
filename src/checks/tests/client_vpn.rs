//! The client VPN in an existing VPC.

use crate::checks::client_vpn::client_vpn;
use crate::config::load;
use crate::engine::inventory::Inventory;
use crate::existing::network::{Subnet, Vpc};
use crate::existing::{Existing, Lookup, Named};

use super::samples::codes;

fn found<T>(id: &str, seen: T) -> Named<T> {
    Named { name: id.to_owned(), lookup: Lookup::Found(seen) }
}

fn codes_of(range: &str, cidr: &str, free_addresses: u32) -> Vec<String> {
    let text = "name = \"prod\"\nrelease = \"5.0.0\"\n[existing]\nvpc = \"vpc-0a1b2c3d\"\n\
         private_subnets = [\"subnet-0a1b2c3d\", \"subnet-0a1b2c3e\"]\n[client_vpn]\nclient_cidr = \"10.100.0.0/22\"\n";
    let plan = load("plan.toml", text).unwrap_or_else(|problems| panic!("{problems:?}"));
    let subnet = |id: &str, cidr: &str, free_addresses| {
        found(id, Subnet { id: id.to_owned(), cidr: cidr.to_owned(), free_addresses, ..Subnet::default() })
    };
    let vpc = Vpc { cidrs: vec!["10.1.0.0/16".to_owned(), range.to_owned()], ..Vpc::default() };
    let existing = Existing {
        vpc: Some(found("vpc-0a1b2c3d", vpc)),
        // Only the first is associated.
        subnets: vec![subnet("subnet-0a1b2c3d", cidr, free_addresses), subnet("subnet-0a1b2c3e", "10.1.9.0/28", 1)],
        ..Existing::default()
    };
    codes(&client_vpn(&plan, &existing, &Inventory::default())).into_iter().map(str::to_owned).collect()
}

#[test]
fn ranges_and_subnets_of_an_existing_vpc_must_fit() {
    assert_eq!(codes_of("10.2.0.0/16", "10.1.1.0/27", 20), [""; 0]);
    assert_eq!(codes_of("10.100.0.0/16", "10.1.1.0/24", 200), ["vpn/overlap"]);
    assert_eq!(codes_of("10.2.0.0/16", "10.1.1.0/28", 30), ["vpn/small-subnet"]);
    assert_eq!(codes_of("10.2.0.0/16", "10.1.1.0/24", 19), ["vpn/small-subnet"]);
}
