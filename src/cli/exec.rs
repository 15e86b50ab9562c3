//! `ce-aws exec`.

use std::io::Write;
use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::aws::exec::conversation::Input;
use crate::aws::exec::error::ExecError;
use crate::aws::exec::run;
use crate::session::{CommandError, Exit, Output, Session};

use super::global::Global;
use super::options::Which;
use super::place::{Place, failed};
use super::terminal;

/// Run a command in a container of the running task, or a shell
///
/// With a command after `--`, it is run without input, its output is written to standard output as it comes (standard
/// error is in it, as the session has one terminal), and its exit code is this command's. Words are passed as they are:
/// for pipes and variables of the container, use `sh -c '…'`. Without a command, a shell is opened on this terminal.
///
/// Commands run as root (a property of ECS Exec). CloudTrail records the command line: put no secrets into it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file of the deployment, unless --name is given [default: ce-aws.toml], and the container
    #[arg(value_name = "FILE|CONTAINER", required = true, num_args = 1..=2)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Run the command on this terminal, for programs that a person talks to
    ///
    /// Such a session has no exit code.
    #[arg(short, long)]
    tty: bool,

    /// The task whose id begins so, where several run
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    task: String,

    /// The command and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// The shell of a session without a command: bash where the image has it.
const SHELL: [&str; 3] = ["sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"];

/// The byte that Ctrl-C types.
const INTERRUPT: u8 = 3;
/// The exit code after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let is_interactive = args.tty || args.command.is_empty();
    if is_interactive && !terminal::is_there() {
        let message = "there is no terminal for a session: standard input or output is none";
        return Err(CommandError::usage("usage/no-terminal", message)
            .hint("give a command after `--`, without --tty, to run it and read its output"));
    }
    let (file, container) = match args.words.as_slice() {
        [container] => (None, container),
        [file, container] if args.name.is_none() => (Some(PathBuf::from(file)), container),
        _ => return Err(CommandError::usage("usage/name", "--name and a plan file exclude each other")),
    };
    let which = Which::new(file, args.name.clone());
    let (session, mut scope, _) = Session::of(which.selected(), &global.access(), output).await?;
    let place = Place::find(&session, &mut scope, container, &args.task).await?;
    if is_interactive {
        let words = if args.command.is_empty() { SHELL.map(str::to_owned).to_vec() } else { args.command.clone() };
        output.note(&format!("{container} of task {}; exit or Ctrl-D ends the session\n", place.task_id));
        interact(&place, &words, output).await
    } else {
        stream(&place, &args.command).await
    }
}

/// Writes bytes as they are; false when nobody reads them any more.
fn write(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    bytes.is_empty() || out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}

/// The first Ctrl-C interrupts the command, the second ends this one.
async fn stream(place: &Place, command: &[String]) -> Result<Exit, CommandError> {
    let (sender, mut input) = mpsc::channel(4);
    // Nobody is there to receive it only if the session has ended.
    let _ = sender.send(Input::Size(terminal::size())).await;
    let at = place.container();
    let mut running = std::pin::pin!(run::stream(&place.context.aws, &at, command, &mut input, write));
    let mut is_interrupted = false;
    loop {
        let ended = tokio::select! {
            ended = &mut running => ended,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(CommandError::unexpected)?;
                if is_interrupted {
                    return Ok(Exit::Command(INTERRUPTED));
                }
                is_interrupted = true;
                let _ = sender.send(Input::Keys(vec![INTERRUPT])).await;
                continue;
            }
        };
        return match ended {
            Ok(code) => Ok(code.map_or(Exit::Done, Exit::Command)),
            Err(ExecError::CutOff(_)) if is_interrupted => Ok(Exit::Command(INTERRUPTED)),
            Err(error) => Err(failed(error)),
        };
    }
}

#[cfg(unix)]
async fn interact(place: &Place, command: &[String], output: &Output) -> Result<Exit, CommandError> {
    let (sender, mut input) = mpsc::channel(64);
    let at = place.container();
    let raw = terminal::Raw::enter().map_err(CommandError::unexpected)?;
    terminal::send_keys(sender.clone());
    let running = run::interact(&place.context.aws, &at, command, &mut input, write);
    // It ends with the session, which then takes no more sizes.
    tokio::spawn(terminal::send_sizes(sender));
    let outcome = tokio::select! {
        ended = running => ended.map_err(failed),
        signal = terminal::ended() => {
            return signal.map(|number| Exit::Command(128 + number)).map_err(CommandError::unexpected);
        }
    };
    drop(raw);
    let why = outcome?;
    if !why.is_empty() {
        output.always(&format!("the session has ended: {why}\n"));
    }
    Ok(Exit::Done)
}

#[cfg(not(unix))]
async fn interact(_place: &Place, _command: &[String], _output: &Output) -> Result<Exit, CommandError> {
    let message = "sessions on a terminal need Linux or macOS; a command after `--` runs anywhere";
    Err(CommandError::usage("usage/no-terminal", message))
}
