//! Hostile input: whatever stands in a plan file, a tag, a saved plan or the control bucket is read or refused, never a
//! panic, and never reaches the terminal raw.
//!
//! Each target takes the texts of its corpus, `src/cli/fuzz/<target>/`, and changes them at random. `cargo test` runs
//! some hundred cases each; `CE_AWS_FUZZ=1000000 cargo test --lib fuzz` runs as many. The seed is printed, and
//! `CE_AWS_FUZZ_SEED` repeats it. What was found once is kept as a file of the corpus, which is tried unchanged too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::blueprint;
use crate::blueprint::image_change::Running;
use crate::blueprint::tests::image_change::{inventory, text};
use crate::config;
use crate::control::{history, keeper};
use crate::engine::address::Address;
use crate::engine::inventory::Inventory;
use crate::engine::plan::Target;
use crate::kinds::registry;
use crate::planners::intent::Intent;
use crate::planners::teardown;
use crate::release::Catalogue;
use crate::release::import::{Wanted, import};
use crate::session::intent::open_intent;
use crate::session::saved::Saved;
use crate::ui;

/// Words that meant something to somebody.
const WORDS: [&str; 24] = [
    "\u{1b}[2J",
    "\u{0}",
    "\r",
    "\n",
    "\u{202e}",
    "../../etc/passwd",
    "$(id)",
    "`id`",
    "; rm -rf /",
    "%s%n",
    "{{7*7}}",
    "'",
    "\"",
    "=",
    "[",
    "]",
    "{",
    "}",
    "-1",
    "18446744073709551616",
    "1e999",
    "null",
    "ce-aws:address",
    "upgrade id=",
];

/// One text made another: up to eight times something is put in, taken out, doubled or exchanged.
fn changed(text: &str, other: &str, random: &mut StdRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..random.random_range(1..=8) {
        let at = random.random_range(0..=characters.len());
        let end = (at + random.random_range(0..12)).min(characters.len());
        let new: Vec<char> = match random.random_range(0..5) {
            0 => Vec::new(),
            1 => characters[at..end].repeat(2),
            2 => WORDS.choose(random).copied().unwrap_or_default().chars().collect(),
            3 => vec![random.random::<char>()],
            _ => {
                let from: Vec<char> = other.chars().collect();
                let start = random.random_range(0..=from.len());
                from[start..(start + random.random_range(0..40)).min(from.len())].to_vec()
            }
        };
        characters.splice(at..end, new);
    }
    characters.into_iter().collect()
}

/// Tries a target with its corpus and with what is made of that.
fn fuzz(target: &str, tried: impl Fn(&str)) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/cli/fuzz").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (cases, seed) = (number("CE_AWS_FUZZ").unwrap_or(300), number("CE_AWS_FUZZ_SEED").unwrap_or_else(rand::random));
    println!("{target}: {cases} cases, CE_AWS_FUZZ_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let made = (0..cases).map(|_| {
        let mut one = || corpus.choose(&mut random).unwrap().as_str();
        let (text, other) = (one(), one());
        changed(text, other, &mut random)
    });
    for text in corpus.iter().cloned().chain(made) {
        let result = catch_unwind(AssertUnwindSafe(|| tried(&text)));
        assert!(result.is_ok(), "{target} with CE_AWS_FUZZ_SEED={seed} breaks on {text:?}");
    }
}

/// What is printed must not be acted on by a terminal; our own colours are no part of what is tried here.
fn is_plain(shown: &str) {
    let bad =
        |character: char| character.is_control() && character != '\n' || ('\u{202a}'..='\u{202e}').contains(&character);
    assert!(!shown.contains(bad), "raw: {shown:?}");
}

fn plain(text: &str) -> String {
    ui::style::plain(text)
}

