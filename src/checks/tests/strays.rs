//! Resources that lost their tags.

use insta::assert_snapshot;

use crate::checks::strays::strays;
use crate::engine::address::Address;
use crate::existing::account::strays::{Candidate, Stray, Strays, Tags};

use super::samples::{codes, text};

fn there(id: &str, outputs: &[(&str, &str)]) -> Candidate {
    let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Candidate { id: id.to_owned(), outputs, tags: Tags::new() }
}

fn stray(kind: &str, name: &str, id: &str) -> Stray {
    let there = there(id, &[("id", id)]);
    Stray { address: Address::new(kind, name), there, used_by: None, deployment: None, is_lost: true }
}

#[test]
fn each_is_reported_with_the_command_that_tags_it() {
    let address = stray("elastic-ip", "a", "eipalloc-1");
    let found = vec![
        stray("nat-gateway", "a", "nat-1"),
        Stray {
            there: there("eipalloc-1", &[("id", "eipalloc-1"), ("address", "192.0.2.1")]),
            used_by: Some(Address::new("nat-gateway", "a")),
            ..address
        },
        stray("access-point", "mongo-data", "fsap-1"),
        Stray {
            deployment: Some("other".to_owned()),
            is_lost: false,
            ..stray("listener", "http", "arn:aws:elasticloadbalancing:listener")
        },
        // One of its two tags is left.
        Stray { deployment: Some("prod".to_owned()), ..stray("vpc", "main", "vpc-1") },
    ];
    let unread =
        vec![(Address::new("subnet", "private-a"), "ec2 DescribeSubnets failed: UnauthorizedOperation: no".to_owned())];
    let findings = strays(&Strays { found, unread }, "prod", "eu-west-1");
    assert_eq!(
        codes(&findings),
        ["name/taken", "name/taken", "name/taken", "name/taken", "name/taken", "name/not-checked"]
    );
    assert_snapshot!("strays", text(&findings));
}
