//! Every step of an upgrade and of its rollback × everything that can go wrong with it.
//!
//! The steps are the changing calls of an undisturbed run, so that a new one is tried as soon as it exists. Whatever
//! happens to any of them, and whatever a person answers to it, in the end one healthy task runs a known release on
//! data that it can read; see [`verdict`]. Where the program says what to do, exactly that is done.
//!
//! `cargo test` tries a few steps of the upgrade, `CE_AWS_SWEEP=sample` each step and each failure. `CE_AWS_SWEEP=full
//! localstack/with cargo test --test stack upgrade_sweep` tries all of them and writes `docs/upgrade-failures.md`; any
//! other text instead of `full` tries those whose row has these words, and writes their rows.

mod case;
pub mod direction;
pub mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use case::{Case, FAILURES, Failure, Row, Then};
use direction::{Call, Direction, MOMENTS};

use crate::account::Account;
use crate::sweep;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/upgrade-failures.md");

#[test]
fn sweep_of_every_step_and_every_failure() {
    let wanted = sweep::wanted();
    let directions = Direction::ALL.map(|direction| (direction, direction.calls()));
    let all: Vec<Case> = directions.iter().flat_map(|(direction, calls)| cases(*direction, calls, true)).collect();
    let tried: Vec<Case> = match wanted.as_deref() {
        // A part of what a sweep has verified is tried again: a whole sample takes minutes.
        None => cases(Direction::Upgrade, &directions[0].1, false)
            .into_iter()
            .filter(|case| case.call.is_some())
            .step_by(3)
            .collect(),
        Some("sample") => directions.iter().flat_map(|(direction, calls)| cases(*direction, calls, false)).collect(),
        Some("full") => all.clone(),
        Some(text) => all.iter().filter(|case| case.key().contains(text)).cloned().collect(),
    };
    let rows = sweep::each(&tried, |case| {
        catch_unwind(AssertUnwindSafe(|| case.run())).unwrap_or_else(|panic| case.broke(&*panic))
    });
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    println!("{}", lines.join("\n"));
    let bad = rows.iter().filter(|row| row.complaint.is_some()).count();
    let before = std::fs::read_to_string(TABLE).expect("the table is there");
    if wanted.is_some() {
        std::fs::write(TABLE, table(&all, &rows, &before)).expect("the table can be written");
    }
    assert_eq!(bad, 0, "of {} cases so many end badly, see above", rows.len());
    let missing: BTreeSet<String> = all
        .iter()
        // Going back takes long; its rows are those that a sweep has written.
        .filter(|case| case.direction == Direction::Upgrade)
        .filter_map(|case| Some(format!("| {} | {}", case.direction, case.call.as_ref()?.name())))
        .filter(|row| !before.contains(row))
        .collect();
    assert!(wanted.is_some() || missing.is_empty(), "docs/upgrade-failures.md has no row for {missing:?}");
}

/// ECS forgets a stopped task after an hour (Amazon ECS developer guide, "Stopped task errors"); a restore may take
/// longer.
#[test]
fn data_written_by_the_new_release_is_known_hours_later() {
    let account = Account::new(direction::SCALE);
    let product = direction::product(&account);
    Direction::Rollback.begin(&product);
    let restoring = MOMENTS.iter().find(|moment| moment.name == "the restore runs").expect("a moment");
    restoring.kill(&product, &Direction::Rollback.arguments());
    account.post("clock", &serde_json::json!({ "advance": 7200 }));
    product.expect(0, &Direction::Rollback.arguments());
    assert!(verdict::of(&product).is_restored);
}

/// All cases of a direction, or a sample in which each call and each failure is.
fn cases(direction: Direction, calls: &[Call], is_full: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, call) in calls.iter().enumerate() {
        for (column, failure) in FAILURES.into_iter().filter(|failure| failure.fits(direction)).enumerate() {
            let width = FAILURES.iter().filter(|failure| failure.fits(direction)).count();
            // Going back takes long, and many of its calls are alike: there each call meets one failure.
            let is_its_turn = column == row % width;
            let is_in_sample = is_its_turn && (direction == Direction::Upgrade || row % 8 == 0);
            if is_in_sample || (is_full && (direction == Direction::Upgrade || is_its_turn)) {
                cases.push(Case { direction, call: Some(call.clone()), failure });
            }
        }
    }
    for (row, moment) in MOMENTS.iter().filter(|moment| moment.direction == direction).enumerate() {
        for (column, then) in [Then::Resume, Then::Rollback].into_iter().enumerate() {
            let failure = Failure::During(moment, then);
            let is_in_sample = if direction == Direction::Upgrade { column == row % 2 } else { row == 1 };
            if failure.fits(direction) && (is_full || is_in_sample) {
                cases.push(Case { direction, call: None, failure });
            }
        }
    }
    cases
}

/// The table in the documentation: the rows of this run in the order of all cases; where it has not tried all, those of
/// before at their places, because the calls of two runs may come in another order, and new ones behind those of
/// their step.
fn table(all: &[Case], rows: &[Row], before: &str) -> String {
    let now = rows.iter().filter(|row| row.complaint.is_none()).map(|row| (row.key(), row.line()));
    let mut now: BTreeMap<String, String> = now.collect();
    let mut lines: Vec<String> = Vec::new();
    if rows.len() < all.len() {
        for line in before.lines().filter(|line| DIRECTIONS.iter().any(|direction| line.starts_with(direction))) {
            let mut made_anew = now.keys().filter(|key| line.starts_with(&format!("| {key} |")));
            let key = made_anew.next().cloned();
            lines.push(key.and_then(|key| now.remove(&key)).unwrap_or_else(|| line.to_owned()));
        }
    }
    for case in all {
        if let Some(line) = now.remove(&case.key()) {
            let step = format!("| {} |", case.step());
            let last = lines.iter().rposition(|line| line.starts_with(&step));
            lines.insert(last.map_or(lines.len(), |last| last + 1), line);
        }
    }
    include_str!("upgrade_sweep/table.md").to_owned() + &lines.join("\n") + "\n"
}

/// How the rows of the table begin.
const DIRECTIONS: [&str; 2] = ["| upgrade |", "| rollback |"];
