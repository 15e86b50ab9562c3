//! No room reaches where it may not: the `use` lines of `src/` against the table in `ARCHITECTURE.md`.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each room may use of the others.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("engine", &[] as &[&str]),
        ("partition", &[]),
        ("release", &["partition"]),
        ("config", &["partition", "release"]),
        ("aws", &["engine"]),
        ("kinds", &["aws", "engine", "partition"]),
        ("existing", &["aws", "config", "engine", "kinds", "partition"]),
        ("images", &["aws", "config", "engine", "release"]),
        ("checks", &["existing", "config", "engine", "images", "release"]),
        ("blueprint", &["existing", "config", "engine", "kinds", "partition", "release"]),
        ("planners", &["engine", "kinds"]),
        ("live", &["aws", "engine", "kinds", "partition"]),
        ("permission", &["aws"]),
        ("control", &["aws", "engine"]),
        ("ui", &["config", "control", "engine", "kinds"]),
        (
            "cli",
            &[
                "aws",
                "blueprint",
                "existing",
                "checks",
                "config",
                "control",
                "engine",
                "images",
                "kinds",
                "live",
                "partition",
                "permission",
                "planners",
                "release",
                "ui",
            ],
        ),
    ])
}

/// What rooms may not use of the outside.
const FOREIGN: &[(&str, &[&str])] = &[
    ("engine", &["aws_", "clap", "indicatif", "anstream", "toml"]),
    ("release", &["aws_", "clap", "indicatif", "anstream", "tokio"]),
    ("config", &["aws_", "clap", "indicatif", "anstream", "tokio"]),
    ("blueprint", &["aws_", "clap", "indicatif", "tokio"]),
    ("permission", &["aws_", "clap", "indicatif", "tokio"]),
    ("planners", &["aws_", "clap", "indicatif", "tokio"]),
    ("checks", &["aws_", "clap", "indicatif", "tokio"]),
    ("existing", &["clap", "indicatif", "anstream"]),
    ("images", &["clap", "indicatif", "anstream"]),
    ("aws", &["clap", "indicatif", "anstream"]),
    ("kinds", &["clap", "indicatif", "anstream"]),
    ("live", &["clap", "indicatif", "anstream"]),
    ("control", &["clap", "indicatif", "anstream"]),
    ("ui", &["aws_", "clap"]),
    ("cli", &["aws_sdk"]),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let (folders, sources): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inside = folders.iter().flat_map(|folder| files(folder));
    sources.into_iter().chain(inside).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The rooms that a source text names through `crate::`.
fn rooms(text: &str) -> BTreeSet<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .filter(|room| !room.is_empty())
        .collect()
}

#[test]
fn no_room_reaches_where_it_may_not() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (room, allowed) in allowed() {
        for file in files(&source.join(room)) {
            seen += 1;
            let text = fs::read_to_string(&file).expect("a source file");
            let shown = file.strip_prefix(&source).expect("inside src").display().to_string();
            for used in rooms(&text) {
                if used != room && !allowed.contains(&used) {
                    wrong.push(format!("{shown} uses {used}"));
                }
            }
            let foreign = FOREIGN.iter().filter(|(name, _)| *name == room).flat_map(|(_, foreign)| *foreign);
            for name in foreign {
                let uses = |line: &&str| line.trim_start().starts_with(&format!("use {name}"));
                if text.lines().any(|line| uses(&line)) {
                    wrong.push(format!("{shown} uses {name}"));
                }
            }
        }
    }
    assert!(seen > 40, "only {seen} files were looked at");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_executor_core_has_no_async_no_clock_and_no_outside() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    for name in ["run.rs", "queue.rs", "plan.rs", "graph.rs", "compare.rs", "cadence.rs", "estimate.rs"] {
        let text = fs::read_to_string(source.join(name)).expect("a source file");
        for word in ["async ", ".await", "tokio", "std::time", "Instant", "SystemTime", "std::fs", "println!"] {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found = code.filter(|line| line.contains(word)).collect::<Vec<_>>();
            assert!(found.is_empty(), "{name} has {word:?}: {found:?}");
        }
    }
}

#[test]
fn the_reader_of_use_lines_sees_what_it_should() {
    assert_eq!(rooms("use crate::aws::error::on;\nlet x = crate::kinds::y;"), BTreeSet::from(["aws", "kinds"]));
    assert!(rooms("// use crate::aws::error::on;").is_empty());
}
