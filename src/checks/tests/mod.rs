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

/// Every code that a check can give is explained in the documentation, and nothing else is.
#[test]
fn the_documentation_lists_the_codes() {
    use std::collections::BTreeSet;

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks");
    let is_code = |text: &str| {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        text.split_once('/').is_some_and(|(thing, what)| word(thing) && word(what))
    };
    let mut given = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        let quoted = source.split('"').skip(1).step_by(2);
        given.extend(quoted.filter(|text| is_code(text)).map(str::to_owned));
    }
    let documentation = include_str!("../../../docs/checks.md");
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert!(given.len() > 40, "{given:?}");
    assert_eq!(given.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the documentation");
    assert_eq!(listed.difference(&given).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the documentation");
}
