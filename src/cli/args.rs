//! What the command line understands.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::global::Global;
use super::{
    alarms, apply, backup, completions, cost, database, destroy, discover, doctor, exec, explain, files, graph,
    history, init, list, logs, man, open, path, plan, policy, releases, schema, size, start, status, stop, upgrade,
    validate, vpn,
};

/// Deploys Netskope Cloud Exchange on AWS Fargate, straight through the AWS API
///
/// A plan file describes one deployment. `plan` shows what would change and why, `apply` changes it, `destroy` deletes
/// it and keeps the data. There is no state file: tags in AWS record what exists, so after any interruption, run the
/// same command again. Where no plan file is named, ce-aws.toml in the working directory is used.
#[derive(Debug, Parser)]
#[command(name = "ce-aws", version = env!("CE_AWS_VERSION"), max_term_width = 100, after_long_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
    /// The command as it is written.
    #[arg(skip)]
    pub name: String,
}

impl Cli {
    /// Reads a command line, and the variables of the environment that stand for options.
    ///
    /// # Errors
    ///
    /// Wrong usage, or a request for help.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command().mut_args(without_empty_variable);
        let matches = command.try_get_matches_from_mut(words)?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        cli.name = matches.subcommand_name().unwrap_or_default().to_owned();
        cli.global.settle(&matches).map_err(|(kind, message)| command.error(kind, message))?;
        Ok(cli)
    }
}

/// An empty variable says nothing, as with AWS's own.
fn without_empty_variable(arg: Arg) -> Arg {
    let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    if is_empty { arg.env(Resettable::Reset) } else { arg }
}

const EXIT_CODES: &str = "\
Exit codes:
   0  done, or nothing to do
   1  failed unexpectedly
   2  plan --exit-code: changes are pending
   3  stopped part way; running the command again converges
   4  another run holds the lease
   5  refused by a check; nothing was changed
   6  an upgrade failed and was rolled back
   7  an upgrade is stuck; a person must decide
  64  wrong usage or plan file

Data goes to standard output, everything else to standard error.";

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(Box<init::Args>),
    Discover(discover::Args),
    Validate(validate::Args),
    Doctor(doctor::Args),
    Explain(explain::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Upgrade(Box<upgrade::Args>),
    Stop(stop::Args),
    Start(start::Args),
    Destroy(destroy::Args),
    Status(status::Args),
    Alarms(alarms::Args),
    Logs(logs::Args),
    Exec(exec::Args),
    Open(open::Args),
    Vpn(vpn::Args),
    Path(path::Args),
    List(list::Args),
    Releases(releases::Args),
    Backup(backup::Args),
    Database(database::Args),
    Files(files::Args),
    History(history::Args),
    Graph(graph::Args),
    Cost(cost::Args),
    Size(size::Args),
    Policy(policy::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    #[command(hide = true)]
    Man(man::Args),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_has_a_help_text() {
        let command = Cli::command();
        for sub in command.get_subcommands() {
            assert!(sub.get_about().is_some(), "{}", sub.get_name());
            for arg in sub.get_arguments().chain(command.get_arguments()) {
                assert!(arg.get_help().is_some(), "{} {}", sub.get_name(), arg.get_id());
            }
        }
    }

    #[test]
    fn names_and_files_exclude_each_other() {
        let parse = |words: &[&str]| Cli::try_parse_from(words).is_ok();
        assert!(parse(&["ce-aws", "destroy", "--name", "prod", "--yes"]));
        assert!(parse(&["ce-aws", "destroy", "a.toml", "--output", "json"]));
        assert!(!parse(&["ce-aws", "destroy", "a.toml", "--name", "prod"]));
        assert!(!parse(&["ce-aws", "status", "a.toml", "--name", "prod"]));
        assert!(!parse(&["ce-aws", "plan", "a.toml", "--delete-data"]));
    }

    #[test]
    fn the_plan_file_may_be_left_out_wherever_one_is_taken() {
        for words in [
            "validate",
            "doctor",
            "plan",
            "apply --yes",
            "upgrade --to 5.0.0",
            "upgrade --rollback",
            "stop",
            "start",
            "destroy",
            "status",
            "alarms test",
            "logs",
            "logs core ui --follow",
            "open",
            "vpn config --client alice -o alice.ovpn",
            "vpn config a.toml --client alice -o alice.ovpn --days 30",
            "vpn revoke --serial 4a00ff",
            "vpn revoke a.toml --config alice.ovpn --yes",
            "open a.toml --local-port 0 --no-browser",
            "backup create",
            "database dump -o a.gz",
            "database dump a.toml -o a.gz",
            "backup list",
            "backup drop fs-0123456789abcdef0",
            "backup drop a.toml fs-0123456789abcdef0",
            "backup restore latest",
            "backup restore a.toml latest",
            "backup restore --resume",
            "backup restore a.toml --rollback",
            "files list",
            "files list custom_plugins",
            "files list a.toml custom_plugins/x",
            "files get custom_plugins/x/main.py",
            "files get a.toml custom_plugins/x/main.py",
            "files put main.py custom_plugins/x/main.py",
            "files put a.toml main.py custom_plugins/x/main.py",
            "database restore a.gz",
            "database restore a.toml a.gz",
            "history",
            "graph",
            "policy",
        ] {
            let words = std::iter::once("ce-aws").chain(words.split(' '));
            assert!(Cli::try_parse_from(words.clone()).is_ok(), "{:?}", words.collect::<Vec<_>>());
        }
        for words in ["backup restore", "backup drop", "upgrade"] {
            assert!(Cli::try_parse_from(std::iter::once("ce-aws").chain(words.split(' '))).is_err(), "{words}");
        }
    }
}
