//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::release::Label;
use crate::session::consent::Consent;
use crate::session::source::{PLAN_FILE, Selected};
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
}

/// What every command that writes takes.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Leasing {
    /// Work without the lease, where the bucket that holds it is forbidden
    ///
    /// Nobody else may work on the deployment meanwhile, and the run is not put on record.
    #[arg(long)]
    pub no_lease: bool,
}

/// What upgrades take, and commands that may become one.
#[derive(Clone, Debug, clap::Args)]
pub struct UpgradeOptions {
    /// Upgrade without a recovery point of the file system; with --rollback: go back on the data as they are
    #[arg(long)]
    no_backup: bool,

    /// Consent to releases that the vendor does not stand behind on Fargate
    #[arg(long, value_name = "LABEL", value_parser = label)]
    allow: Option<Label>,

    /// Seconds in which a new task has to become healthy [default: 1200]
    #[arg(long, value_name = "SECONDS")]
    deadline: Option<u32>,

    /// Seconds for which a new task has to stay healthy [default: 60]
    #[arg(long, value_name = "SECONDS")]
    watch: Option<u32>,
}

/// As the command line spells it.
pub fn label(text: &str) -> Result<Label, String> {
    let known = Label::ALL.map(|label| label.to_string());
    let found = Label::ALL.into_iter().find(|label| label.to_string() == text);
    found.ok_or_else(|| format!("a label is one of {}", known.join(", ")))
}

impl UpgradeOptions {
    /// With what is said of everything else.
    pub fn consent(&self, unprotect: bool, refresh_images: bool) -> Consent {
        let Self { no_backup, allow, deadline, watch } = *self;
        Consent { unprotect, refresh_images, no_backup, allow, deadline, watch, ..Consent::default() }
    }
}

impl ValueEnum for OnFailure {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Rollback, Self::Keep]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Rollback => {
                PossibleValue::new("rollback").help("Go back to what ran before, and prove that it is well")
            }
            Self::Keep => PossibleValue::new("keep")
                .alias("stop")
                .help("Leave everything as it is, and say how to go on and how to go back"),
        })
    }
}
