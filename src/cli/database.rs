//! `ce-aws database`.

mod dump;
mod restore;

use crate::session::{CommandError, Exit, Output};

use super::global::Global;

/// Dump Cloud Exchange's database to a file, and restore it
///
/// A dump is portable, unlike a recovery point of the file system (`ce-aws backup`): MongoDB's own tools read it, on
/// any server. It is made in the running container of MongoDB, through ECS Exec.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Dump(dump::Args),
    Restore(Box<restore::Args>),
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Dump(args) => dump::run(args, global, output).await,
        Command::Restore(args) => restore::run(args, global, output).await,
    }
}
