//! The certificate of the UI's own web server: what it changes, in every release, and when ce-aws renews its own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{graph_at, names_of};
use crate::blueprint::certificates::{Renewal, Wanted, wanted_of_ui};
use crate::blueprint::image_change::{ImageChange, Running};
use crate::blueprint::needs::needs;
use crate::blueprint::{self};
use crate::config::{self, PlanFile};
use crate::engine::graph::Graph;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::existing::Existing;
use crate::kinds::secret::ui_certificate::{self, CERTIFICATE, KEY, VALID_UNTIL};
use crate::release::{Catalogue, Release, SecretHome, SecretKey};

const TABLE: &str = "[ui_certificate]\nself_signed = true\n";

fn plan(release: &Release, more: &str) -> PlanFile {
    let package = release.minimum_package;
    let text = format!("name = \"prod\"\nrelease = \"{}\"\npackage = \"{package}\"\n{more}", release.version);
    config::load("plan.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn graph(release: &Release, more: &str) -> Graph {
    graph_at(&plan(release, more), release, 7, &Existing::default(), &BTreeMap::new(), false)
}

fn spec<'a>(graph: &'a Graph, address: &str) -> &'a Value {
    &graph.get(&address.parse().unwrap()).unwrap_or_else(|| panic!("no {address}")).spec
}

fn releases() -> impl Iterator<Item = &'static Release> {
    Catalogue::builtin().releases()
}

#[test]
fn the_keys_are_those_of_the_document() {
    let keys = [SecretKey::UiCertificate, SecretKey::UiKey];
    assert_eq!(keys.map(SecretKey::as_str), [CERTIFICATE, KEY]);
    assert!(keys.iter().all(|key| key.home() == SecretHome::UiCertificate));
}

#[test]
fn every_release_takes_it_and_stays_within_its_limits() {
    for release in releases() {
        let with = release.with_ui_certificate().unwrap_or_else(|| panic!("{}", release.version));
        assert!(with.containers.len() <= 10, "{}", release.version);
        let graph = graph(release, TABLE);
        let task = spec(&graph, "task-definition/main");
        let containers = task["containers"].as_object().unwrap();
        let ui = &containers[&release.web.container];
        assert_eq!(ui["mounts"]["/tmp/ssl_certs"]["volume"], "ui-certificate", "{}", release.version);
        let check = ui["health_check"]["command"][1].as_str().unwrap();
        assert_eq!(check, "curl -fk https://localhost:3000 || exit 1");
        let volumes = task["volumes"].as_object().unwrap();
        assert_eq!(volumes["ui-certificate"], "ephemeral-storage", "{}", release.version);
        assert!(!volumes.contains_key("ssl_certs"), "{}", release.version);
        let deliverers: Vec<_> =
            containers.iter().filter(|(_, one)| one["secrets"].get("SECRET_UI_KEY").is_some()).collect();
        let [(name, deliverer)] = deliverers[..] else { panic!("{deliverers:?}") };
        assert_eq!(ui["depends_on"][name], "SUCCESS");
        assert_eq!(deliverer["environment"]["UI_CERTIFICATE"], "7 ce-prod,localhost");
        assert_eq!(deliverer["secrets"]["SECRET_UI_KEY"]["secret"]["$ref"], "ui-certificate/main");
        let script = deliverer["command"][0].as_str().unwrap();
        for file in ["cte_cert.crt", "cte_cert_key.key"] {
            assert!(script.contains(&format!("place /files/ui-certificate/{file} 0444 '1001:1001'")), "{script}");
        }
        assert!(containers.values().all(|one| one["environment"]["UI_PROTOCOL"] != "http"), "{}", release.version);
        assert!(graph.get(&"access-point/ssl-certs".parse().unwrap()).is_some(), "the access point stays");
    }
}

#[test]
fn the_deliverer_has_the_image_of_the_ui() {
    let release = Catalogue::builtin().get("5.1.2".parse().unwrap()).unwrap();
    let other = "[images.override]\nui = \"registry.example.com/ui:1\"\n";
    let graph = graph(release, &format!("{TABLE}{other}"));
    let containers = &spec(&graph, "task-definition/main")["containers"];
    assert_eq!(containers["ui-certificate"]["image"], "registry.example.com/ui:1");
    assert_eq!((&containers["ui-certificate"]["user"], &containers["ui"]["user"]), (&json!("0:0"), &Value::Null));
}

