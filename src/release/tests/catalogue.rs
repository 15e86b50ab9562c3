//! What a release file may not say.

use std::error::Error;

use crate::release::{Catalogue, CatalogueError};

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
    let count = Catalogue::builtin().releases().count();
    assert_eq!(count, 1);
    for release in Catalogue::builtin().releases() {
        assert!(Catalogue::builtin().get(release.version) == Some(release));
    }
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
