//! What a plan comes to, in numbers.

use serde::Serialize;

use crate::engine::plan::{Action, Plan, Reason};

/// How many resources a plan treats in which way. Steps that change nothing (waiting, checking) are counted apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub create: usize,
    pub change: usize,
    pub replace: usize,
    pub restore: usize,
    pub run: usize,
    pub unprotect: usize,
    pub stop: usize,
    pub delete: usize,
    pub wait: usize,
    pub check: usize,
    pub unchanged: usize,
    pub kept: usize,
}

impl Summary {
    /// The numbers of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut summary = Self { unchanged: plan.unchanged.len(), kept: plan.kept.len(), ..Self::default() };
        for step in &plan.steps {
            let replaced = matches!(step.reason, Reason::Replaced(_));
            match step.action {
                Action::Create if replaced => summary.replace += 1,
                // Counted with the creation of its successor.
                Action::Delete if replaced => {}
                Action::Create => summary.create += 1,
                Action::Update => summary.change += 1,
                Action::Delete => summary.delete += 1,
                Action::Unprotect => summary.unprotect += 1,
                Action::Restore | Action::Promote => summary.restore += 1,
                Action::Run => summary.run += 1,
                // Nobody's business: what is left over from earlier ones.
                Action::Prune => {}
                Action::Stop => summary.stop += 1,
                Action::Verify if step.is_recheck() => summary.check += 1,
                Action::Verify => summary.wait += 1,
            }
        }
        summary
    }

    /// True when nothing would be changed, waited for or checked.
    pub fn is_nothing(&self) -> bool {
        let nothing = Self { unchanged: self.unchanged, kept: self.kept, ..Self::default() };
        *self == nothing
    }

    /// `create 42, change 1, delete 0`: the first, the second and the last always, the others where there are any.
    pub fn words(&self) -> String {
        let all = [
            ("create", self.create, true),
            ("change", self.change, true),
            ("replace", self.replace, false),
            ("restore", self.restore, false),
            ("run", self.run, false),
            ("unprotect", self.unprotect, false),
            ("stop", self.stop, false),
            ("delete", self.delete, true),
            ("wait for", self.wait, false),
            ("verify", self.check, false),
            ("unchanged", self.unchanged, false),
            ("kept", self.kept, false),
        ];
        let shown = all.iter().filter(|(_, number, always)| *always || *number > 0);
        shown.map(|(word, number, _)| format!("{word} {number}")).collect::<Vec<_>>().join(", ")
    }
}
