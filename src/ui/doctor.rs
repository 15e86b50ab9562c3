//! What `ce-aws doctor` and `ce-aws explain` say.

use serde::Serialize;

use crate::engine::plan::{Finding, Severity, Target};

use super::finding::finding;
use super::standing::Standing;
use super::style::{GOOD, TITLE, paint};
use super::table::{Cell, table};
use super::text::{clean, count};

/// All findings, and what they come to.
pub fn report(target: &Target, release: Option<&Standing>, findings: &[Finding]) -> String {
    let Target { deployment, account, region } = target;
    let title = format!("{} in account {}, {}", clean(deployment), clean(account), clean(region));
    let release = release.map(|release| format!("{}\n", release.line())).unwrap_or_default();
    let mut text = format!("{}\n{release}\n", paint(TITLE, title));
    findings.iter().for_each(|one| text.push_str(&format!("{}\n", finding(one))));
    let refusals = findings.iter().filter(|finding| finding.severity == Severity::Refusal).count();
    let warnings = findings.len() - refusals;
    let counts = [(refusals, "refusal"), (warnings, "warning")].into_iter().filter(|(number, _)| *number > 0);
    let counts = counts.map(|(number, word)| count(number, word)).collect::<Vec<_>>().join(" and ");
    text.push_str(&match (refusals, warnings) {
        (0, 0) => format!("{}: of what can be seen from here, nothing is in the way\n", paint(GOOD, "no findings")),
        (0, _) => format!("{counts}; nothing is in the way of `ce-aws apply`\n"),
        _ => format!("{counts}: `ce-aws apply` would change nothing\n"),
    });
    if let Some(first) = findings.first() {
        text.push_str(&format!("what a code means: ce-aws explain {}\n", clean(&first.code)));
    }
    text
}

/// One thing that was proved against the account, was refused, or could not be proved.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub what: String,
    /// `proved`, `failed` or `not-proved`.
    pub result: &'static str,
    /// What came out, or why nothing did.
    pub detail: String,
}

/// What was proved, in a table; nothing if nothing was tried.
pub fn proofs(proofs: &[Proof]) -> String {
    if proofs.is_empty() {
        return String::new();
    }
    let width = proofs.iter().map(|proof| proof.what.chars().count()).max().unwrap_or_default().min(44);
    let mut text = format!("{}\n\n", paint(TITLE, "proved against this account"));
    for Proof { what, result, detail } in proofs {
        let (what, shown) = (clean(what), result.replace('-', " "));
        text.push_str(&format!("{shown:<10}  {what:<width$}  {}\n", clean(detail)));
    }
    let of = |wanted: &str| proofs.iter().filter(|proof| proof.result == wanted).count();
    text.push_str(&format!("\n{} proved, {} failed, {} not proved\n\n", of("proved"), of("failed"), of("not-proved")));
    text
}

/// What a code means.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub code: String,
    pub severity: String,
    /// As it stands in the documentation: Markdown with code in backticks and nothing else.
    pub when: String,
    pub what_to_do: String,
}

/// All codes of a group, each on a line.
pub fn codes(groups: &[(&str, Vec<Row>)]) -> String {
    let mut text = String::new();
    for (title, rows) in groups {
        let cells = rows.iter().map(|row| {
            let brief = row.when.split_once(". ").map_or(row.when.as_str(), |(first, _)| first);
            vec![Cell::styled(TITLE, &row.code), row.severity.as_str().into(), brief.into()]
        });
        text.push_str(&format!("{}\n{}\n", paint(TITLE, title), table(&["code", "severity", "when"], cells)));
    }
    text + "`ce-aws explain CODE` also says what to do.\n"
}

/// A code explained.
pub fn explained(row: &Row) -> String {
    let Row { code, severity, when, what_to_do } = row;
    format!(
        "{} ({})\n\n{}\n\nWhat to do: {}\n",
        paint(TITLE, code),
        words(severity),
        sentence(when),
        sentence(what_to_do)
    )
}

fn words(severity: &str) -> &str {
    match severity {
        "refusal" => "refusal: nothing is changed",
        "warning" => "warning: it goes on",
        "either" => "refusal or warning",
        other => other,
    }
}

/// A fragment as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{}", characters.as_str(), if text.ends_with('.') { "" } else { "." })
}
