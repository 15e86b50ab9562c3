//! The tables in `docs/releases.md`.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    facts::{Facts, Source},
    properties::{Difference, Kind},
    reasons::Reasons,
};

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

pub fn page(all: &[Compared], reasons: &Reasons) -> String {
    let mut page = String::new();
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
    for one in all {
        let _ = writeln!(page, "\n### {} and the {}\n", one.facts.version, one.source());
        page += "| | where | the vendor's | ce-aws | why |\n|---|---|---|---|---|\n";
        for (kind, name) in KINDS {
            for row in rows(one, kind, reasons) {
                let _ = writeln!(page, "| {name} | {row} |");
            }
        }
    }
    page
}

/// The differences of one kind, those with one reason and one value together, in the order of the reasons.
fn rows(one: &Compared, kind: Kind, reasons: &Reasons) -> Vec<String> {
    let mut groups: BTreeMap<(usize, String), Vec<&Difference>> = BTreeMap::new();
    for (difference, reason) in one.differences.iter().filter(|(difference, _)| difference.kind == kind) {
        // What is left out or added is told by its name; where the value is another one, both are told.
        let values = if kind == Kind::OtherValue { values(difference).join("\n") } else { String::new() };
        groups.entry((*reason, values)).or_default().push(difference);
    }
    let row = |((reason, _), differences): ((usize, String), Vec<&Difference>)| {
        let all = differences.iter().map(|difference| values(difference)).collect::<Vec<_>>();
        let [vendor, ours] = [0, 1].map(|side| {
            let first = &all[0][side];
            if all.iter().all(|values| values[side] == *first) { first.clone() } else { "*several*".to_owned() }
        });
        format!("{} | {vendor} | {ours} | {}", places(&differences), reasons.reasons[reason].because.trim())
    };
    groups.into_iter().map(row).collect()
}

/// `core: a, b; ui: c`
fn places(differences: &[&Difference]) -> String {
    let mut containers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for difference in differences {
        containers.entry(&difference.container).or_default().push(format!("`{}`", difference.property));
    }
    // Several containers with the same properties are told at once.
    let mut same: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (container, properties) in containers {
        same.entry(properties.join(", ")).or_default().push(container);
    }
    let told = same.into_iter().map(|(properties, containers)| format!("{}: {properties}", containers.join(", ")));
    told.collect::<Vec<_>>().join("; ")
}

fn values(difference: &Difference) -> [String; 2] {
    [&difference.vendor, &difference.ours].map(|value| value.as_deref().map_or_else(String::new, cell))
}

/// Short enough for a table.
fn cell(text: &str) -> String {
    const MOST: usize = 72;
    let short = match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    format!("`{}`", short.replace('`', "'").replace('|', "\\|"))
}
