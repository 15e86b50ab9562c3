//! The lines of the steps in one group.

use std::collections::BTreeMap;

use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Plan, Purpose, Reason, Stage, Step};
use crate::engine::reference::resolve;
use crate::ui::style::{CHANGE, DANGER, FAINT, GOOD, paint};
use crate::ui::text::{clean, count};
use crate::ui::words;

use super::difference;
use super::view::View;

/// Columns of an address, where none of its neighbours is longer.
pub const ADDRESS: usize = 32;
/// What stands before a line about the line above.
const DETAIL: &str = "                 ";

/// True for what cannot be undone by running the command again.
pub fn is_marked(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Unprotect | Action::Stop)
        || matches!(step.reason, Reason::Replaced(_))
}

/// What the lines are made of.
pub struct Rows<'a> {
    pub plan: &'a Plan,
    pub kinds: &'a [Kind],
    pub view: View<'a>,
}

impl Rows<'_> {
    /// A line for each step and what is to be said of it; what is created is one line for each kind.
    pub fn of(&self, steps: &[&Step]) -> Vec<String> {
        let mut counted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for step in steps.iter().filter(|step| self.is_counted(step)) {
            counted.entry(step.address.kind()).or_default().push(step.address.name());
        }
        counted.retain(|_, names| names.len() > 1);
        let is_row = |step: &&&Step| !(self.is_counted(step) && counted.contains_key(step.address.kind()));
        let rows = steps.iter().filter(is_row).map(|step| step.address.as_str().len() + 1);
        let width = rows.max().unwrap_or_default().max(ADDRESS);
        let mut lines = Vec::new();
        for step in steps {
            let kind = step.address.kind();
            match counted.get_mut(kind).filter(|_| self.is_counted(step)) {
                None => lines.extend(self.step(step, width)),
                // All of its kind stand where the first of them stood.
                Some(names) if !names.is_empty() => {
                    let what = count(names.len(), &kind.replace('-', " "));
                    lines.push(line(step, &what, width, &std::mem::take(names).join(", ")));
                }
                Some(_) => {}
            }
        }
        lines
    }

    /// True when something is created whose values are not shown.
    pub fn hides_values(&self) -> bool {
        self.plan.steps.iter().any(|step| step.action == Action::Create && !step.spec.is_null() && !self.is_open(step))
    }

    /// What is created for the first time, puts nothing at risk and decides over nobody's access.
    fn is_counted(&self, step: &Step) -> bool {
        step.action == Action::Create
            && step.reason == Reason::Missing
            && step.stage.is_none_or(|stage| stage == Stage::Prepare)
            && step.consequences.is_empty()
            && self.kinds.kind(step.address.kind()).is_some_and(|kind| !kind.security)
            && !self.is_open(step)
    }

    fn is_open(&self, step: &Step) -> bool {
        self.view.all || self.view.show.contains(&step.address)
    }

    fn step(&self, step: &Step, width: usize) -> Vec<String> {
        let reason = match step.reason {
            // The action says it.
            Reason::Missing if step.action == Action::Create => String::new(),
            // The title says it.
            Reason::Teardown if self.plan.purpose == Purpose::Destroy => String::new(),
            Reason::Twin => {
                let id = step.id.as_ref().map(|id| format!(" ({})", clean(id)));
                words::reason(&step.reason) + &id.unwrap_or_default()
            }
            _ => words::reason(&step.reason),
        };
        let mut lines = vec![line(step, step.address.as_str(), width, &reason)];
        let mut detail = |text: String| lines.push(format!("{DETAIL}{text}"));
        let is_open = self.is_open(step);
        // That a record follows what it records needs no words.
        for change in step.changes.iter().filter(|change| is_open || !change.property.starts_with("tags.ce-aws:")) {
            let to = resolve(&change.to, &self.plan.known);
            difference::lines(&change.property, &change.from, &to, is_open).into_iter().for_each(&mut detail);
        }
        if is_open && step.action == Action::Create {
            let spec = resolve(&step.spec, &self.plan.known);
            for (property, wanted) in spec.as_object().into_iter().flatten().filter(|(_, wanted)| !wanted.is_null()) {
                difference::values(property, wanted).into_iter().for_each(&mut detail);
            }
        }
        let holds_data = self.kinds.kind(step.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Data);
        if holds_data && step.action == Action::Delete {
            detail(paint(DANGER, "holds data that cannot be recovered"));
        }
        for consequence in &step.consequences {
            detail(paint(if is_marked(step) { DANGER } else { CHANGE }, clean(consequence)));
        }
        lines
    }
}

fn line(step: &Step, what: &str, width: usize, rest: &str) -> String {
    let (mark, style) = match step.action {
        _ if is_marked(step) => ("!", DANGER),
        Action::Create | Action::Restore => ("+", GOOD),
        Action::Update => ("~", CHANGE),
        _ => (" ", FAINT),
    };
    let action = paint(style, format_args!("{mark} {:<9}", words::step(step)));
    format!("  {action}  {what:<width$} {rest}").trim_end().to_owned()
}
