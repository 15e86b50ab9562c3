//! `ce-aws vpn`.

mod config;
mod revoke;

use crate::session::{CommandError, Exit, Output};

use super::global::Global;

/// Let people into the client VPN, and shut them out
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
    Revoke(revoke::Args),
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match &args.command {
        Command::Config(args) => config::run(args, global, output).await,
        Command::Revoke(args) => revoke::run(args, global, output).await,
    }
}

fn none(name: &str) -> CommandError {
    CommandError::refused("vpn/none", format!("{name} has no client VPN"))
        .hint("add [client_vpn] with a `client_cidr` to the plan file, and apply it")
}

fn not_ours(id: &str) -> CommandError {
    CommandError::refused("vpn/own-certificates", format!("{id} uses certificates of yours: ce-aws cannot sign for it"))
        .hint(
            "do it with your authority: `aws ec2 export-client-vpn-client-configuration` and \
             `import-client-vpn-client-certificate-revocation-list`",
        )
}
