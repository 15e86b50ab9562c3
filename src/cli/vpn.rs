//! `ce-aws vpn`.

mod config;

use crate::session::{CommandError, Exit, Output};

use super::global::Global;

/// Let people into the client VPN
///
/// It comes with [client_vpn] in the plan file. Each person connects with AWS VPN Client, or another OpenVPN client,
/// and a configuration of their own.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Config(config::Args),
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Config(args) => config::run(args, global, output).await,
    }
}
