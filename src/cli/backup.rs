//! `ce-aws backup`.

mod create;
mod list;
mod remove;
mod restore;

use crate::session::{CommandError, Exit, Output};

use super::global::Global;

/// Create, list, restore and drop backups of the data
///
/// A backup is a recovery point of the file system, which AWS Backup creates in the deployment's own vault. An upgrade
/// creates one before it touches the data.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(create::Args),
    List(list::Args),
    Restore(restore::Args),
    Drop(remove::Args),
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Create(args) => create::run(args, global, output).await,
        Command::List(args) => list::run(args, global, output).await,
        Command::Restore(args) => restore::run(args, global, output).await,
        Command::Drop(args) => remove::run(args, global, output).await,
    }
}
