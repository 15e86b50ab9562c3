//! `ce-aws schema`.

use crate::config;
use crate::session::{CommandError, Exit, Output};

/// Print the JSON Schema of plan files
///
/// Editors complete and check plan files with it.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(Args {}: &Args, output: &Output) -> Result<Exit, CommandError> {
    output.document(&config::schema())?;
    Ok(Exit::Done)
}
