//! The internal certificate: who gets it, and when it is renewed.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{SMALLEST, graph_at, names_of};
use crate::blueprint::certificates::{Renewal, Wanted, wanted};
use crate::blueprint::needs::needs;
use crate::config::{self, PlanFile};
use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::reference::Outputs;
use crate::existing::Existing;
use crate::kinds::secret::{certificates, internal_certificate};
use crate::release::{Catalogue, Release, SecretHome, SecretKey};

const KEYS: [SecretKey; 3] = [SecretKey::InternalCa, SecretKey::InternalCertificate, SecretKey::InternalKey];

fn plan() -> PlanFile {
    config::load("plan.toml", SMALLEST).unwrap()
}

/// A release whose first container gets all of it.
fn release() -> Release {
    let mut release = Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap().clone();
    let secrets = KEYS.map(|key| (format!("SECRET_{}", key.as_str().to_uppercase()), key));
    release.containers[0].secrets.extend(secrets);
    release
}

fn graph(release: &Release, generation: u32) -> Graph {
    graph_at(&plan(), release, generation, &Existing::default(), &BTreeMap::new(), false)
}

fn spec<'a>(graph: &'a Graph, address: &str) -> &'a Value {
    &graph.get(&address.parse().unwrap()).unwrap().spec
}

#[test]
fn the_keys_are_those_of_the_document() {
    assert_eq!(KEYS.map(SecretKey::as_str), [certificates::CA, certificates::CERTIFICATE, certificates::KEY]);
    assert!(KEYS.iter().all(|key| key.home() == SecretHome::InternalCertificate));
}

#[test]
fn a_release_that_wants_it_gets_a_secret_a_grant_and_the_generation() {
    let graph = graph(&release(), 7);
    let secret = json!({ "name": "ce-aws/prod/internal-certificate", "generation": 7 });
    assert_eq!(spec(&graph, "internal-certificate/main"), &secret);
    let containers = spec(&graph, "task-definition/main")["containers"].as_object().unwrap();
    for (name, container) in containers {
        let is_told = container["environment"]["INTERNAL_CERTIFICATE_GENERATION"] == "7";
        assert_eq!(is_told, name == "init-container", "{name}");
    }
    let secrets = &containers["init-container"]["secrets"];
    assert_eq!(secrets["SECRET_INTERNAL_KEY"]["secret"]["$ref"], "internal-certificate/main");
    assert_eq!(secrets["SECRET_INTERNAL_KEY"]["key"], "internal_key");
    assert_eq!(containers["core"]["secrets"]["JWT_SECRET"]["secret"]["$ref"], "secret/credentials");
    let statements =
        spec(&graph, "role/execution")["inline"]["cloud-exchange"]["Statement"].as_array().unwrap().clone();
    let read = statements.iter().find(|statement| statement["Sid"] == "ReadInternalCertificate").unwrap();
    assert_eq!(read["Resource"]["$ref"], "internal-certificate/main");
    assert_eq!(read["Action"], "secretsmanager:GetSecretValue");
}

#[test]
fn a_role_of_the_users_is_asked_about_it() {
    let resources = |release: &Release| -> Vec<String> {
        let needs = needs(&plan(), release, &names_of(&plan())).execution.into_iter();
        needs.filter(|need| need.purpose == "read the internal certificate").flat_map(|need| need.resources).collect()
    };
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:ce-aws/prod/internal-certificate-AbCdEf";
    assert_eq!(resources(&release()), [arn]);
    assert_eq!(resources(Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap()), [""; 0]);
}

#[test]
fn a_release_without_it_is_as_it_was() {
    let release = Catalogue::builtin().get("5.0.0".parse().unwrap()).unwrap();
    let [one, other] = [1, 2].map(|generation| serde_json::to_string(&graph(release, generation)).unwrap());
    assert_eq!(one, other, "the generation is of no use");
    assert!(!one.to_lowercase().contains("internal_certificate") && !one.contains("internal-certificate"));
}

const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

fn secret(generation: u32, end: Option<&str>) -> Live {
    let end = end.map(|end| (internal_certificate::VALID_UNTIL.to_owned(), end.to_owned()));
    Live {
        address: internal_certificate::address(),
        id: "arn".to_owned(),
        outputs: end.into_iter().collect(),
        phase: Phase::Ready,
        spec: json!({ "name": "n", "generation": generation }),
        tags: BTreeMap::new(),
    }
}

fn wants(live: Vec<Live>, now: OffsetDateTime, asked: bool) -> (u32, Option<Renewal>) {
    let Wanted { generation, renewal } = wanted(&Inventory::new(live), now.date(), asked);
    (generation, renewal)
}

#[test]
fn it_is_made_once_and_stays() {
    assert_eq!(wants(Vec::new(), NOW, false), (1, None));
    assert_eq!(wants(Vec::new(), NOW, true), (1, None), "a new one is new");
    assert_eq!(wants(vec![secret(4, Some("2036-11-29"))], NOW, false), (4, None));
    assert_eq!(wants(vec![secret(4, Some("2036-11-29"))], NOW, true), (5, Some(Renewal::Asked)));
}

#[test]
fn it_is_renewed_thirty_days_before_it_expires_and_afterwards() {
    let end = || vec![secret(4, Some("2036-11-29"))];
    let at = |now| wants(end(), now, false);
    let soon = (5, Some(Renewal::ExpiresSoon("2036-11-29".to_owned())));
    let over = (5, Some(Renewal::Expired("2036-11-29".to_owned())));
    assert_eq!(at(datetime!(2036-10-29 23:59:59 UTC)), (4, None));
    assert_eq!(at(datetime!(2036-10-30 0:00 UTC)), soon);
    assert_eq!(at(datetime!(2036-11-28 23:59:59 UTC)), soon);
    assert_eq!(at(datetime!(2036-11-29 0:00 UTC)), over);
    assert_eq!(at(datetime!(2040-01-01 0:00 UTC)), over);
    // Asked for or not, the end is what is said.
    assert_eq!(wants(end(), datetime!(2036-11-01 0:00 UTC), true), soon);
}

#[test]
fn an_unreadable_one_is_renewed_after_the_one_that_runs() {
    let unreadable = |generation| (generation, Some(Renewal::Unreadable));
    assert_eq!(wants(vec![secret(0, None)], NOW, false), unreadable(1));
    let graph = graph(&release(), 6);
    let live = |address: &str| Live {
        address: address.parse::<Address>().unwrap(),
        outputs: Outputs::new(),
        spec: spec(&graph, address).clone(),
        ..secret(0, None)
    };
    let running = vec![secret(0, None), live("task-definition/main"), live("service/main")];
    assert_eq!(wants(running, NOW, false), unreadable(7));
}