#[test]
fn the_load_balancer_speaks_https_to_the_task_through_a_target_group_of_its_own() {
    let release = Catalogue::builtin().get("5.1.2".parse().unwrap()).unwrap();
    let graph = graph(release, TABLE);
    let group = spec(&graph, "target-group/ui-https");
    assert_eq!((&group["protocol"], &group["health"]["protocol"]), (&json!("HTTPS"), &json!("HTTPS")));
    assert!(graph.get(&"target-group/ui".parse().unwrap()).is_none());
    let listener = spec(&graph, "listener/http");
    assert_eq!(listener["action"]["forward"]["target_group"]["$ref"], "target-group/ui-https");
    let service = spec(&graph, "service/main");
    assert_eq!(service["load_balancer"]["target_group"]["$ref"], "target-group/ui-https");
    let needs: Vec<String> = graph
        .get(&"target-group/ui-https".parse().unwrap())
        .unwrap()
        .needs
        .iter()
        .map(|(address, _)| address.to_string())
        .collect();
    assert!(needs.contains(&"ui-certificate/main".to_owned()), "{needs:?}");
    let without = self::graph(release, &format!("{TABLE}[load_balancer]\nenabled = false\n"));
    assert!(without.nodes().all(|node| node.address.kind() != "target-group"));
}

#[test]
fn the_secret_has_the_names_of_the_plan_file() {
    let release = Catalogue::builtin().get("5.1.2".parse().unwrap()).unwrap();
    let names = |more: &str| spec(&graph(release, &format!("{more}{TABLE}")), "ui-certificate/main")["names"].clone();
    assert_eq!(names(""), "ce-prod,localhost");
    assert_eq!(names("[dns]\nname = \"ce.example.com\"\n"), "ce.example.com,localhost");
}

#[test]
fn without_the_table_nothing_is_different() {
    for release in releases() {
        let text = serde_json::to_string(&graph(release, "")).unwrap();
        assert!(!text.contains("ui-certificate") && !text.contains("UI_CERTIFICATE"), "{}", release.version);
        assert!(text.contains("http://localhost:3000") && !text.contains("ui-https"), "{}", release.version);
    }
}

#[test]
fn a_role_of_the_users_is_asked_about_it() {
    let release = Catalogue::builtin().get("5.1.2".parse().unwrap()).unwrap();
    let asked = |more: &str| {
        let plan = plan(release, more);
        let needs = needs(&plan, release, &names_of(&plan)).execution.into_iter();
        needs.filter(|need| need.purpose == "read the UI's certificate").count()
    };
    assert_eq!((asked(TABLE), asked("")), (1, 0));
}

#[test]
fn switching_it_on_or_off_is_no_upgrade() {
    let release = Catalogue::builtin().get("5.1.2".parse().unwrap()).unwrap();
    let running = |more: &str| {
        let graph = graph(release, more);
        let live = |address: &str| Live {
            address: address.parse().unwrap(),
            id: "id".to_owned(),
            outputs: BTreeMap::new().into_iter().collect(),
            phase: Phase::Ready,
            spec: spec(&graph, address).clone(),
            tags: BTreeMap::from([("ce-aws:release".to_owned(), "5.1.2".to_owned())]),
        };
        Running::of(&Inventory::new(vec![live("service/main"), live("task-definition/main")])).unwrap()
    };
    let plan = plan(release, TABLE);
    let wanted: BTreeMap<_, _> = blueprint::images(&plan, release)
        .into_iter()
        .map(|(name, image)| (name, (image.as_str().to_owned(), None)))
        .collect();
    for more in ["", TABLE] {
        assert_eq!(ImageChange::of(&running(more), release.version, &wanted), None);
    }
}

const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

fn secret(generation: u32, fingerprint: &str, end: Option<&str>) -> Live {
    let end = end.map(|end| (VALID_UNTIL.to_owned(), end.to_owned()));
    Live {
        address: ui_certificate::address(),
        id: "arn".to_owned(),
        outputs: end.into_iter().collect(),
        phase: Phase::Ready,
        spec: json!({ "name": "n", "generation": generation, "fingerprint": fingerprint, "names": "a", "pem": null,
            "valid_until": null }),
        tags: BTreeMap::new(),
    }
}

#[test]
fn a_self_signed_one_is_renewed_in_time() {
    let wants = |live: Vec<Live>, asked| {
        let Wanted { generation, renewal } = wanted_of_ui(&Inventory::new(live), NOW.date(), asked);
        (generation, renewal)
    };
    let of = |end| vec![secret(4, "", Some(end))];
    assert_eq!(wants(Vec::new(), false), (1, None));
    assert_eq!(wants(of("2027-01-31"), false), (4, None));
    assert_eq!(wants(of("2027-01-31"), true), (5, Some(Renewal::Asked)));
    assert_eq!(wants(of("2026-12-29"), false), (5, Some(Renewal::ExpiresSoon("2026-12-29".to_owned()))));
    assert_eq!(wants(of("2026-11-29"), false), (5, Some(Renewal::Expired("2026-11-29".to_owned()))));
    let edited = vec![secret(0, "edited by hand", None)];
    assert_eq!(wants(edited, false), (1, Some(Renewal::Unreadable)));
    // One of the user's ends when it ends: ce-aws cannot renew it.
    assert_eq!(wants(vec![secret(0, "ab12", Some("2026-11-29"))], false), (1, None));
    let words = Renewal::Expired("2026-11-29".to_owned()).words("UI's certificate");
    assert_eq!(words, "the UI's certificate expired on 2026-11-29");
}
