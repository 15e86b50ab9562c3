//! How all deployments of an account and region are, as people read it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::clock::timestamp;
use crate::engine::plan::Target;
use crate::kinds::service::view::ServiceView;
use crate::ui::finding::hints;
use crate::ui::list::{self, Holder, State as Listed};
use crate::ui::style::{DANGER, GOOD, TITLE, WARNING, paint};
use crate::ui::table::{Cell, lines};
use crate::ui::text::{clean, count, duration, minute, place};
use crate::ui::whereabouts::Whereabouts;

use super::{State, brief, overlap};

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct Statuses {
    pub account: String,
    pub region: String,
    /// By name.
    pub deployments: Vec<Deployment>,
    /// What could not be read, and AWS's answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
    /// The time, in seconds since 1970.
    #[serde(skip)]
    pub now: f64,
}

/// One of them: fields that `status` has too are what they are there, the others what they are in `list`.
#[derive(Clone, Debug, Serialize)]
pub struct Deployment {
    #[serde(flatten)]
    pub target: Target,
    /// `None` if not all that decides could be read.
    #[serde(flatten)]
    pub state: Option<State>,
    /// Without log groups and secrets.
    pub whereabouts: Whereabouts,
    pub release: Option<String>,
    pub writers: usize,
    pub since: Option<String>,
    pub service: ServiceView,
    pub notes: Vec<String>,
    pub kinds: Vec<String>,
    pub holder: Option<Holder>,
    /// Why not all of its service could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
    /// The state in `list`.
    #[serde(skip)]
    pub listed: Listed,
    /// `since` in seconds since 1970.
    #[serde(skip)]
    pub began: Option<f64>,
}

/// The table, where to reach each, and what needs attention; ended by a newline.
pub fn text(all: &Statuses) -> String {
    let place = place(&all.account, &all.region);
    if all.deployments.is_empty() {
        return format!("no deployments in {place}\n{}", list::unread(&all.unread));
    }
    let mut shown = vec![format!("{} in {place}", paint(TITLE, "Deployments")), String::new()];
    let head = ["name", "state", "release", "since", "task", "target"];
    shown.extend(lines(&head, &all.deployments.iter().map(|one| row(one, all.now)).collect::<Vec<_>>()));
    let urls = all.deployments.iter().filter_map(|one| {
        let name = Cell::styled(TITLE, one.name());
        Some(vec![name, Cell::from(one.whereabouts.url.clone()?)])
    });
    section(lines(&["name", "URL"], &urls.collect::<Vec<_>>()), 1, &mut shown);
    section(all.deployments.iter().flat_map(remarks).collect(), 0, &mut shown);
    let mut text = shown.join("\n") + "\n" + &list::unread(&all.unread);
    let next = all.deployments.iter().filter_map(|one| match one.state {
        Some(State::Absent) => one.listed.hint(&clean(one.name())),
        _ => None,
    });
    let next: Vec<String> = next.collect();
    text.push_str(&format!("\n{}\n", totals(all)));
    text + &hints(&next)
}

/// Lines after an empty one; nothing where there are not more than `least`.
fn section(rows: Vec<String>, least: usize, shown: &mut Vec<String>) {
    if rows.len() > least {
        shown.push(String::new());
        shown.extend(rows);
    }
}

/// One line each where nothing can be drawn again.
pub fn line(all: &Statuses) -> String {
    let at = timestamp(all.now);
    if all.deployments.is_empty() {
        return format!("{at} no deployments\n");
    }
    let lines = all.deployments.iter().map(|one| {
        let state = one.state.as_ref().map_or_else(|| paint(WARNING, NOT_READ), State::words);
        let open = one.open().map(|open| format!("{}; ", open.text)).unwrap_or_default();
        format!("{at} {} {open}{}\n", clean(one.name()), brief(&state, &one.service))
    });
    lines.collect()
}

const NOT_READ: &str = "could not be read";

impl Deployment {
    fn name(&self) -> &str {
        &self.target.deployment
    }

