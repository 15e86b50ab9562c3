//! The lifecycle of a deployment, command by command: each succeeds with the printed policies, and its needs are noted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::NEW;
use super::operator::{Operator, actions};
use crate::account::Account;
use crate::deploy::SCALE;
use crate::single_writer::never_two;

/// One command.
pub struct Stage {
    /// Of whose policy; all of them if it has no name.
    pub purpose: &'static str,
    pub arguments: &'static [&'static str],
    /// What is changed in the plan file before it.
    edits: &'static [(&'static str, &'static str)],
    /// The former ones without which it would not do what it does here, in their order.
    after: &'static [usize],
}

const fn stage(purpose: &'static str, arguments: &'static [&'static str], after: &'static [usize]) -> Stage {
    Stage { purpose, arguments, edits: &[], after }
}

const APPLY: &[&str] = &["apply", "FILE", "--yes"];

/// An edit of every kind that has something to change.
const CHANGES: &[(&str, &str)] = &[
    ("#+ Owner = \"security-platform\"", "Owner = \"security-platform\""),
    ("# idle_timeout_seconds = 300", "idle_timeout_seconds = 200"),
    ("# log_expire_after_days = 365", "log_expire_after_days = 300"),
    ("#+ allowed_cidrs = [", "allowed_cidrs = ["),
    ("# container_insights = true", "container_insights = false"),
    ("# backup = true ", "backup = false "),
    ("#+ enabled = true\n#+ email = ", "enabled = true\nemail = "),
    ("#+ https = ", "https = "),
];

pub const STAGES: [Stage; 22] = [
    Stage { edits: &[("release = \"5.0.0\"", "release = \"4.2.0\"")], ..stage("plan", &["plan", "FILE"], &[]) },
    stage("", &["doctor", "FILE"], &[0]),
    stage("apply", APPLY, &[0]),
    stage("plan", &["status", "FILE"], &[0, 2]),
    stage("upgrade", &["backup", "create", "FILE", "--yes"], &[0, 2]),
    stage("upgrade", &["backup", "list", "FILE"], &[0, 2, 4]),
    stage("upgrade", &["stop", "FILE", "--yes"], &[0, 2]),
    stage("upgrade", &["start", "FILE", "--yes"], &[0, 2, 6]),
    stage("upgrade", &["upgrade", "FILE", "--to", "5.0.0", "--yes"], &[0, 2]),
    stage("upgrade", &["backup", "restore", "FILE", "latest", "--other-release", "--yes"], &[0, 2, 4]),
    Stage { edits: CHANGES, ..stage("apply", APPLY, &[0, 2]) },
    Stage {
        edits: &[("\nOwner = \"security-platform\"", "\n#+ Owner = \"security-platform\"")],
        ..stage("apply", &["apply", "FILE", "--yes", "--notify"], &[0, 2, 4, 10])
    },
    stage("apply", &["plan", "FILE", "--exit-code"], &[0, 2]),
    Stage {
        edits: &[
            ("\nidle_timeout_seconds = 200", "\n# idle_timeout_seconds = 300"),
            ("\nlog_expire_after_days = 300", "\n# log_expire_after_days = 365"),
            ("# enabled = true ", "enabled = false "),
        ],
        ..stage("apply", &["apply", "FILE", "--yes", "--unprotect"], &[0, 2, 10])
    },
    stage("destroy", &["destroy", "FILE", "--yes", "--unprotect"], &[0, 2, 10]),
    Stage { edits: &[("\nenabled = false ", "\n# enabled = true ")], ..stage("apply", APPLY, &[0, 2, 10, 13, 14]) },
    stage("plan", &["logs", "FILE"], &[0, 2]),
    stage("upgrade", &["exec", "FILE", "core", "--", "true"], &[0, 2]),
    stage("open", &["open", "FILE", "--check", "--local-port", "0"], &[0, 2]),
    stage("apply", &["alarms", "test", "FILE"], &[0, 2, 10]),
    stage("destroy", &["destroy", "FILE", "--yes", "--unprotect", "--delete-data"], &[0, 2, 4, 10]),
    stage("cost", &["cost", "FILE", "--live"], &[]),
];

impl Stage {
    /// What an account has that is ready for it, and a plan file.
    pub fn begin(&self, one: &Operator<'_>) {
        for former in self.after {
            let former = &STAGES[*former];
            former.edit(one);
            // A plan is there for its edits only.
            if former.purpose != "plan" {
                let ran = one.patiently(|| one.product.run(former.arguments));
                assert_eq!(ran.code, 0, "{:?}\n{}\n{}", former.arguments, ran.stdout, ran.stderr);
            }
        }
        self.edit(one);
    }

    fn edit(&self, one: &Operator<'_>) {
        self.edits.iter().for_each(|(from, to)| one.product.edit(from, to));
    }
}

/// What was printed and used on the whole lifecycle.
pub struct Walked {
    pub printed: BTreeSet<String>,
    /// Which stages have needed an action, in their order.
    pub used: BTreeMap<String, Vec<usize>>,
}

impl Walked {
    /// Once for all tests; it panics where a command fails that does what its policy says.
    pub fn once() -> &'static Self {
        static WALKED: OnceLock<Walked> = OnceLock::new();
        WALKED.get_or_init(|| {
            let account = Account::new(SCALE);
            let one = Operator::new(&account, NEW);
            let mut used: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (number, stage) in STAGES.iter().enumerate() {
                stage.edit(&one);
                for action in one.does(stage.purpose, stage.arguments) {
                    used.entry(action).or_default().push(number);
                }
            }
            never_two(&account);
            Self { printed: actions(&one.printed("")), used }
        })
    }
}
