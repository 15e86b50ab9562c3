//! Checks of the plan file as a whole.

use crate::checks::{Setting, all};
use crate::config;
use crate::engine::inventory::Inventory;
use crate::existing::Existing;
use crate::release::Catalogue;

/// The codes for a plan file in a region, with no existing resources and no deployment.
fn found(region: &str, rest: &str) -> Vec<String> {
    let text = format!("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"{region}\"\n{rest}");
    let plan = config::load("plan.toml", &text).unwrap();
    let release = Catalogue::effective().get(plan.release).unwrap();
    let (existing, inventory) = (Existing::default(), Inventory::default());
    let setting = Setting { plan: &plan, release, region, existing: &existing, inventory: &inventory, now: 0 };
    all(&setting).into_iter().map(|finding| finding.code).collect()
}

#[test]
fn allowed_networks_have_no_effect_with_an_existing_target_group() {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/ce/0123456789abcdef";
    let existing = format!(
        "[existing]\nvpc = \"vpc-0123456789abcdef0\"\nprivate_subnets = [\"subnet-0123456789abcdef0\", \
         \"subnet-0123456789abcdef1\"]\ntarget_group = \"{group}\"\n"
    );
    assert_eq!(found("eu-west-1", &existing), [""; 0]);
    let allowed = format!("{existing}[access]\nallowed_cidrs = [\"10.0.0.0/8\"]\n");
    assert_eq!(found("eu-west-1", &allowed), ["access/no-effect"]);
}

#[test]
fn images_of_another_partition_are_refused() {
    let mirror = "[images]\nregistry = \"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn\"\n";
    assert_eq!(found("cn-north-1", ""), ["image/other-partition"]);
    assert_eq!(found("us-gov-west-1", ""), ["image/other-partition"]);
    assert_eq!(found("cn-north-1", mirror), [""; 0]);
    assert_eq!(found("eu-west-1", ""), [""; 0]);
}
