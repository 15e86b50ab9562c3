//! Quotas.

use insta::assert_snapshot;
use serde_json::json;

use crate::checks::quota::{demands, quotas};
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Action, Plan, Severity};
use crate::existing::account::quota::{Demand, Limited, Room};

use super::samples::{codes, plan, step, text};

fn room(of: Limited, place: &str, limit: f64, used: f64, wanted: f64) -> Room {
    Room { demand: Demand { of, place: place.to_owned(), wanted }, limit: Ok(limit), used: Ok(used) }
}

fn demanded(plan: &Plan) -> Vec<(Limited, String, f64)> {
    let all = demands(plan, &Inventory::default(), 4.0).into_iter();
    all.map(|Demand { of, place, wanted }| (of, place, wanted)).collect()
}

#[test]
fn what_fits_has_no_finding() {
    assert!(quotas(&[room(Limited::Vpcs, "", 5.0, 3.0, 1.0)], "eu-west-1").is_empty());
    assert!(quotas(&[room(Limited::GroupRules, "security-group/task", 60.0, 0.0, 60.0)], "eu-west-1").is_empty());
}

#[test]
fn an_exceeded_quota_is_refused_with_numbers_and_command() {
    let findings = quotas(
        &[
            room(Limited::ElasticIps, "", 5.0, 4.0, 2.0),
            room(Limited::NatGateways, "eu-west-1a", 5.0, 5.0, 1.0),
            room(Limited::Vcpus, "", 6.0, 2.25, 4.0),
            room(Limited::Roles, "", 1000.0, 999.0, 3.0),
        ],
        "eu-west-1",
    );
    assert_eq!(codes(&findings), ["quota/exceeded"; 4]);
    assert!(findings.iter().all(|finding| finding.severity == Severity::Refusal));
    assert_snapshot!("quota_exceeded", text(&findings));
}

#[test]
fn a_used_up_quota_is_a_warning() {
    let findings = quotas(&[room(Limited::Vpcs, "", 5.0, 4.0, 1.0)], "eu-west-1");
    assert_eq!(codes(&findings), ["quota/used-up"]);
    assert_snapshot!("quota_used_up", text(&findings));
}

#[test]
fn unreadable_quotas_are_one_finding() {
    let denied = || Err("servicequotas ListServiceQuotas failed: AccessDeniedException: no".to_owned());
    let without = |of, limit, used| Room { limit, used, ..room(of, "", 0.0, 0.0, 1.0) };
    let findings = quotas(
        &[
            without(Limited::Vpcs, denied(), Ok(1.0)),
            without(Limited::NatGateways, denied(), Ok(1.0)),
            without(Limited::NatGateways, denied(), Ok(1.0)),
            without(Limited::Buckets, Ok(5.0), Err("s3 ListBuckets failed: AccessDenied: no".to_owned())),
        ],
        "eu-west-1",
    );
    assert_eq!(codes(&findings), ["quota/not-checked"]);
    assert_snapshot!("quota_not_checked", text(&findings));
}

#[test]
fn only_what_a_plan_creates_is_a_demand() {
    let reference = |address: &str| json!({ "$ref": address, "output": "id", "need": "exists" });
    let nat = |zone: char| {
        step(&format!("nat-gateway/{zone}"), json!({ "subnet": reference(&format!("subnet/public-{zone}")) }))
    };
    let subnet = |zone: char| {
        step(
            &format!("subnet/public-{zone}"),
            json!({ "vpc": reference("vpc/main"), "zone": format!("eu-west-1{zone}") }),
        )
    };
    let rules = json!({ "vpc": "vpc-07", "ingress": { "$set": [1, 2, 3] }, "egress": { "$set": [1] } });
    let mut there = step("vpc/main", json!({}));
    there.action = Action::Update;
    let created = plan(vec![
        there,
        subnet('a'),
        subnet('b'),
        nat('a'),
        nat('b'),
        step("elastic-ip/a", json!({})),
        step("elastic-ip/b", json!({})),
        step("security-group/task", rules),
        step("service/main", json!({})),
        step("backup-vault/main", json!({})),
    ]);
    assert_eq!(
        demanded(&created),
        [
            (Limited::NatGateways, "eu-west-1a".to_owned(), 1.0),
            (Limited::NatGateways, "eu-west-1b".to_owned(), 1.0),
            (Limited::ElasticIps, String::new(), 2.0),
            (Limited::Subnets, String::new(), 2.0),
            (Limited::SecurityGroups, String::new(), 1.0),
            (Limited::GroupRules, "security-group/task".to_owned(), 3.0),
            (Limited::Vcpus, String::new(), 4.0),
            (Limited::BackupVaults, String::new(), 1.0),
        ]
    );
    let mut update = step("service/main", json!({}));
    update.action = Action::Update;
    assert_eq!(demanded(&plan(vec![update])), [], "its task replaces another one");
    let mut larger = step("task-definition/main", json!({}));
    larger.action = Action::Update;
    larger.changes =
        serde_json::from_value(json!([{ "property": "cpu", "from": 4096, "to": 8192 }])).expect("a change");
    assert_eq!(demanded(&plan(vec![larger])), [(Limited::Vcpus, String::new(), 4.0)]);
}
