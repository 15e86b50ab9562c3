//! Operations under faults: whatever is killed, refused, lost or interrupted, repeating the command ends in the same
//! account.
//!
//! What must be is what an undisturbed run leaves, read by `localstack_fargate.inventory normal`: it shares no code
//! with the product, lists everything, and lists a duplicate twice. The calls that go wrong are those of the
//! undisturbed run, so that a new one is tried as soon as it exists.
//!
//! `cargo test` tries a fixed sample; `just sweep` tries all and writes `docs/trust.md`; some words in `CE_AWS_SWEEP`,
//! or several with `|` between them, try the cases that have them. Each case prints what is needed to try it again.

mod concurrent;
mod crash;
mod errors;
mod interrupt;
mod permission;
mod random_faults;
mod scenario;
mod undo;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use serde_json::Value;

use crate::account::Account;
use crate::product::Product;
use crate::sweep;
use crate::upgrade_sweep::direction::{self, Call};

pub const APPLY: [&str; 3] = ["apply", "FILE", "--yes"];
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/trust.md");
/// The sweeps, as in the table.
const SWEEPS: [&str; 11] = [
    "apply killed",
    "update killed",
    "destroy killed",
    "apply with an error",
    "update with an error",
    "destroy with an error",
    "random faults",
    "interrupts",
    "first apply undone",
    "eight concurrent runs",
    "policy: each action removed",
];

/// One thing that goes wrong, from a fresh account to the comparison; it panics where it does not end well, and says
/// how it went where it does.
pub struct Case {
    name: String,
    /// How many cases it stands for.
    number: usize,
    run: Box<dyn Fn() -> String + Send + Sync>,
}

struct Row {
    name: String,
    number: usize,
    how: Result<String, String>,
    seconds: f64,
}

impl Case {
    pub fn new(name: impl Into<String>, run: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { name: name.into(), number: 1, run: Box::new(run) }
    }

    fn tried(&self) -> Row {
        let begun = Instant::now();
        let how = catch_unwind(AssertUnwindSafe(|| (self.run)())).map_err(|panic| sweep::complaint(&*panic));
        Row { name: self.name.clone(), number: self.number, how, seconds: begun.elapsed().as_secs_f64() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, how) = match &self.how {
            Ok(how) => ("ok ", how),
            Err(complaint) => ("BAD", complaint),
        };
        write!(f, "{mark} {:<64} {:5.1} s  {how}", self.name, self.seconds)
    }
}

/// Tries a sample of the cases, or what `CE_AWS_SWEEP` says.
pub fn sweep(title: &str, all: Vec<Case>, sample: impl Fn(usize) -> bool) {
    let wanted = sweep::wanted();
    let is_tried = |number: usize, case: &Case| match wanted.as_deref() {
        None | Some("sample") => sample(number),
        Some("full") => true,
        Some(words) => words.split('|').any(|words| format!("{title}: {}", case.name).contains(words)),
    };
    let count = all.iter().map(|case| case.number).sum::<usize>();
    let tried: Vec<Case> =
        all.into_iter().enumerate().filter(|(number, case)| is_tried(*number, case)).map(|(_, case)| case).collect();
    let rows = sweep::each(&tried, Case::tried);
    let sum = |rows: &mut dyn Iterator<Item = &Row>| rows.map(|row| row.number).sum::<usize>();
    let (tried, passed) = (sum(&mut rows.iter()), sum(&mut rows.iter().filter(|row| row.how.is_ok())));
    println!("{title}: {passed} of {tried} passed, {count} in all");
    if wanted.as_deref() == Some("full") {
        note(title, tried, passed);
    }
    assert_eq!(passed, tried, "{title}: some cases end badly, see the rows marked BAD");
}

/// Writes one row of the table.
fn note(title: &str, tried: usize, passed: usize) {
    static ONE: Mutex<()> = Mutex::new(());
    let _alone = ONE.lock();
    let before = std::fs::read_to_string(TABLE).unwrap_or_default();
    let mut text = include_str!("fault_sweep/table.md").to_owned();
    for sweep in SWEEPS {
        let now = (sweep == title).then(|| format!("| {title} | {tried} | {passed} |"));
        let begins = format!("| {sweep} |");
        let line = now.or_else(|| before.lines().find(|line| line.starts_with(&begins)).map(str::to_owned));
        text.extend(line.map(|line| line + "\n"));
    }
    std::fs::write(TABLE, text).expect("the table can be written");
}

/// What an undisturbed run does and leaves.
pub struct Undisturbed {
    pub calls: Vec<Call>,
    /// The normal form of what is there in the end.
    pub end: Value,
}

impl Undisturbed {
    /// Of a command in an account where it has been prepared.
    pub fn of(prepare: impl Fn(&Product<'_>), arguments: &[&str]) -> Self {
        let account = Account::new(direction::SCALE);
        let product = Product::new(&account);
        prepare(&product);
        let before = account.every_call(0).len();
        product.expect(0, arguments);
        Self { calls: direction::calls_since(&account, before), end: live(&account) }
    }

    /// The calls that are not about the control bucket.
    pub fn own(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|call| !call.is_control)
    }

    /// Panics with what is in the account and not in the undisturbed one, and the other way round.
    pub fn is_equal(&self, account: &Account) {
        let differences = differences(&self.end, &live(account));
        assert!(differences.is_empty(), "not what an undisturbed run leaves:\n{}", differences.join("\n"));
    }
}

/// What is there, without what is gone and only still listed.
pub fn live(account: &Account) -> Value {
    account.inventory(&["normal"])["live"].take()
}

/// A line for each thing that is in one of two normal forms only.
pub fn differences(wanted: &Value, is: &Value) -> Vec<String> {
    let counted = |form: &Value| {
        let mut counts: BTreeMap<String, isize> = BTreeMap::new();
        for (kind, things) in form.as_object().into_iter().flatten() {
            for thing in things.as_array().into_iter().flatten() {
                *counts.entry(format!("{kind}: {thing}")).or_default() += 1;
            }
        }
        counts
    };
    let mut difference = counted(is);
    for (thing, number) in counted(wanted) {
        *difference.entry(thing).or_default() -= number;
    }
    let line = |(thing, number): (&String, &isize)| match number {
        0 => None,
        1.. => Some(format!("{number} too many of {thing}")),
        _ => Some(format!("{} too few of {thing}", -number)),
    };
    difference.iter().filter_map(line).collect()
}

#[test]
fn duplicates_and_missing_resources_are_differences() {
    let form = |things: &[&str]| serde_json::json!({ "ec2 vpcs": things });
    assert_eq!(differences(&form(&["a", "b"]), &form(&["b", "a"])), [""; 0]);
    let expected = [r#"1 too few of ec2 vpcs: "a""#, r#"1 too many of ec2 vpcs: "b""#];
    assert_eq!(differences(&form(&["a", "b"]), &form(&["b", "b"])), expected);
}
