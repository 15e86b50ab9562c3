//! `ce-aws exec`.

use std::io::Write;
use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::aws::exec::conversation::Input;
use crate::aws::exec::error::ExecError;
use crate::aws::exec::run::{self, Container};
use crate::engine::failure::{Cause, Failure};
use crate::kinds::context::Context;
use crate::kinds::service::view::{ServiceView, TaskView};
use crate::live::reachable::{Unreachable, describe, reachable};
use crate::session::{CommandError, Exit, Output, Session};

use super::global::Global;
use super::options::Which;
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

/// A container to enter.
struct Place {
    context: Context,
    cluster: String,
    task: String,
    container: String,
}

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
    let inventory = session.inventory(&mut scope).await?;
    let service = session.service(&scope, &inventory).await?;
    let context = session.context(&scope);
    let task = choose(&service, &args.task)?;
    let cluster = service.service.as_ref().map(|facts| facts.cluster.clone()).unwrap_or_default();
    let described = describe(&context, &cluster, &task.arn).await?;
    reachable(described.as_ref(), container).map_err(refused)?;
    let place = Place { context, cluster, task: task.arn.clone(), container: container.clone() };
    if is_interactive {
        let words = if args.command.is_empty() { SHELL.map(str::to_owned).to_vec() } else { args.command.clone() };
        output.note(&format!("{container} of task {}; exit or Ctrl-D ends the session\n", task.short_id()));
        place.interact(&words, output).await
    } else {
        place.stream(&args.command).await
    }
}

/// The running task.
///
/// # Errors
///
/// There is none, or more than one.
pub fn choose<'a>(service: &'a ServiceView, id: &str) -> Result<&'a TaskView, CommandError> {
    let running = service.writers().filter(|task| task.last == "RUNNING");
    let tasks: Vec<&TaskView> = running.filter(|task| task.id().starts_with(id)).collect();
    match tasks.as_slice() {
        [one] => Ok(one),
        [] => {
            let what = if id.is_empty() { "no task is running".to_owned() } else { format!("no task {id} is running") };
            Err(CommandError::refused("exec/no-task", what)
                .hint("`ce-aws status` shows what there is; `ce-aws start` starts what was stopped"))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|task| task.short_id()).collect();
            Err(CommandError::refused("exec/several-tasks", format!("several tasks are running: {}", ids.join(", ")))
                .hint("--task chooses one"))
        }
    }
}

const AGAIN: &str = "a task gets it when it starts: `ce-aws stop`, then `ce-aws start`";

/// Why a container cannot be entered, and what to do.
pub fn refused(why: Unreachable) -> CommandError {
    let message = why.to_string();
    match why {
        Unreachable::NotRunning => CommandError::refused("exec/no-task", message).hint("`ce-aws status` shows why"),
        Unreachable::NoContainer { .. } => CommandError::refused("exec/unknown-container", message),
        Unreachable::Stopped(_) => CommandError::refused("exec/container-stopped", message)
            .hint("`ce-aws logs` shows what it has logged; some containers only prepare the others and then end"),
        Unreachable::Disabled => CommandError::refused("exec/disabled", message)
            .hint(format!("`ce-aws plan` shows whether the service has it enabled; {AGAIN}")),
        Unreachable::NoAgent(_) => CommandError::refused("exec/no-agent", message)
            .hint(
                "it starts some seconds after its container, and needs a way to the service ssmmessages and a task \
                 role with the ssmmessages actions: `ce-aws doctor` checks both",
            )
            .hint(format!("an agent that has stopped does not come back: {AGAIN}")),
    }
}

/// What went wrong after all that could be checked.
fn failed(error: ExecError) -> CommandError {
    let message = error.to_string();
    let (cause, hint) = match error {
        ExecError::Refused(failure) => return with_hints(failure).into(),
        ExecError::Forbidden { .. } | ExecError::Unsigned { .. } => (Cause::Denied, POLICY),
        ExecError::Encrypted => {
            (Cause::Refused, "the AWS CLI with the Session Manager plugin can: `aws ecs execute-command`")
        }
        ExecError::Unreachable { .. } => {
            (Cause::Unavailable, "the connection goes straight to ssmmessages in the region, without a proxy")
        }
        _ => (
            Cause::Unavailable,
            "how far the command has come is not known: `ce-aws logs` and `ce-aws status` show more",
        ),
    };
    Failure::of(cause, message).hint(hint).into()
}

const POLICY: &str = "`ce-aws policy --for upgrade` prints the permissions that this needs";

fn with_hints(failure: Failure) -> Failure {
    match failure.cause {
        Cause::Denied => failure.hint(POLICY),
        _ if failure.code == "TargetNotConnectedException" => failure.hint(
            "the agent in the container has no connection: run it again in some seconds, and see whether the task role \
             has the ssmmessages actions",
        ),
        _ => failure,
    }
}

/// Writes bytes as they are; false when nobody reads them any more.
fn write(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout().lock();
    bytes.is_empty() || out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}

impl Place {
    fn container(&self) -> Container<'_> {
        Container { cluster: &self.cluster, task: &self.task, name: &self.container }
    }

    /// The first Ctrl-C interrupts the command, the second ends this one.
    async fn stream(&self, command: &[String]) -> Result<Exit, CommandError> {
        let (sender, mut input) = mpsc::channel(4);
        // Nobody is there to receive it only if the session has ended.
        let _ = sender.send(Input::Size(terminal::size())).await;
        let at = self.container();
        let mut running = std::pin::pin!(run::stream(&self.context.aws, &at, command, &mut input, write));
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
    async fn interact(&self, command: &[String], output: &Output) -> Result<Exit, CommandError> {
        let (sender, mut input) = mpsc::channel(64);
        let at = self.container();
        let raw = terminal::Raw::enter().map_err(CommandError::unexpected)?;
        terminal::send_keys(sender.clone());
        let running = run::interact(&self.context.aws, &at, command, &mut input, write);
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
    async fn interact(&self, _command: &[String], _output: &Output) -> Result<Exit, CommandError> {
        let message = "sessions on a terminal need Linux or macOS; a command after `--` runs anywhere";
        Err(CommandError::usage("usage/no-terminal", message))
    }
}
