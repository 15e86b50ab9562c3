//! What depends on the region.

use crate::config::{Partition, Region, Zone, examine};

const HEAD: &str = "name = \"prod\"\nrelease = \"5.0.0\"\n";
const ZONES: &str = "network.zones = [\"eu-west-1a\", \"eu-west-1b\"]\n";

fn region(name: &str) -> Region {
    name.parse().unwrap()
}

fn codes(text: &str, fallback: Option<&str>) -> Vec<&'static str> {
    examine("plan.toml", text, fallback.map(region)).problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn the_file_wins_over_the_environment() {
    let text = format!("{HEAD}region = \"eu-west-1\"\n{ZONES}");
    let examined = examine("plan.toml", &text, Some(region("us-east-1")));
    assert_eq!(examined.plan.unwrap().region, Some(region("eu-west-1")));
}

#[test]
fn the_environment_fills_the_gap_and_is_checked_against() {
    let text = format!("{HEAD}{ZONES}");
    assert_eq!(codes(&text, None), [""; 0]);
    assert_eq!(codes(&text, Some("eu-west-1")), [""; 0]);
    assert_eq!(codes(&text, Some("us-east-1")), ["plan-file/zone-of-another-region"; 2]);
    let examined = examine("plan.toml", &text, Some(region("eu-west-1")));
    assert_eq!(examined.plan.unwrap().region, Some(region("eu-west-1")));
}

#[test]
fn the_region_is_checked_although_something_else_is_wrong() {
    let text = format!("name = \"Prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n{ZONES}");
    let zone = "plan-file/zone-of-another-region";
    assert_eq!(codes(&text, None), ["plan-file/bad-name", zone, zone]);
}

#[test]
fn iam_policies_need_the_partition_only() {
    let text = format!("{HEAD}identity.task_policy_arns = [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\n");
    assert_eq!(codes(&text, Some("eu-west-1")), [""; 0]);
    assert_eq!(codes(&text, Some("cn-north-1")), ["plan-file/arn-of-another-partition"]);
}

#[test]
fn each_region_is_in_one_partition() {
    assert_eq!(region("us-east-1").partition(), Partition::Standard);
    assert_eq!(region("cn-northwest-1").partition(), Partition::China);
    assert_eq!(region("us-gov-west-1").partition(), Partition::GovCloud);
    assert_eq!(region("cn-north-1").partition().dns_suffix(), "amazonaws.com.cn");
}

#[test]
fn every_region_and_zone_is_spelled_as_it_is_read() {
    for region in Region::all() {
        assert_eq!(region.as_str().parse(), Ok(region));
        let zone: Zone = format!("{region}b").parse().unwrap();
        assert_eq!((zone.region(), zone.to_string()), (region, format!("{region}b")));
    }
}
