//! What a release file may not say.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use crate::release::{Catalogue, CatalogueError, Package};

const FILE: &str = include_str!("../catalogue/5.0.0.toml");

/// The message for the release file with one part replaced.
fn refused(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    let file = FILE.replacen(from, to, 1);
    let error = Catalogue::parse([("test.toml", file.as_str())]).map(|_| to.to_owned()).unwrap_err();
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn every_embedded_file_is_valid_and_named_after_its_release() {
    let shipped: Vec<_> = Catalogue::builtin().releases().map(|release| release.version.to_string()).collect();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/catalogue")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, shipped.iter().map(|version| format!("{version}.toml")).collect::<Vec<_>>());
}

#[test]
fn every_predecessor_but_the_first_is_described() {
    let all = Catalogue::builtin();
    let foreign_tasks: Vec<_> = all
        .releases()
        .flat_map(|release| &release.predecessors)
        .filter(|version| all.get(**version).is_none())
        .map(ToString::to_string)
        .collect();
    assert_eq!(foreign_tasks, ["3.4.0"]);
}

#[test]
fn only_one_volume_has_two_access_points() {
    let mut paths: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for point in Catalogue::builtin().releases().flat_map(|release| &release.access_points) {
        paths.entry((&point.volume, point.resource_name())).or_default().insert(&point.path);
    }
    assert!(paths.values().all(|paths| paths.len() == 1), "{paths:?}");
    let mongo: Vec<_> = paths.iter().filter(|((volume, _), _)| *volume == "mongo-data").collect();
    assert_eq!(mongo.len(), 2);
    assert_eq!(paths[&("mongo-data", "mongo-data-bitnami".to_owned())], ["/data/mongo-data"].into());
    assert_eq!(paths[&("mongo-data", "mongo-data".to_owned())], ["/data/mongo-data/data/db"].into());
}

#[test]
fn releases_must_agree_on_what_an_access_point_is() {
    let other =
        FILE.replacen("version = \"5.0.0\"", "version = \"5.0.9\"", 1).replacen("/data/repos", "/data/other", 1);
    let error = Catalogue::with([("mine.toml", other.as_str())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "releases 4.2.0 and 5.0.9 mean different access points by repos; `name` tells them apart"
    );
}

#[test]
fn a_data_step_needs_a_container_that_each_predecessor_has() {
    let file = FILE.replacen("release = \"old\", name = \"rabbitmq-stats\"", "release = \"old\", name = \"broker\"", 1);
    let error = Catalogue::with([("mine.toml", file.as_str())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data step rabbitmq-feature-flags of release 5.0.0 needs the container broker, which release 4.2.0 does not \
         have"
    );
}

#[test]
fn a_file_of_the_users_adds_a_release_or_replaces_one() {
    let of = |from: &str, to: &str| FILE.replacen(from, to, 1);
    let newer = of("version = \"5.0.0\"", "version = \"5.0.9\"");
    let mine = of("core5:11062023", "core5:mine");
    let all = Catalogue::with([("a.toml", newer.as_str()), ("b.toml", mine.as_str())]).unwrap();
    assert_eq!(all.releases().count(), Catalogue::builtin().releases().count() + 1);
    let release = all.get("5.0.0".parse().unwrap()).unwrap();
    assert!(release.containers.iter().any(|container| container.image.as_str().ends_with("/core5:mine")));
}

#[test]
fn from_5_1_0_on_the_package_is_medium_at_least_and_none_is_only_listed() {
    for release in Catalogue::builtin().releases() {
        let modern = release.version >= "5.1.0".parse().unwrap();
        let expected = if modern { Package::Medium } else { Package::ExtraSmall };
        assert_eq!(release.minimum_package, expected, "{}", release.version);
        assert_eq!(release.undeployable, None, "{}", release.version);
    }
}

#[test]
fn a_release_that_is_only_listed_is_not_among_those_to_deploy() {
    let newer = FILE.replacen("version = \"5.0.0\"", "version = \"9.0.0\"", 1);
    let listed = newer.replacen("label =", "undeployable = \"it needs what nobody has\"\nlabel =", 1);
    let all = Catalogue::with([("mine.toml", listed.as_str())]).unwrap();
    assert!(all.releases().any(|release| release.version.to_string() == "9.0.0"));
    assert!(all.deployable().all(|release| release.version.to_string() != "9.0.0"));
    assert_eq!(all.deployable().count(), Catalogue::builtin().releases().count());
}

#[test]
fn labels_dates_and_core_images() {
    let rows = Catalogue::builtin().releases().map(|release| {
        let core = &release.container("core").unwrap().image;
        let end = release.end_of_life.map_or_else(String::new, |date| date.to_string());
        let before: Vec<_> = release.predecessors.iter().map(ToString::to_string).collect();
        format!("{} {} {} {end:>10} {} {core}", release.version, release.released, release.label, before.join(" "))
    });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

#[test]
fn contradictions_are_refused() {
    let cases = [
        ("web = { container = \"ui\", port = 3000 }", "web = { container = \"ui\", port = 80 }"),
        ("depends_on = { core = \"START\" }", "depends_on = { cor = \"START\" }"),
        ("depends_on = { core = \"START\" }", "depends_on = { core = \"SUCCESS\" }"),
        ("depends_on = { core = \"START\" }", "depends_on = { init-container = \"HEALTHY\" }"),
        ("depends_on = { core = \"START\" }", "depends_on = { core = \"HEALTHY\" }"),
        ("depends_on = { init-container = \"SUCCESS\" }", "depends_on = { ui = \"START\" }"),
        ("start_timeout = 120", "start_timeout = 180"),
        ("stop_timeout = 120", "stop_timeout = 600"),
        ("start_period = 300", "start_period = 301"),
        ("interval = 60", "interval = 301"),
        ("name = \"ui\"", "name = \"core\""),
        ("{ volume = \"ssl_certs\"", "{ volume = \"ssl\""),
        ("path = \"/data/repos\"", "path = \"/data/certificate\""),
        ("path = \"/data/repos\"", "path = \"/a/b/c/d/e\""),
        ("JWT_SECRET = \"jwt_secret\"", "JWT_ALGORITHM = \"jwt_secret\""),
        ("JWT_SECRET = \"jwt_secret\"", "HTTPS_PROXY = \"jwt_secret\""),
        ("rabbitmq_connection_string = \"amqp", "maintenance_password = \"amqp"),
        ("migrating = [\"core\"", "migrating = [\"heart\""),
        ("predecessors = [\"4.2.0\"]", "predecessors = [\"5.0.0\"]"),
        ("volume = \"repos\"\n", "volume = \"repos\"\nname = \"ssl-certs\"\n"),
        ("name = \"rabbitmq-feature-flags\"", "name = \"RabbitMQ flags\""),
        ("release = \"old\", name = \"rabbitmq-stats\"", "release = \"new\", name = \"rabbitmq\""),
        ("about = \"enable", "from = [\"4.1.0\"]\nabout = \"enable"),
        ("timeout = 1800", "timeout = 0"),
    ];
    let messages: Vec<_> = cases.map(|(from, to)| format!("{to}\n    {}", refused(from, to))).into();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn other_formats_are_refused() {
    let cases = [
        ("label = \"vendor-tested\"", "label = \"tested\""),
        ("predecessors = [\"4.2.0\"]", "predecessors = [\"4.2\"]"),
        ("minimum_package = \"extra-small\"", "minimum_package = \"tiny\""),
        ("{password}@localhost\"", "secret@localhost\""),
        ("mode = \"0777\"", "mode = \"rwx\""),
        ("{ setting = \"debug\" }", "{ setting = \"anything\" }"),
        ("start_timeout = \"none\"", "start_timeout = \"never\""),
        ("netskope/mongodb:5.0\"", "netskope/mongodb\""),
        ("JWT_SECRET = \"jwt_secret\"", "JWT_SECRET = \"password\""),
        ("stop_timeout = 120", "stop_timout = 120"),
        ("release = \"old\"", "release = \"older\""),
        ("changes_data = false\n", ""),
    ];
    for (from, to) in cases {
        assert!(refused(from, to).starts_with("release file test.toml cannot be read: "), "{to}");
    }
}

#[test]
fn a_release_is_described_once() {
    let twice = Catalogue::parse([("a.toml", FILE), ("b.toml", FILE)]);
    assert!(matches!(twice, Err(CatalogueError::Duplicate { .. })));
}
