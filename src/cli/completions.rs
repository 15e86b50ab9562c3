//! `ce-aws completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::output::Output;

use super::args::Cli;

/// Print a completion script for a shell
///
/// For bash: `source <(ce-aws completions bash)`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ce-aws", &mut script);
    output.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
