//! Release files made of compose files.

use std::collections::BTreeMap;

use proptest::prelude::*;
use time::{Date, Month};

use crate::release::import::{ImportError, Imported, Wanted, import};
use crate::release::{Catalogue, FORMAT, Label, Release, SecretKey, Version};

/// What the vendor says of a release that is known.
const KNOWN: &str = include_str!("compose-5.1.2.yml");

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn tags(release: &str) -> BTreeMap<String, String> {
    let image = |name: &str| format!("netskopetechnicalalliances/cloudexchange:{name}");
    [
        ("CORE_TAG", image(&format!("core5-{release}"))),
        ("UI_TAG", image(&format!("ui5-{release}"))),
        ("MONGO_TAG", image("mongo8-8.0.6")),
        ("RABBITMQ_TAG", image("rabbitmq4-4.1.0")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn made(text: &str, variables: &BTreeMap<String, String>, like: Option<&str>) -> Result<Imported, ImportError> {
    let released = Date::from_calendar_date(2026, Month::November, 29).unwrap();
    let like = like.map(version);
    import(Catalogue::builtin(), &Wanted { name: "compose.yml", text, variables, version: None, like, released })
}

fn release(made: &Imported) -> Release {
    let all = Catalogue::with([("made.toml", made.text.as_str())]).unwrap();
    all.get(made.version).unwrap().clone()
}

/// Lines that are only in the one or only in the other text, in order.
fn differences(old: &str, new: &str) -> String {
    let lines = |text: &str, other: &str, mark: char| {
        let other: Vec<&str> = other.lines().collect();
        text.lines().filter(|line| !other.contains(line)).map(|line| format!("{mark} {line}\n")).collect::<String>()
    };
    format!("{}\n{}", lines(old, new, '-'), lines(new, old, '+'))
}

#[test]
fn a_known_release_imported_onto_itself_needs_no_decision() {
    let made = made(KNOWN, &tags("5.1.2"), Some("5.1.2")).unwrap();
    assert_eq!((made.checks, made.version), (0, version("5.1.2")), "{}", made.text);
    let known = Catalogue::builtin().get(version("5.1.2")).unwrap();
    let new = release(&made);
    assert_eq!(new.label, Label::Experimental);
    let like = Release {
        label: new.label,
        released: new.released,
        end_of_life: None,
        data_steps: Vec::new(),
        ..known.clone()
    };
    assert_eq!(new, like);
    assert_eq!(made.missing, ["PULL_THREADS"]);
}

#[test]
fn a_newer_release_follows_the_newest_before_it() {
    let made = made(KNOWN, &tags("5.1.9"), None).unwrap();
    assert_eq!((made.version, made.like), (version("5.1.9"), version("5.1.2")));
    let new = release(&made);
    assert_eq!(new.predecessors, [version("5.1.2")]);
    assert_eq!(new.released.to_string(), "2026-11-29");
    let image = |name: &str| new.container(name).unwrap().image.reference().to_owned();
    assert_eq!(["core", "core-init-container", "ui"].map(image), ["core5-5.1.9", "core5-5.1.9", "ui5-5.1.9"]);
    assert_eq!(made.checks, 1, "only what is to be done to the data: {}", made.text);
}

#[test]
fn differences_are_carried_over_or_need_a_decision() {
    let text = KNOWN
        .replace("RABBITMQ_NODENAME=rabbit@rabbitmq-stats", "RABBITMQ_NODENAME=hare@rabbitmq-stats")
        .replace(
            "      - JWT_ALGORITHM=HS256\n",
            "      - NEW_URL=https://rabbitmq-stats:5671/core\n      - NEW_TOKEN=abc\n      \
             - NEW_PLACE=${SOMEWHERE}\n      - JWT_ALGORITHM=HS512\n",
        )
        .replace("user: mongodb", "user: mongodb:daemon")
        .replace("docker-entrypoint.sh mongod\"]", "docker-entrypoint.sh mongod --quiet\"]\n    cap_add: [SYS_NICE]")
        .replace(
            "      - nfs_repos:/opt/netskope/repos\n",
            "      - nfs_repos:/opt/netskope/repos\n      \
             - ./data/new:/etc/new:z\n",
        )
        .replace("      - ./data/rabbitmq/data:/var/lib/rabbitmq:z\n", "")
        .replace("${UI_PORT}:3000", "${UI_PORT:-443}:3443/tcp")
        .replace("links: [core]", "links: [core, cache]")
        .replace("${CORE_RAM_RESOURCES:-3072}M", "8192M")
        .replace(
            "volumes:\n  nfs_repos: {}",
            "  cache:\n    image: docker.io/library/redis:8\n    # keeps what was \
         asked\n    volumes: [./cache:/data]\nnetworks:\n  default: {}\nvolumes:\n  nfs_repos: {}",
        );
    let mut variables = tags("5.2.0");
    variables.insert("RABBITMQ_TAG".into(), "netskopetechnicalalliances/cloudexchange:rabbitmq4-4.3.0".into());
    let made = made(&text, &variables, None).unwrap();
    release(&made);
    let old = Catalogue::builtin().text(made.like).unwrap();
    let old = old.split("# --- data ---").next().unwrap();
    insta::assert_snapshot!(format!("{} to decide\n\n{}", made.checks, differences(old, &made.text)));
}

#[test]
fn a_removed_service_needs_a_decision() {
    let text = KNOWN.replace("  ui:\n", "  web:\n");
    let made = made(&text, &tags("5.2.0"), None).unwrap();
    let asked: Vec<&str> = made.text.lines().filter(|line| line.contains("CHECK: ")).collect();
    assert_eq!(made.checks, 3, "{asked:#?}");
    assert!(made.text.contains("no such service any more\nimage ="), "{}", made.text);
    assert!(
        made.text
            .contains("has a service that release 5.1.2 does not have: web\n#     web:\n#       image: ${UI_TAG}\n"),
        "{}",
        made.text
    );
}

#[test]
fn errors_point_at_their_place() {
    let all = tags("5.2.0");
    let with = |name: &str, value: &str| {
        let mut all = all.clone();
        all.insert(name.to_owned(), value.to_owned());
        all
    };
    let cases = [
        (KNOWN.to_owned(), BTreeMap::new(), None),
        ("services: [".to_owned(), all.clone(), None),
        ("services:\n  core:\n    image: a\n    image: b\n".to_owned(), all.clone(), None),
        ("a: b\n".to_owned(), all.clone(), None),
        ("services: none\n".to_owned(), all.clone(), None),
        ("services:\n  core: none\n".to_owned(), all.clone(), None),
        (String::new(), all.clone(), None),
        (KNOWN.replace("$CORE_TAG", "${CORE_TAG"), all.clone(), None),
        (KNOWN.replace("HS256", "$"), all.clone(), None),
        (KNOWN.to_owned(), with("UI_TAG", "no tag"), None),
        (KNOWN.to_owned(), with("CORE_TAG", "vendor/core:latest"), None),
        (KNOWN.to_owned(), with("CORE_TAG", "vendor/core:core-1.0.0"), None),
        (KNOWN.to_owned(), all.clone(), Some("9.9.9")),
    ];
    let shown = cases.map(|(text, variables, like)| {
        let error = made(&text, &variables, like).unwrap_err();
        let place = error.place().map(|place| format!("{}:{}: ", place.line, place.column)).unwrap_or_default();
        format!("{place}{error}\n    hint: {}", error.hint())
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn the_format_names_every_key_and_is_toml() {
    let table: toml::Table = FORMAT.parse().unwrap();
    for key in ["version", "access_points", "containers", "data_steps", "files", "task_volumes"] {
        assert!(table.contains_key(key), "{key}");
    }
    use SecretKey::*;
    let plain = [MaintenancePassword, JwtSecret, MongoConnectionString, RabbitmqConnectionString];
    for key in plain.into_iter().chain([InternalCa, InternalCertificate, InternalKey]) {
        assert!(FORMAT.contains(key.as_str()), "{key}");
    }
}

proptest! {
    #[test]
    fn whatever_a_variable_holds_stays_inside_its_quotes(value in any::<String>(), name in "[A-Z][A-Z0-9_]{0,20}X") {
        let mut variables = tags("5.2.0");
        variables.insert("VALUE".into(), value.clone());
        let text = KNOWN.replace("      - JWT_ALGORITHM=HS256\n", &format!("      - {name}=_${{VALUE}}_\n"));
        let made = made(&text, &variables, None).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let new = release(&made);
        let core = new.render(&super::settings()).into_iter().find(|container| container.name == "core").unwrap();
        match core.environment.get(&name) {
            Some(written) => prop_assert_eq!(written, &format!("_{value}_")),
            None => prop_assert!(made.text.contains("CHECK: ")),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = made(&text, &tags("5.2.0"), None);
        let _ = made(&format!("services:\n  core:\n    image: {text}\n"), &tags("5.2.0"), None);
        let _ = made(&KNOWN.replace("HS256", &text), &tags("5.2.0"), None);
    }
}
