//! `ce-aws man`.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::session::{CommandError, Exit};

use super::args::Cli;

/// Write the man pages
///
/// Into an existing directory: ce-aws.1, and one page for each command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Directory to write to
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> Result<Exit, CommandError> {
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(|error| {
        CommandError::usage("usage/unwritable", format!("cannot write to {}: {error}", args.folder.display()))
    })?;
    Ok(Exit::Done)
}
