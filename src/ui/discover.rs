//! What an account has, and what of it can be used.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::engine::plan::{Finding, Severity};

use super::finding::finding;
use super::style::{DANGER, GOOD, TITLE, paint};
use super::table::{self, Cell};
use super::text::{clean, value};

/// Everything of one kind in an account and region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// What was asked for: `subnets`.
    pub what: &'static str,
    pub account: String,
    pub region: String,
    /// Keys of what is shown of each, in order.
    #[serde(skip)]
    pub columns: &'static [&'static str],
    pub items: Vec<Item>,
    /// Lines for the plan file, made of what is usable; empty when nothing is.
    pub plan_file: Vec<String>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// How the plan file calls it: an id or an ARN.
    pub id: String,
    /// How people call it, or empty.
    pub name: String,
    /// True unless a check refuses it.
    pub usable: bool,
    /// What is not as it should be, in a word or two each, the worst first.
    pub notes: Vec<String>,
    /// What else is known of it.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
    pub findings: Vec<Finding>,
}

impl Item {
    pub fn new(id: &str, name: &str, usable: bool, notes: Vec<String>, findings: Vec<Finding>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), usable, notes, facts: Map::new(), findings }
    }

    pub fn fact(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(key.to_owned(), value.into());
        self
    }

    /// A fact that is a text, or empty.
    pub fn text(&self, key: &str) -> &str {
        self.facts.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Why it cannot be used; empty when it can.
    pub fn why_not(&self) -> String {
        let refusals = self.findings.iter().filter(|finding| finding.severity == Severity::Refusal);
        refusals.map(|finding| clean(&finding.message)).collect::<Vec<_>>().join("; ")
    }

    /// What stands in a column.
    pub fn shown(&self, column: &str) -> String {
        match column {
            "id" => self.id.clone(),
            "name" => self.name.clone(),
            _ => match self.facts.get(column) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(Value::Array(items)) => items.iter().map(value).collect::<Vec<_>>().join(", "),
                Some(other) => value(other),
            },
        }
    }
}

impl Listing {
    /// Nothing, of an account that nobody asked.
    pub fn empty(what: &'static str) -> Self {
        let (account, region) = Default::default();
        Self { what, account, region, columns: &[], items: Vec::new(), plan_file: Vec::new() }
    }
}

/// Best first: usable ones before others, those with fewer warnings before those with more, then by name.
pub fn sort(items: &mut [Item]) {
    items.sort_by(|a, b| {
        (!a.usable, a.findings.len(), &a.name, &a.id).cmp(&(!b.usable, b.findings.len(), &b.name, &b.id))
    });
}

/// The whole text, ended by a newline. `all`: what the notes mean, too.
pub fn text(listing: &Listing, all: bool) -> String {
    let Listing { what, account, region, columns, items, plan_file } = listing;
    let place = format!("in account {}, {}", clean(account), clean(region));
    if items.is_empty() {
        return format!("no {} {place}\n", words(what));
    }
    let head: Vec<String> = columns.iter().map(|title| title.replace('_', " ")).collect();
    let head: Vec<&str> = std::iter::once("usable").chain(head.iter().map(String::as_str)).chain(["notes"]).collect();
    let rows: Vec<Vec<Cell>> = items.iter().map(|item| row(item, columns)).collect();
    let mut lines = table::lines(&head, &rows).into_iter();
    let mut text = format!("{} {place}\n\n", paint(TITLE, words(what)));
    text.extend(lines.next().map(|head| head + "\n"));
    for (line, item) in lines.zip(items) {
        text.push_str(&format!("{line}\n"));
        if all {
            text.extend(item.findings.iter().map(indented));
        }
    }
    if !all && items.iter().any(|item| !item.findings.is_empty()) {
        text.push_str("\n-v says what the notes mean and what to do.\n");
    }
    if !plan_file.is_empty() {
        text.push_str("\nIn the plan file, for example:\n\n");
        text.extend(plan_file.iter().map(|line| format!("  {}\n", clean(line))));
    }
    text
}

/// A finding below what it is about.
fn indented(found: &Finding) -> String {
    finding(found).lines().map(|line| format!("        {line}\n")).collect()
}

fn row(item: &Item, columns: &[&str]) -> Vec<Cell> {
    let usable = if item.usable { Cell::styled(GOOD, "yes") } else { Cell::styled(DANGER, "no") };
    let shown = columns.iter().map(|column| item.shown(column).into());
    std::iter::once(usable).chain(shown).chain([item.notes.join(", ").into()]).collect()
}

/// `target-groups` as people write it.
pub fn words(what: &str) -> String {
    if what == "vpc" { "VPCs".to_owned() } else { what.replace('-', " ") }
}
