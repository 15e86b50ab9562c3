//! Options of every command.

use std::path::PathBuf;

use clap::builder::{FalseyValueParser, PossibleValue};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, ValueEnum};

use crate::aws::clients::Access;
use crate::session::output::{Format, Verbosity};

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// AWS region, where the plan file names none
    #[arg(long, global = true, value_name = "REGION", env = "CE_AWS_REGION", hide_env_values = true)]
    pub region: Option<String>,

    /// Profile of the AWS configuration files
    #[arg(long, global = true, value_name = "NAME", env = "CE_AWS_PROFILE", hide_env_values = true)]
    pub profile: Option<String>,

    /// Role to assume first
    #[arg(long, global = true, value_name = "ARN", env = "CE_AWS_ROLE_ARN", hide_env_values = true)]
    pub role_arn: Option<String>,

    /// Address of the AWS API, for emulators and private endpoints
    #[arg(long, global = true, value_name = "URL", env = "CE_AWS_ENDPOINT_URL", hide_env_values = true)]
    pub endpoint_url: Option<String>,

    /// Release file, in addition to the releases that ce-aws knows; repeat for several
    ///
    /// It replaces a known release of the same number. `ce-aws releases` shows the result. The variable separates
    /// several files as PATH does.
    #[arg(long, global = true, value_name = "FILE", env = "CE_AWS_CATALOG", hide_env_values = true)]
    pub catalog: Vec<PathBuf>,

    /// What to write: text for people, or JSON for scripts
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    #[arg(env = "CE_AWS_OUTPUT", hide_env_values = true)]
    pub output: Format,

    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t)]
    #[arg(env = "CE_AWS_COLOR", hide_env_values = true)]
    pub color: Color,

    /// Use no colours, as with --color never
    #[arg(long, global = true, overrides_with = "color")]
    pub no_color: bool,

    /// Write only data, errors, and what has to be answered
    #[arg(short, long, global = true, value_parser = FalseyValueParser::new())]
    #[arg(env = "CE_AWS_QUIET", hide_env_values = true)]
    pub quiet: bool,

    /// Show more; repeat to log each call to AWS (-vv) and everything (-vvv)
    #[arg(short, long, global = true, action = ArgAction::Count, env = "CE_AWS_VERBOSE", hide_env_values = true)]
    pub verbose: u8,

    /// Write the log to this file instead of standard error
    #[arg(long, global = true, value_name = "FILE", env = "CE_AWS_LOG_FILE", hide_env_values = true)]
    pub log_file: Option<PathBuf>,

    /// Also write a report of this run to a new file, to send to somebody
    ///
    /// Plan, events, findings, the error and every call to AWS with its request id, as JSON. Account numbers,
    /// addresses, names and secrets are replaced by placeholders. Read it before you send it: docs/first-run.md.
    #[arg(long, global = true, value_name = "FILE", env = "CE_AWS_REPORT", hide_env_values = true)]
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
    /// Settles what clap cannot: an option on the command line outranks the opposite in the environment.
    ///
    /// # Errors
    ///
    /// The command line contradicts itself.
    pub fn settle(&mut self, matches: &ArgMatches) -> Result<(), (ErrorKind, &'static str)> {
        let is_from = |id: &str, source| matches.value_source(id) == Some(source);
        match ["quiet", "verbose"].map(|id| is_from(id, ValueSource::CommandLine)) {
            [true, true] => {
                return Err((ErrorKind::ArgumentConflict, "--quiet and --verbose cannot be used together"));
            }
            [true, false] => self.verbose = 0,
            [false, _] => self.quiet &= self.verbose == 0,
        }
        if is_from("catalog", ValueSource::EnvVariable) {
            self.catalog = self.catalog.iter().flat_map(std::env::split_paths).collect();
        }
        Ok(())
    }

    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        let is_verbose = self.verbose > 0;
        Verbosity { is_verbose, is_quiet: self.quiet, logs_to_screen: is_verbose && self.log_file.is_none() }
    }

    pub fn color(&self) -> Color {
        if self.no_color { Color::Never } else { self.color }
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
