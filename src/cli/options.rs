//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::release::Label;
use crate::session::lease::Manner;
use crate::session::source::{PLAN_FILE, Selected};
use crate::session::{Consent, span};
use crate::upgrade::plan::OnFailure;

/// A plan file, or the name of a deployment.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
pub struct Which {
    /// Plan file of the deployment [default: ce-aws.toml]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

impl Which {
    pub fn new(file: Option<PathBuf>, name: Option<String>) -> Self {
        Self { file, name }
    }

    /// The name, or the plan file, or else the one in the working directory.
    pub fn selected(&self) -> Selected<'_> {
        match (&self.name, &self.file) {
            (Some(name), _) => Selected::Name(name),
            (None, Some(file)) => Selected::File(file),
            (None, None) => Selected::File(Path::new(PLAN_FILE)),
        }
    }

    /// How people name its plan file on the command line.
    pub fn shown(&self) -> String {
        match self.selected() {
            Selected::File(file) => file.display().to_string(),
            Selected::Name(_) => "FILE".to_owned(),
        }
    }
}

/// Of every command that changes something.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ChangeOptions {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// Work without the lease, where its bucket is not allowed
    ///
    /// Nobody else may work on the deployment meanwhile, and the run is not recorded in the history.
    #[arg(long)]
    pub no_lease: bool,

    /// Tell the topic of the deployment's alarms when the run begins and how it has ended
    ///
    /// A topic of ours does not exist before the first apply has made it, nor after a destroy. No run fails because
    /// nobody could be told.
    #[arg(long)]
    pub notify: bool,
}

impl ChangeOptions {
    pub fn manner(self) -> Manner {
        Manner { no_lease: self.no_lease, notify: self.notify }
    }
}

/// Of upgrades, and of commands that may become one.
#[derive(Clone, Debug, clap::Args)]
pub struct UpgradeOptions {
    /// Upgrade without a recovery point of the file system
    #[arg(long)]
    no_backup: bool,

    /// Allow releases that the vendor does not support on Fargate, down to this label
    #[arg(long, value_name = "LABEL", value_parser = label)]
    allow: Option<Label>,

    #[command(flatten)]
    timing: Timing,
}

/// How long a start may take.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Timing {
    /// Time in which a new task has to become healthy, such as 90s or 20m [default: 20m]
    #[arg(long, value_name = "TIME", value_parser = span::seconds)]
    pub deadline: Option<u32>,

    /// Time for which a new task has to stay healthy [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = span::seconds)]
    pub watch: Option<u32>,
}

/// As the command line spells it.
pub fn label(text: &str) -> Result<Label, String> {
    let found = Label::ALL.into_iter().find(|label| label.as_str() == text);
    found.ok_or_else(|| format!("a label is one of {}", Label::ALL.map(Label::as_str).join(", ")))
}

impl UpgradeOptions {
    pub fn consent(&self) -> Consent {
        let Self { no_backup, allow, timing: Timing { deadline, watch } } = *self;
        Consent { no_backup, allow, deadline, watch, ..Consent::default() }
    }
}

impl ValueEnum for OnFailure {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Rollback, Self::Keep]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Rollback => {
                PossibleValue::new("rollback").help("Roll back to what ran before, and verify that it is healthy")
            }
            Self::Keep => PossibleValue::new("keep")
                .alias("stop")
                .help("Leave everything as it is, and say how to continue and how to roll back"),
        })
    }
}
