//! Every step of the chain of releases × everything that can go wrong in it: the former release runs again, on its
//! former data.
//!
//! `cargo test` tries one step for each thing that can go wrong. `CE_AWS_SWEEP=full localstack/with cargo test --test
//! stack release_steps` tries all and writes `docs/upgrade-steps.md`; any other text instead of `full` tries those
//! whose row has these words.

mod failure;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use failure::Failure;

use crate::account::Account;
use crate::chain::chain;
use crate::releases::Release;
use crate::single_writer::never_two_deployments;
use crate::sweep;
use crate::upgrade::plan_file;
use crate::upgrade_sweep::verdict::{self, Verdict};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/upgrade-steps.md");

/// One case for each sort of failure, on different steps.
const SAMPLE: [&str; 8] = [
    "4.0.0 → 4.1.0 | an image cannot be pulled",
    "4.1.0 → 4.2.0 | core exits at once",
    "5.0.1 → 5.1.0 | core never gets healthy",
    "5.1.1 → 5.1.2 | mongodb-compatibility-6 fails",
    "5.1.1 → 5.1.2 | mongodb-compatibility-7 fails",
    "5.1.2 → 6.0.0 | MongoDB does not find its key",
    "6.0.0 → 6.0.1 | killed while the new task is not healthy yet",
    "6.0.1 → 6.1.0 | core shows MongoDB no certificate",
];

#[test]
fn sweep_of_every_release_step_and_every_failure() {
    let wanted = sweep::wanted();
    let chain = chain();
    let all: Vec<Case> = chain
        .windows(2)
        .flat_map(|pair| Failure::of(&pair[0], &pair[1]).map(|failure| Case::new(pair, failure)))
        .collect();
    let in_sample = |case: &&Case| SAMPLE.contains(&case.key().as_str());
    let tried: Vec<Case> = match wanted.as_deref() {
        None | Some("sample") => all.iter().filter(in_sample).cloned().collect(),
        Some("full") => all.clone(),
        Some(text) => all.iter().filter(|case| case.key().contains(text)).cloned().collect(),
    };
    let rows = sweep::each(&tried, |case| {
        catch_unwind(AssertUnwindSafe(|| case.run())).unwrap_or_else(|panic| case.broke(sweep::complaint(&*panic)))
    });
    let mut table = std::fs::read_to_string(TABLE).expect("the table is there");
    if wanted.is_some() {
        table = written(&all, &rows, &table);
        std::fs::write(TABLE, &table).expect("the table can be written");
    }
    let bad = rows.iter().filter(|row| row.complaint.is_some()).count();
    assert_eq!(bad, 0, "of {} cases so many end badly, see above", rows.len());
    if wanted.is_none() {
        assert_eq!(tried.len(), SAMPLE.len(), "the sample names cases that there are");
    }
    let steps = chain.windows(2).map(|pair| format!("| {} → {} |", pair[0].version, pair[1].version));
    let missing: Vec<String> = steps.filter(|step| !table.contains(step)).collect();
    assert!(missing.is_empty(), "docs/upgrade-steps.md has no row for {missing:?}");
}

/// The table in the documentation: a row for each case, of this run or of one before.
fn written(all: &[Case], rows: &[Row], before: &str) -> String {
    let line = |case: &Case| {
        let row = rows.iter().find(|row| row.complaint.is_none() && row.case.key() == case.key()).map(Row::line);
        let begins = format!("| {} |", case.key());
        row.or_else(|| before.lines().find(|line| line.starts_with(&begins)).map(str::to_owned))
    };
    let lines: Vec<String> = all.iter().filter_map(line).collect();
    include_str!("release_steps/table.md").to_owned() + &lines.join("\n") + "\n"
}

#[derive(Clone, Debug)]
struct Case {
    from: Release,
    to: Release,
    failure: Failure,
}

/// How it ended.
#[derive(Clone, Debug)]
struct Row {
    case: Case,
    exits: String,
    verdict: Option<Verdict>,
    seconds: f64,
    complaint: Option<String>,
}

impl Case {
    fn new(pair: &[Release], failure: Failure) -> Self {
        Self { from: pair[0].clone(), to: pair[1].clone(), failure }
    }

    /// How its line in the table begins.
    fn key(&self) -> String {
        format!("{} → {} | {}", self.from.version, self.to.version, self.failure)
    }

    /// From a fresh deployment of the release before to the verdict; panics where it does not hold.
    fn run(&self) -> Row {
        let begun = Instant::now();
        let account = Account::new(self.failure.scale());
        let product = self.from.product(&account);
        product.expect(0, &[["apply", "FILE", "--yes"].as_slice(), &self.from.consent()].concat());
        let (file, secrets) = (plan_file(&product), account.inventory(&["secrets"]));
        let exits = self.failure.meet(&product, &self.to);
        let verdict = verdict::between(&product, &self.from, &self.to);
        assert_eq!(verdict.release, self.from.version, "rolled back");
        let must_restore = self.failure.changes_data(&self.to.data_steps(&self.from.version));
        assert_eq!(verdict.is_restored, must_restore, "restored exactly where the data may have changed");
        assert_eq!(plan_file(&product), file, "the plan file says what runs");
        assert_eq!(account.inventory(&["secrets"]), secrets, "the same secrets");
        never_two_deployments(&account);
        Row {
            case: self.clone(),
            exits,
            verdict: Some(verdict),
            seconds: begun.elapsed().as_secs_f64(),
            complaint: None,
        }
    }

    /// The row of a case that did not end well.
    fn broke(&self, complaint: String) -> Row {
        Row { case: self.clone(), exits: String::new(), verdict: None, seconds: 0.0, complaint: Some(complaint) }
    }
}

impl Row {
    fn restored(&self) -> &str {
        if self.verdict.as_ref().is_some_and(|verdict| verdict.is_restored) { "restored" } else { "" }
    }

    /// As a line of the table in the documentation.
    fn line(&self) -> String {
        let runs = self.verdict.as_ref().map(|verdict| verdict.release.as_str()).unwrap_or_default();
        format!("| {} | {} | {runs} | {} |", self.case.key(), self.exits, self.restored())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<70} exit {:<6} {:<9} {:5.1} s", self.case.key(), self.exits, self.restored(), self.seconds)?;
        let complaint = self.complaint.as_ref().and_then(|complaint| complaint.lines().next());
        complaint.iter().try_for_each(|complaint| write!(f, "  ENDS BADLY, see its panic: {complaint}"))
    }
}
