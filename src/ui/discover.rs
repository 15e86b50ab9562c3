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
    /// The deployment that it belongs to, where ce-aws made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
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
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, name, managed_by: None, usable, notes, facts: Map::new(), findings }
    }

    pub fn fact(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(key.to_owned(), value.into());
        self
    }

    /// A fact that is a text, or empty.
    pub fn text(&self, key: &str) -> &str {
        self.facts.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// That ce-aws made it, and for which deployment.
    pub fn managed(&self) -> Option<String> {
        self.managed_by.as_ref().map(|deployment| format!("managed by ce-aws: {deployment}"))
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

/// Best first: usable before others, the user's before what ce-aws manages, fewer warnings before more, then by name.
pub fn sort(items: &mut [Item]) {
    fn rank(item: &Item) -> (bool, bool, usize, &str, &str) {
        (!item.usable, item.managed_by.is_some(), item.findings.len(), &item.name, &item.id)
    }
    items.sort_by(|a, b| rank(a).cmp(&rank(b)));
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
    if items.iter().any(|item| item.managed_by.is_some()) {
        text.push_str(
            "\nWhat ce-aws manages belongs to that deployment; do not name it in the plan file of another one.\n",
        );
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
    let notes = item.managed().into_iter().chain(item.notes.iter().cloned()).collect::<Vec<_>>().join(", ");
    std::iter::once(usable).chain(shown).chain([notes.into()]).collect()
}

/// `target-groups` as people write it.
pub fn words(what: &str) -> String {
    if what == "vpc" { "VPCs".to_owned() } else { what.replace('-', " ") }
}