    /// An open upgrade or restore outranks what runs meanwhile; where nothing runs, what is left counts.
    fn state(&self) -> Cell {
        match (&self.state, self.open()) {
            (None, _) => Cell::styled(WARNING, "not read"),
            (Some(State::Absent), _) => self.listed.cell(),
            (Some(_), Some(open)) => open,
            (Some(state), None) => {
                let (style, name, _) = state.parts();
                Cell::styled(style, name)
            }
        }
    }

    fn open(&self) -> Option<Cell> {
        matches!(self.listed, Listed::UpgradeOpen | Listed::RestoreOpen).then(|| self.listed.cell())
    }

    fn task(&self) -> Cell {
        let mut writers = self.service.writers();
        match (writers.next(), writers.next()) {
            (None, _) => Cell::default(),
            (Some(_), Some(_)) => Cell::styled(DANGER, count(self.writers, "task")),
            (Some(task), None) if task.last != "RUNNING" => Cell::styled(WARNING, task.last.as_str()),
            (Some(task), None) => Cell::styled(healthy(&task.health), task.health.as_str()),
        }
    }

    fn targets(&self) -> Cell {
        let mut states: Vec<&str> = self.service.targets.iter().map(|target| target.state.as_str()).collect();
        states.sort_unstable();
        states.dedup();
        let style = if states.contains(&"unhealthy") { DANGER } else { healthy(states.first().unwrap_or(&"")) };
        Cell::styled(style, states.join(", "))
    }
}

fn healthy(health: &str) -> anstyle::Style {
    match health.to_ascii_lowercase().as_str() {
        "healthy" => GOOD,
        "unhealthy" => DANGER,
        _ => WARNING,
    }
}

fn row(one: &Deployment, now: f64) -> Vec<Cell> {
    // The clock of this machine may be behind AWS's.
    let age = one.began.filter(|began| now > *began).map(|began| format!("{} ago", duration(now - began)));
    let since = age.or_else(|| one.since.as_deref().map(minute));
    let release = one.release.clone().unwrap_or_default();
    let name = Cell::styled(TITLE, one.name());
    vec![name, one.state(), release.into(), since.unwrap_or_default().into(), one.task(), one.targets()]
}

/// What needs attention, or explains why nothing else does: a line each, the most dangerous first.
fn remarks(one: &Deployment) -> Vec<String> {
    let mut all: Vec<String> = overlap(one.writers).into_iter().collect();
    all.extend(one.unread.iter().map(|why| format!("{}: {}", paint(WARNING, NOT_READ), clean(why))));
    let why = one.state.as_ref().and_then(|state| state.parts().2);
    all.extend(one.state.iter().filter(|_| why.is_some()).map(State::words));
    let is_told = why.is_some_and(|why| why.starts_with("target "));
    let unhealthy = one.service.targets.iter().filter(|target| target.state == "unhealthy" && !is_told);
    all.extend(unhealthy.map(|target| {
        let what = format!("target {}:{} unhealthy", clean(&target.address), target.port);
        let why = [&target.reason, &target.description].map(|text| clean(text)).join(" ");
        format!("{}: {}", paint(DANGER, what), why.trim())
    }));
    all.extend(one.notes.iter().map(|note| paint(WARNING, clean(note))));
    all.extend(one.holder.iter().map(|holder| {
        let [command, user, host] = [&holder.command, &holder.user, &holder.host].map(|text| clean(text));
        format!("run under way: `{command}` by {user} on {host}")
    }));
    let name = paint(TITLE, clean(one.name()));
    all.into_iter().map(|remark| format!("{name}: {remark}")).collect()
}

/// `4 deployments, 1 of them healthy`.
fn totals(all: &Statuses) -> String {
    let healthy = all.deployments.iter().filter(|one| one.state == Some(State::Healthy)).count();
    let number = count(all.deployments.len(), "deployment");
    match all.deployments.len() - healthy {
        0 => paint(GOOD, format_args!("{number}, all healthy")),
        _ => paint(WARNING, format_args!("{number}, {healthy} of them healthy")),
    }
}
