//! The releases of Cloud Exchange.

use anstyle::Style;
use serde::Serialize;

use super::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use super::table::{Cell, table};
use super::text::clean;

/// Everything that is shown of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Known {
    pub version: String,
    /// Day of the vendor's tag: `2023-11-06`.
    pub released: String,
    /// How well the vendor supports it on Fargate.
    pub label: String,
    /// Last day of the vendor's support, if that is known.
    pub end_of_life: Option<String>,
    /// `supported`, `ends-soon`, `ended` or `not-known`, today.
    pub support: String,
    /// Recommended for new deployments.
    pub is_recommended: bool,
    /// Releases that can be upgraded to it in one step.
    pub from: Vec<String>,
    /// Releases that it can be upgraded to in one step.
    pub to: Vec<String>,
    /// The smallest package that it runs on.
    pub minimum_package: String,
    /// Why it cannot be deployed, if it is only listed.
    pub undeployable: Option<String>,
    pub containers: Vec<Container>,
    pub access_points: Vec<AccessPoint>,
    /// What an upgrade to it does to the data, in order.
    pub data_steps: Vec<DataStep>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    pub name: String,
    pub image: String,
    /// Its first start may change the data so that an older release cannot read it.
    pub migrates: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessPoint {
    pub name: String,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataStep {
    pub name: String,
    /// Upgrades from these releases need it.
    pub from: Vec<String>,
    pub about: String,
    /// An older release may be unable to read what it writes.
    pub changes_data: bool,
}

/// What the labels mean.
const LEGEND: &str = "\
vendor-tested  the vendor tested it on Fargate
unsupported    the vendor does not offer it on Fargate
experimental   not known to work on Fargate
";

/// All of them, one a line, ended by a newline.
pub fn list(all: &[Known]) -> String {
    let rows = all.iter().map(|known| {
        vec![
            Cell::styled(TITLE, &known.version),
            known.released.as_str().into(),
            Cell::styled(known.style(), known.support()),
            known.end(),
            if known.from.is_empty() { "-".into() } else { known.from.join(", ").into() },
            known.minimum_package.as_str().into(),
        ]
    });
    let head = ["release", "date", "support", "end of support", "upgrade from", "smallest package"];
    let mut text = format!("{}\n{LEGEND}", table(&head, rows));
    for (why, releases) in reasons(all) {
        text.push_str(&format!("\nonly listed    {}: {}\n", releases.join(", "), clean(why)));
    }
    text.push('\n');
    if let Some(known) = all.iter().find(|known| known.is_recommended) {
        let why = match known.support.as_str() {
            "ended" => "no release that can be deployed is still supported, and the vendor tested this one",
            _ => "the newest that is still supported",
        };
        text.push_str(&format!("For a new deployment: {}, {why}.\n", paint(TITLE, clean(&known.version))));
    }
    text + "`ce-aws releases RELEASE` shows one in full; `ce-aws releases import` makes one from a compose file\n"
}

/// One of them in full, ended by a newline.
pub fn whole(known: &Known) -> String {
    let title = paint(TITLE, format_args!("Cloud Exchange {}:", clean(&known.version)));
    let mut text = format!("{title} {}\n", paint(known.style(), known.support()));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{} {}\n", paint(FAINT, format_args!("{name:<18}")), clean(value)));
        }
    };
    line("cannot be deployed", known.undeployable.as_deref().unwrap_or_default());
    line("date", &known.released);
    let end = known.end_of_life.as_deref().unwrap_or("not known");
    line("end of support", &format!("{end}{}", known.passed()));
    line("upgrade from", &known.from.join(", "));
    line("upgrade to", &known.to.join(", "));
    line("smallest package", &known.minimum_package);
    let mark = |marked: bool, words: &str| if marked { Cell::styled(WARNING, words) } else { Cell::default() };
    let container = |one: &Container| {
        vec![one.name.as_str().into(), one.image.as_str().into(), mark(one.migrates, "may change the data")]
    };
    let point = |one: &AccessPoint| vec![one.name.as_str().into(), one.path.as_str().into()];
    let step = |one: &DataStep| {
        let changes = mark(one.changes_data, "no rollback without a backup");
        vec![one.name.as_str().into(), one.from.join(", ").into(), one.about.as_str().into(), changes]
    };
    text + &section(&["container", "image", ""], &known.containers, container)
        + &section(&["access point", "path"], &known.access_points, point)
        + &section(&["data step", "from", "does", ""], &known.data_steps, step)
}

/// A table with an empty line before it; nothing where it has no rows.
fn section<T>(head: &[&str], all: &[T], row: impl Fn(&T) -> Vec<Cell>) -> String {
    if all.is_empty() { String::new() } else { format!("\n{}", table(head, all.iter().map(row))) }
}

/// Each reason once, with its releases.
fn reasons(all: &[Known]) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (why, known) in all.iter().filter_map(|known| Some((known.undeployable.as_deref()?, known))) {
        match reasons.iter_mut().find(|(said, _)| *said == why) {
            Some((_, releases)) => releases.push(&known.version),
            None => reasons.push((why, vec![&known.version])),
        }
    }
    reasons
}

impl Known {
    /// The end of support as a cell, coloured when it is past or near.
    fn end(&self) -> Cell {
        let Some(end) = &self.end_of_life else { return "not known".into() };
        let style = match self.support.as_str() {
            "ended" => DANGER,
            "ends-soon" => WARNING,
            _ => Style::new(),
        };
        Cell::styled(style, format!("{end}{}", self.passed()))
    }

    fn passed(&self) -> &'static str {
        match self.support.as_str() {
            "ended" => ", ended",
            "ends-soon" => ", soon",
            _ => "",
        }
    }

    fn support(&self) -> String {
        match self.undeployable {
            Some(_) => format!("{}, only listed", clean(&self.label)),
            None => clean(&self.label),
        }
    }

    fn style(&self) -> Style {
        match self.label.as_str() {
            "vendor-tested" => GOOD,
            "unsupported" => WARNING,
            "experimental" => DANGER,
            _ => Style::new(),
        }
    }
}
