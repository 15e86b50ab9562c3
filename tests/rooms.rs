//! The shape of the source tree: no room uses another that it may not (the table in `ARCHITECTURE.md`), no files of a
//! room use each other in a circle, and neither files nor lines are too long.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use imports::Sources;

#[path = "rooms/imports.rs"]
mod imports;

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
        ("price", &["config", "engine", "kinds", "partition", "release"]),
        ("live", &["aws", "engine", "kinds", "partition", "price"]),
        ("permission", &["aws"]),
        ("control", &["aws", "engine"]),
        ("ui", &["config", "control", "engine", "kinds", "price", "release"]),
        (
            "session",
            &[
                "aws",
                "blueprint",
                "checks",
                "config",
                "control",
                "engine",
                "existing",
                "images",
                "kinds",
                "live",
                "planners",
                "release",
                "ui",
            ],
        ),
        (
            "upgrade",
            &[
                "aws",
                "blueprint",
                "checks",
                "config",
                "control",
                "engine",
                "existing",
                "kinds",
                "live",
                "planners",
                "release",
                "session",
                "ui",
            ],
        ),
        (
            "cli",
            &[
                "aws",
                "blueprint",
                "checks",
                "config",
                "control",
                "engine",
                "existing",
                "images",
                "kinds",
                "live",
                "partition",
                "permission",
                "planners",
                "price",
                "release",
                "session",
                "ui",
                "upgrade",
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
    ("price", &["aws_", "clap", "indicatif", "tokio"]),
    ("checks", &["aws_", "clap", "indicatif", "tokio"]),
    ("existing", &["clap", "indicatif", "anstream"]),
    ("images", &["clap", "indicatif", "anstream"]),
    ("aws", &["clap", "indicatif", "anstream"]),
    ("kinds", &["clap", "indicatif", "anstream"]),
    ("live", &["clap", "indicatif", "anstream"]),
    ("control", &["clap", "indicatif", "anstream"]),
    ("ui", &["aws_", "clap"]),
    ("session", &["aws_sdk", "clap", "indicatif"]),
    ("upgrade", &["aws_", "clap", "indicatif", "anstream", "tokio"]),
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
    let pure = [
        "run.rs",
        "run/calls.rs",
        "run/failing.rs",
        "run/schedule.rs",
        "run/settle.rs",
        "polls.rs",
        "condition.rs",
        "queue.rs",
        "plan.rs",
        "graph.rs",
        "compare.rs",
        "cadence.rs",
        "estimate.rs",
    ];
    for name in pure {
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

/// Circles that are still there, as files or folders. Whoever unties one removes it here.
const KNOWN_CIRCLES: &[&[&str]] = &[&["cli/"]];

/// The most lines that a file of `src/` may have.
const LONGEST_FILE: usize = 400;

/// The most characters that a line may have, except in raw strings and where it holds a URL.
const LONGEST_LINE: usize = 120;

/// How many lines are still longer, by room. Whoever wraps some lowers the number.
const KNOWN_LONG_LINES: &[(&str, usize)] = &[("tests", 33)];

/// The files of a folder of this repository, by their names inside it, with their texts.
fn texts(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let named = files(&folder).into_iter().map(|file| {
        let name = file.strip_prefix(&folder).expect("inside the folder").display().to_string();
        (name, fs::read_to_string(&file).expect("a source file"))
    });
    named.collect()
}

fn is_test(name: &str) -> bool {
    name.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn no_files_of_a_room_use_each_other_in_a_circle() {
    let room = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let sources = Sources::new(texts("src").into_iter().filter(|(name, _)| !is_test(name)));
    let mut edges = sources.edges();
    for (file, used) in &mut edges {
        used.retain(|used| room(used) == room(file));
    }
    let circles = imports::circles(&edges);
    let lies_in = |circle: &BTreeSet<&str>, known: &[&str]| {
        circle.iter().all(|file| known.iter().any(|place| file.starts_with(place)))
    };
    let is_known = |circle: &BTreeSet<&str>| KNOWN_CIRCLES.iter().any(|known| lies_in(circle, known));
    let inside = |circle: &BTreeSet<&str>| {
        let uses = |file: &str| edges[file].iter().copied().filter(|used| circle.contains(used)).collect::<Vec<_>>();
        circle.iter().map(|file| format!("{file} uses {}", uses(file).join(", "))).collect::<Vec<_>>()
    };
    let new: Vec<_> = circles.iter().filter(|circle| !is_known(circle)).map(inside).collect();
    assert!(new.is_empty(), "circles: {new:#?}");
    let is_untied = |known: &&&[&str]| !circles.iter().any(|circle| lies_in(circle, known));
    let untied: Vec<_> = KNOWN_CIRCLES.iter().filter(is_untied).collect();
    assert!(untied.is_empty(), "no longer circles, take them off the list: {untied:#?}");
}

#[test]
fn the_reader_of_paths_finds_circles_and_follows_re_exports() {
    let source = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let sources = Sources::new([
        source("a/mod.rs", "pub mod b;\npub mod c;\nmod d;\npub use d::Deep as Shown;"),
        source("a/b.rs", "use super::{Shown, c::{self, One}};\n// crate::a::d\nfn f() { g(\"crate::a::d::x\") }"),
        source("a/c.rs", "fn f(x: &'static str) -> crate::a::d::Deep { 'x'; self::inner::g() }"),
        source("a/c/inner.rs", "use super::One;\n#[cfg(test)]\nmod tests { use crate::a::b::f; }"),
        source("a/d.rs", "fn f() -> r#\"super::b\"# { super::b::f() }"),
    ]);
    let edges = sources.edges();
    assert_eq!(edges["a/b.rs"], BTreeSet::from(["a/c.rs", "a/d.rs"]));
    assert_eq!(edges["a/c.rs"], BTreeSet::from(["a/c/inner.rs", "a/d.rs"]));
    assert!(edges["a/c/inner.rs"].is_empty());
    assert_eq!(imports::circles(&edges), [BTreeSet::from(["a/b.rs", "a/c.rs", "a/d.rs"])]);
}

#[test]
fn no_file_is_too_long() {
    let texts = texts("src");
    let long = texts.iter().map(|(name, text)| (name, text.lines().count())).filter(|(_, lines)| *lines > LONGEST_FILE);
    assert_eq!(long.collect::<Vec<_>>(), []);
}

/// The numbers of the lines that are too long.
fn long_lines(text: &str) -> Vec<usize> {
    let mut raw = BTreeSet::new();
    let mut at = 0;
    while let Some(next) = text[at..].find('r').map(|found| at + found) {
        let is_word = text[..next].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = imports::raw_string_length(&text[next..]).filter(|_| !is_word);
        let end = next + length.unwrap_or(1);
        if length.is_some() {
            raw.extend(text[..next].matches('\n').count()..=text[..end].matches('\n').count());
        }
        at = end;
    }
    let too_long = |(number, line): &(usize, &str)| {
        line.chars().count() > LONGEST_LINE && !raw.contains(number) && !line.contains("https://")
    };
    text.lines().enumerate().filter(too_long).map(|(number, _)| number + 1).collect()
}

#[test]
fn no_line_is_too_long() {
    let mut by_room: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["src", "tests"] {
        for (name, text) in texts(folder) {
            let room = if folder == "tests" { folder } else { name.split('/').next().unwrap_or_default() };
            let places = long_lines(&text).into_iter().map(|line| format!("{folder}/{name}:{line}"));
            by_room.entry(room.to_owned()).or_default().extend(places);
        }
    }
    let known: BTreeMap<&str, usize> = KNOWN_LONG_LINES.iter().copied().collect();
    by_room.retain(|room, places| places.len() > known.get(room.as_str()).copied().unwrap_or(0));
    assert!(by_room.is_empty(), "{by_room:#?}");
}

#[test]
fn raw_strings_and_urls_may_be_long() {
    let long = "x".repeat(LONGEST_LINE);
    let text = format!("// {long}\nlet a = r#\"\n{long} \"\n{long}.\n\"#;\n// https://{long}\nlet for = \"{long}\";\n");
    assert_eq!(long_lines(&text), [1, 7]);
}
