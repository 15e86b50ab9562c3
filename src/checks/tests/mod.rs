//! Each check fires, and does not; and what it says.

mod backup;
mod certificate;
mod cluster;
mod egress;
mod identity;
mod images;
mod ingress;
mod network;
mod network_acl;
mod samples;
mod storage;

use std::collections::BTreeSet;
use std::path::Path;

/// Every code that a check can give is explained in the documentation, and so is every code about upgrades, backups and
/// stopping, wherever it is given; nothing else is.
#[test]
fn the_documentation_lists_the_codes() {
    let is_code = |text: &&str| {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        text.split_once('/').is_some_and(|(thing, what)| word(thing) && word(what))
    };
    let mut given = BTreeSet::new();
    for source in sources("checks", false) {
        given.extend(source.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned));
    }
    let elsewhere =
        |code: &&str| code.starts_with("upgrade/") || code.starts_with("backup/") || *code == "service/stopped";
    for source in ["cli", "planners", "ui"].iter().flat_map(|room| sources(room, true)) {
        let texts = source.split(['"', '[', ']']).filter(is_code);
        given.extend(texts.filter(elsewhere).map(str::to_owned));
    }
    let documentation = include_str!("../../../docs/checks.md");
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert!(given.len() > 40, "{given:?}");
    assert_eq!(given.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the documentation");
    assert_eq!(listed.difference(&given).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the documentation");
}

/// The text of every file of a room; `deep`: of its folders too, but for tests.
fn sources(room: &str, deep: bool) -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room)];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "rs") {
                texts.push(std::fs::read_to_string(path).unwrap());
            } else if deep && path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            }
        }
    }
    texts
}
