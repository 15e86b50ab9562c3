//! Routes of the plan file beside what the route tables have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::checks::routes::routes;
use crate::config::{PlanFile, load};
use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live, Phase};

use super::samples::{codes, text};

const ROUTE: &str = "[[network.route]]\nto = \"10.0.0.0/8\"\nvia = \"tgw-0a1b2c3d\"\n";

fn plan(more: &str) -> PlanFile {
    let file = format!("name = \"prod\"\nrelease = \"5.0.0\"\n{more}{ROUTE}");
    load("plan.toml", &file).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn live(kind: &str, spec: Value) -> Live {
    Live {
        address: Address::new(kind, "private-a"),
        id: "id".to_owned(),
        outputs: BTreeMap::new(),
        phase: Phase::Ready,
        spec,
        tags: BTreeMap::new(),
    }
}

/// A table with that route, among the plan file's or not.
fn table(via: Value, ours: bool) -> Inventory {
    let route = json!([{ "destination": "10.0.0.0/8", "via": via }]);
    let routes = if ours { route.clone() } else { json!([]) };
    let spec = json!({ "routes": { "$set": routes }, "networks": { "$set": route } });
    Inventory::new(vec![live("vpc", Value::Null), live("route-table", spec)])
}

const ALLOWED: &str = "access.allowed_cidrs = [\"10.20.0.0/16\"]\n";

#[test]
fn a_route_that_is_there_is_no_finding() {
    for ours in [true, false] {
        let there = table(json!({ "other": "tgw-0a1b2c3d" }), ours);
        assert!(routes(&plan(ALLOWED), &there).is_empty());
    }
    // Another target of a route of ours is changed in the plan file.
    assert!(routes(&plan(ALLOWED), &table(json!({ "other": "pcx-0a1b2c3d" }), true)).is_empty());
}

#[test]
fn a_route_of_others_to_the_same_network_is_not_replaced() {
    let findings = routes(&plan(ALLOWED), &table(json!({ "other": "pcx-0a1b2c3d" }), false));
    assert_eq!(codes(&findings), ["route/taken"]);
    insta::assert_snapshot!(text(&findings));
}

#[test]
fn a_target_that_is_gone_is_reported() {
    let findings = routes(&plan(ALLOWED), &table(json!({ "blackhole": "tgw-0a1b2c3d" }), true));
    assert_eq!(codes(&findings), ["route/blackhole"]);
    insta::assert_snapshot!(text(&findings));
}

#[test]
fn a_route_lets_nobody_in_by_itself_and_a_new_vpc_is_attached_to_nothing() {
    let findings = routes(&plan(""), &Inventory::default());
    assert_eq!(codes(&findings), ["route/not-attached", "route/nobody-allowed"]);
    insta::assert_snapshot!(text(&findings));
}
