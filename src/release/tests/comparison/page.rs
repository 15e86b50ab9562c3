//! The tables in `docs/releases.md`.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    facts::{Facts, Source},
    properties::{Difference, Kind},
    reasons::Reasons,
};
use crate::release::{Catalogue, Release};

/// One release compared with one of the vendor's files; each difference with the number of its reason.
pub struct Compared {
    pub facts: Facts,
    pub same: usize,
    pub differences: Vec<(Difference, usize)>,
}

impl Compared {
    fn count(&self, kind: Kind) -> usize {
        self.differences.iter().filter(|(difference, _)| difference.kind == kind).count()
    }

    fn source(&self) -> &'static str {
        match self.facts.source {
            Source::Template => "CloudFormation template",
            Source::Compose => "compose file",
        }
    }
}

const KINDS: [(Kind, &str); 3] =
    [(Kind::OtherValue, "another value"), (Kind::LeftOut, "left out"), (Kind::Added, "added")];

/// The releases themselves, as the catalogue has them.
pub fn releases() -> String {
    let mut page = "## Every release\n\n".to_owned();
    page +=
        "| release | tagged | on Fargate | end of support | at least | steps to it, and what they do to the data |\n";
    page += "|---|---|---|---|---|---|\n";
    for release in Catalogue::builtin().releases() {
        let Release { version, released, label, end_of_life, predecessors, minimum_package, .. } = release;
        let end = end_of_life.map_or_else(|| "not announced".to_owned(), |day| day.to_string());
        let from = predecessors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let steps = release.data_steps.iter().map(|step| step.about.clone()).collect::<Vec<_>>();
        let steps = if steps.is_empty() { "nothing".to_owned() } else { steps.join("; ") };
        let row = format!("{version} | {released} | {label} | {end} | {minimum_package} | from {from}: {steps}");
        let _ = writeln!(page, "| {row} |");
    }
    page
}

pub fn page(all: &[Compared], reasons: &Reasons) -> String {
    let mut page = "## Compared with the vendor's own files\n\n".to_owned();
    page += "At the vendor's medium profile and the package `medium`. A property is a variable, a mount, a port, a \
     command, \
             one of MongoDB's options, a setting of RabbitMQ, a limit, a part of a health check, and so on, of one \
             container.\n\n";
    page += "| release | the vendor's | of | properties | the same | another value | left out | added |\n";
    page += "|---|---|---|---|---|---|---|---|\n";
    for one in all {
        let [other, left_out, added] = KINDS.map(|(kind, _)| one.count(kind));
        let Facts { version, commit, date, .. } = &one.facts;
        let (source, same, total) = (one.source(), one.same, one.same + one.differences.len());
        let commit = &commit[..7];
        let row =
            format!("{version} | {source} | `{commit}`, {date} | {total} | {same} | {other} | {left_out} | {added}");
        let _ = writeln!(page, "| {row} |");
    }
    page += "\n### Reasons\n\n";
    for (number, reason) in reasons.reasons.iter().enumerate() {
        let _ = writeln!(page, "{}. {}", number + 1, reason.because.trim());
    }
    for one in all {
        let _ = writeln!(page, "\n### {} and the {}\n", one.facts.version, one.source());
        page += "| | where | the vendor's | ce-aws | reason |\n|---|---|---|---|---|\n";
        for (kind, name) in KINDS {
            for row in rows(one, kind) {
                let _ = writeln!(page, "| {name} | {row} |");
            }
        }
    }
    page
}

/// The differences of one kind, those with one reason and one value together, in the order of the reasons.
fn rows(one: &Compared, kind: Kind) -> Vec<String> {
    let mut groups: BTreeMap<(usize, String), Vec<&Difference>> = BTreeMap::new();
    for (difference, reason) in one.differences.iter().filter(|(difference, _)| difference.kind == kind) {
        // What is left out or added is shown by name; for a changed value, both values are shown.
        let values = if kind == Kind::OtherValue { values(difference).join("\n") } else { String::new() };
        groups.entry((*reason, values)).or_default().push(difference);
    }
    let row = |((reason, _), differences): ((usize, String), Vec<&Difference>)| {
        let all = differences.iter().map(|difference| values(difference)).collect::<Vec<_>>();
        let [vendor, ours] = [0, 1].map(|side| {
            let first = &all[0][side];
            if all.iter().all(|values| values[side] == *first) { first.clone() } else { "*several*".to_owned() }
        });
        format!("{} | {vendor} | {ours} | {}", places(&differences), reason + 1)
    };
    groups.into_iter().map(row).collect()
}

/// `core, ui: environment A, B; core: user`, with what several containers share shown once.
fn places(differences: &[&Difference]) -> String {
    let mut containers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for difference in differences {
        containers.entry(&difference.property).or_default().push(&difference.container);
    }
    let mut names: BTreeMap<(String, &str), Vec<String>> = BTreeMap::new();
    for (property, containers) in containers {
        let (group, name) = property.split_once('.').unwrap_or(("", property));
        names.entry((containers.join(", "), group)).or_default().push(format!("`{name}`"));
    }
    let shown = names.into_iter().map(|((containers, group), names)| {
        let group = if group.is_empty() { String::new() } else { format!("{} ", group.replace('_', " ")) };
        format!("{containers}: {group}{}", names.join(", "))
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn values(difference: &Difference) -> [String; 2] {
    [&difference.vendor, &difference.ours].map(|value| value.as_deref().map_or_else(String::new, cell))
}

/// Short enough for a table.
fn cell(text: &str) -> String {
    const MOST: usize = 60;
    let short = match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    format!("`{}`", short.replace('`', "'").replace('|', "\\|"))
}
