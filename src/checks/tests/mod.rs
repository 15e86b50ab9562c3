//! Every check, with and without findings.

mod advice;
mod all;
mod backup;
mod certificate;
mod client_vpn;
mod cluster;
mod dns;
mod egress;
mod identity;
mod images;
mod ingress;
mod names;
mod network;
mod network_acl;
mod path;
mod permission;
mod quota;
mod reach;
mod release;
mod routes;
mod samples;
mod storage;
mod strays;

use std::collections::BTreeSet;
use std::path::Path;

use super::explain::{self, explain, nearest};
use super::finding::KINDS;

/// `docs/checks.md` explains every code that this program can report, and no others.
#[test]
fn the_documentation_explains_the_codes() {
    let is_code = |text: &&str| {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        // Other strings of this form are addresses.
        text.split_once('/').is_some_and(|(thing, what)| word(thing) && word(what) && what != "main")
    };
    let mut given = BTreeSet::new();
    for source in sources() {
        given.extend(source.split(['"', '[', ']']).filter(is_code).map(str::to_owned));
    }
    // The second half of these codes is added at run time.
    given.extend(KINDS.iter().flat_map(|kind| ["not-found", "denied"].map(|what| format!("{}/{what}", kind.code))));
    let listed: BTreeSet<String> = explain::all().flat_map(|row| row.codes()).map(str::to_owned).collect();
    assert!(given.len() > 150, "{given:?}");
    assert_eq!(given.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the documentation");
    let listed = listed.iter().filter(|code| code.contains('/')).cloned().collect::<BTreeSet<_>>();
    assert_eq!(listed.difference(&given).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the documentation");
    for cause in ["throttled", "still-held", "quota", "denied", "internal", "unexpected"] {
        assert!(explain(cause).is_some(), "{cause}");
    }
}

/// A row that lacks a cell would be skipped silently.
#[test]
fn every_row_is_whole_and_every_code_is_explained_once() {
    let lines = include_str!("../../../docs/checks.md").lines().filter(|line| line.starts_with("| `")).count();
    let rows: Vec<_> = explain::all().collect();
    assert_eq!(rows.len(), lines);
    for row in &rows {
        assert!(["refusal", "warning", "either", "error"].contains(&row.severity), "{row:?}");
        assert!(!row.when.is_empty() && !row.what_to_do.is_empty(), "{row:?}");
    }
    let codes: Vec<_> = rows.iter().flat_map(|row| row.codes()).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "a code is listed twice");
}

#[test]
fn a_code_is_found_by_a_part_of_it() {
    assert_eq!(explain("quota/exceeded").map(|row| row.severity), Some("refusal"));
    assert_eq!(explain("quota/exceded"), None);
    assert_eq!(nearest("quota/exceded").first(), Some(&"quota/exceeded"));
    assert_eq!(nearest("taken").first(), Some(&"taken"));
    assert!(nearest("trust").contains(&"role/trust"), "{:?}", nearest("trust"));
    assert_eq!(nearest("").len(), 3);
}

/// The text of every source file, without tests.
fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if path.extension().is_some_and(|end| end == "rs") && !is_test {
                let text = std::fs::read_to_string(path).unwrap();
                texts.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned());
            } else if path.is_dir() && !is_test {
                folders.push(path);
            }
        }
    }
    texts
}
