//! Options of every command.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::aws::clients::Access;
use crate::session::output::{Format, Verbosity};

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// AWS region, where the plan file names none
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,

    /// Profile of the AWS configuration files
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Role to assume first
    #[arg(long, global = true, value_name = "ARN")]
    pub role_arn: Option<String>,

    /// Address of the AWS API, for emulators and private endpoints
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// Release file, in addition to the releases that ce-aws knows; repeat for several
    ///
    /// It replaces a known release of the same number. `ce-aws releases` shows the result.
    #[arg(long, global = true, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,

    /// What to write: text for people, or JSON for scripts
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Format,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    pub color: Color,

    /// Show more; repeat to log each call to AWS (-vv) and everything (-vvv)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Write the log to this file instead of standard error
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Also write a report of this run to a new file, to send to somebody
    ///
    /// Plan, events, findings, the error and every call to AWS with its request id, as JSON. Account numbers,
    /// addresses, names and secrets are replaced by placeholders. Read it before you send it: docs/first-run.md.
    #[arg(long, global = true, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Human, Self::Json]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Human => "human",
            Self::Json => "json",
        }))
    }
}

impl Global {
    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        let is_verbose = self.verbose > 0;
        Verbosity { is_verbose, logs_to_screen: is_verbose && self.log_file.is_none() }
    }

    /// Where to work and as whom.
    pub fn access(&self) -> Access {
        Access {
            region: self.region.clone(),
            profile: self.profile.clone(),
            role_arn: self.role_arn.clone(),
            endpoint_url: self.endpoint_url.clone(),
        }
    }
}
