//! `ce-aws completions`, and what it completes: the shell runs ce-aws with [`VARIABLE`] set, which answers from the
//! program, the local files and, for names in AWS, from there.

mod in_aws;

use std::ffi::OsStr;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _,
};
use clap_complete::env::{CompleteEnv, Shells};

use crate::checks::explain::{self, Explained};
use crate::release::{Catalogue, Label, Package, Release};
use crate::session::{CommandError, Exit, Output, moment};

use super::args::Cli;

/// What the script sets when it asks for words. `COMPLETE`, the usual name, may be set for another program.
const VARIABLE: &str = "CE_AWS_COMPLETE";

/// Print a completion script for a shell
///
/// For bash: `source <(ce-aws completions bash)`. It completes commands, options, plan files, releases, codes and
/// kinds, and runs the ce-aws that is found in the PATH. Deployments (--name) and recovery points are asked of AWS, for
/// three seconds at most.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: clap_complete::Shell,
}

pub fn run(args: &Args, output: &Output) -> Result<Exit, CommandError> {
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let shell =
        shells.completer(&name).ok_or_else(|| CommandError::unexpected(format!("no completions for {name}")))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "ce-aws", "ce-aws", "ce-aws", &mut script).map_err(CommandError::unexpected)?;
    output.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Answers a shell that asks for words; `false` in every other run.
///
/// # Errors
///
/// The shell is unknown, or nothing can be completed there.
pub fn answer() -> Result<bool, clap::Error> {
    let folder = std::env::current_dir().ok();
    let answers = CompleteEnv::with_factory(|| with_values(Cli::command())).var(VARIABLE);
    answers.try_complete(std::env::args_os(), folder.as_deref())
}

/// The name of a value says what it can be.
fn with_values(command: Command) -> Command {
    // A saved plan, which `apply` takes too, may have any name.
    let takes_any_file = command.get_name() == "apply";
    let with_value = |arg: Arg| {
        let is_plan_file = arg.is_positional() && !takes_any_file || arg.get_id() == "catalog";
        let names: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
        let candidates: fn() -> Vec<CompletionCandidate> = match names.last().map(String::as_str) {
            Some("NAME") if arg.get_id() == "name" => in_aws::deployments,
            Some("ID") if arg.get_id() == "what" => in_aws::droppable,
            Some("POINT") => return arg.add(ArgValueCompleter::new(plan_files_and_points)),
            Some("FILE") if is_plan_file => {
                return arg.add(ArgValueCompleter::new(PathCompleter::any().filter(is_toml)));
            }
            Some("RELEASE") => releases,
            Some("CODE") => codes,
            Some("SIZE") => || words(&Package::ALL),
            Some("LABEL") => || words(&Label::ALL),
            _ => return arg,
        };
        arg.add(ArgValueCandidates::new(candidates))
    };
    command.mut_args(with_value).mut_subcommands(with_values)
}

fn plan_files_and_points(current: &OsStr) -> Vec<CompletionCandidate> {
    let begun = current.to_string_lossy();
    // A path: no recovery point is named so.
    let asked = if begun.contains(['/', '.']) { Vec::new() } else { in_aws::points() };
    let points = asked.into_iter();
    let points = points.filter(|point| point.get_value().to_string_lossy().starts_with(begun.as_ref()));
    points.chain(PathCompleter::any().filter(is_toml).complete(current)).collect()
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

fn words(all: &[impl ToString]) -> Vec<CompletionCandidate> {
    all.iter().map(|word| CompletionCandidate::new(word.to_string())).collect()
}

fn releases() -> Vec<CompletionCandidate> {
    let one = |release: &Release| {
        let help = format!("{}, {}", release.label, release.support(moment::today()));
        CompletionCandidate::new(release.version.to_string()).help(Some(help.into()))
    };
    Catalogue::effective().deployable().map(one).collect()
}

fn codes() -> Vec<CompletionCandidate> {
    let of_row =
        |row: Explained| row.codes().map(move |code| CompletionCandidate::new(code).help(Some(row.when.into())));
    explain::all().flat_map(of_row).collect()
}