#[test]
fn plan_files() {
    fuzz("plan-file", |text| {
        let examined = config::examine("plan.toml", text, None);
        is_plain(&examined.problems.render(false));
        if let Some(plan) = examined.plan {
            let release = Catalogue::builtin().get(plan.release);
            let images = release.map(|release| blueprint::images(&plan, release)).unwrap_or_default();
            images.iter().for_each(|(_, image)| is_plain(image.as_str()));
            is_plain(plan.name.as_str());
        }
    });
}

fn target() -> Target {
    Target { deployment: "prod".into(), account: "111122223333".into(), region: "us-east-1".into() }
}

/// A text of `address key=value` lines, which become tags of a deployment that is otherwise as it should be.
#[test]
fn tags() {
    let (deployed, kinds) = (inventory(&text("5.0.0", "")).live, registry::facts());
    fuzz("tags", |lines| {
        let mut live = deployed.clone();
        for line in lines.lines() {
            let Some((address, tag)) = line.split_once(' ') else { continue };
            if let Some((key, value)) = tag.split_once('=') {
                let of = |one: &&mut crate::engine::inventory::Live| one.address.as_str() == address;
                if let Some(one) = live.iter_mut().find(of) {
                    one.tags.insert(key.to_owned(), value.to_owned());
                }
                if let Ok(address) = value.parse::<Address>() {
                    assert_eq!(address.to_string(), value);
                    is_plain(address.as_str());
                }
                if let Ok(intent) = value.parse::<Intent>() {
                    assert_eq!(intent.to_string().parse(), Ok(intent));
                }
            }
        }
        let inventory = Inventory::new(live);
        if let Some(open) = open_intent(&inventory) {
            is_plain(&plain(&ui::finding::finding(&open)));
        }
        if let Some(running) = Running::of(&inventory) {
            let _ = (running.release(), running.revision());
        }
        let plan = teardown::teardown(&inventory, target(), &kinds, teardown::Options::default(), &[]);
        let view = ui::plan::View { all: true, ..ui::plan::View::default() };
        is_plain(&plain(&ui::plan::plan(&plan, &kinds, view)));
    });
}

#[test]
fn saved_plans() {
    fuzz("saved-plan", |text| {
        if let Err(error) = Saved::parse("saved.json", text) {
            is_plain(&plain(&error.text()));
        }
    });
}

#[test]
fn release_files() {
    fuzz("release", |text| {
        if let Err(error) = Catalogue::with([("mine.toml", text)]) {
            let shown = crate::session::error::CommandError::usage("usage/release-file", error.to_string()).text();
            is_plain(&plain(&shown));
        }
    });
}

#[test]
fn compose_files() {
    let tags = ["CORE_TAG", "UI_TAG", "MONGO_TAG", "RABBITMQ_TAG"];
    let variables = tags.map(|name| (name.to_owned(), "vendor/image:core-9.0.0".to_owned())).into();
    fuzz("compose", |text| {
        let released = time::Date::MIN;
        let wanted = Wanted { name: "compose.yml", text, variables: &variables, version: None, like: None, released };
        match import(Catalogue::builtin(), &wanted) {
            Ok(made) => is_plain(&made.text),
            Err(error) => {
                let error = crate::session::error::CommandError::usage("usage/compose-file", error.to_string())
                    .hint(error.hint());
                is_plain(&plain(&error.text()));
            }
        }
    });
}

#[test]
fn leases() {
    fuzz("lease", |text| match keeper::parse(text.as_bytes(), "prod") {
        Ok(record) => is_plain(&plain(&ui::history::waiting(&record))),
        Err(why) => is_plain(&plain(&crate::session::error::CommandError::refused("lease/unreadable", why).text())),
    });
}

#[test]
fn records_of_runs() {
    fuzz("run", |text| {
        let stored = history::parse("runs/prod/x.json", text.as_bytes());
        if let history::Stored::Entry(entry) = &stored {
            is_plain(&plain(&ui::history::one(entry, None)));
        }
        is_plain(&plain(&ui::history::list(&target(), &[stored], None, 0)));
    });
}
