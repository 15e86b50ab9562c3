//! `ce-aws logs`.

use std::path::{Path, PathBuf};

use crate::engine::clock::timestamp_in_milliseconds;
use crate::engine::failure::Cause;
use crate::kinds::context::Context;
use crate::kinds::log_group::LogGroup;
use crate::live::logs::cursor::Cursor;
use crate::live::logs::poll::{has_logged, poll};
use crate::live::logs::selection::{Line, Selection, Source};
use crate::session::output::is_reader_gone;
use crate::session::{CommandError, Exit, Output, Session, moment, span};
use crate::ui::logs::LogLine;
use crate::ui::text::duration;

use super::global::Global;
use super::interrupt::until_ctrl_c;
use super::options::Which;

mod access;

/// Show what the containers log
///
/// The lines of all containers by time, or of those that are named. Reads CloudWatch Logs, where lines arrive some
/// seconds after they were written, and stay when a task ends. Standard output has nothing but the lines; with --output
/// json, each is an object with `time`, `container`, `task` and `message`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file of the deployment, unless --name is given [default: ce-aws.toml], and containers
    ///
    /// The first is the plan file if there is a file of that name, or if it can be no container's name, such as
    /// prod.toml.
    #[arg(value_name = "FILE|CONTAINER")]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Keep showing new lines, until Ctrl-C
    #[arg(short, long)]
    follow: bool,

    /// How far back to begin, such as 90s, 20m, 12h or 3d
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = span::past)]
    since: u32,

    /// Only lines that contain this text, in the same case
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    grep: String,

    /// Only lines of the task whose id begins so
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    task: String,

    /// The requests to the load balancer instead, from its access logs
    ///
    /// The load balancer delivers them to a bucket every five minutes, and AWS does not promise that they are complete.
    /// With --output json each is an object with `time`, `client`, `request`, `status`, `target`, `seconds` and more.
    #[arg(long, conflicts_with = "task")]
    access: bool,
}

/// Seconds between two reads while following. CloudWatch Logs permits five a second and account in some regions, and
/// the containers' log driver sends every five seconds.
const PAUSE: f64 = 3.0;

impl Args {
    /// The deployment and the containers.
    fn split(&self) -> (Which, Vec<String>) {
        match self.words.split_first() {
            Some((file, containers)) if self.name.is_none() && is_file(file) => {
                (Which::new(Some(PathBuf::from(file)), None), containers.to_vec())
            }
            _ => (Which::new(None, self.name.clone()), self.words.clone()),
        }
    }
}

/// Names of containers have letters, digits, hyphens and underscores (ECS API reference, ContainerDefinition).
fn is_file(word: &str) -> bool {
    word.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)) || Path::new(word).is_file()
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (which, containers) = args.split();
    let (session, mut scope, _) = Session::of(which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    if args.access {
        return access::run(args, &containers, &session, &scope, &inventory, output).await;
    }
    let Some(source) = Source::of(&inventory) else { return Err(nothing(&session, &scope.name)) };
    let context = session.context(&scope);
    for container in &containers {
        if !source.containers.contains(container) && !has_logged(&context, &source, container).await? {
            return Err(unknown(container, &source));
        }
    }
    let kept = inventory.live.iter().find(|live| live.address.kind() == "log-group" && live.id == source.group);
    let kept = kept.and_then(|live| serde_json::from_value::<LogGroup>(live.spec.clone()).ok()?.retention_days);
    let wanted = Selection { containers, task: args.task.clone(), text: args.grep.clone() };
    let shown = Shown { context, source, wanted, output };
    until_ctrl_c(shown.all(args, kept)).await?;
    Ok(Exit::Done)
}

/// What is shown, and where.
struct Shown<'a> {
    context: Context,
    source: Source,
    wanted: Selection,
    output: &'a Output,
}

impl Shown<'_> {
    /// Until all is shown, or while following until nobody reads any more. `kept`: for how many days lines are kept.
    async fn all(&self, args: &Args, kept: Option<i32>) -> Result<(), CommandError> {
        let mut cursor = Cursor::new((moment::seconds() - i64::from(args.since)) * 1000);
        let mut count = 0;
        if !self.read(&mut cursor, &mut count).await? {
            return Ok(());
        }
        let kept = kept.filter(|days| i64::from(args.since) > i64::from(*days) * 86_400);
        if let Some(days) = kept {
            self.output.note(&format!("log group {} keeps lines for {days} days only\n", self.source.group));
        }
        if count == 0 {
            self.output.note(&self.nothing_since(args));
        }
        if !args.follow {
            return Ok(());
        }
        follow(self.output, PAUSE, async || self.read(&mut cursor, &mut count).await).await
    }

    /// Shows what is new; false when nobody reads any more.
    async fn read(&self, cursor: &mut Cursor, count: &mut usize) -> Result<bool, CommandError> {
        let now = moment::seconds().saturating_mul(1000);
        let show = |lines: Vec<Line>| {
            *count += lines.len();
            self.show(&lines)
        };
        let read = poll(&self.context, &self.source, &self.wanted, cursor, now, show).await;
        read.map_err(|error| if error.code() == Cause::Gone.code() { self.no_group() } else { error })
    }

    fn show(&self, lines: &[Line]) -> Result<bool, CommandError> {
        let text = |line: &Line| {
            let Line { time: at, container, task, message } = line;
            let line = LogLine { time: timestamp_in_milliseconds(*at), container, task, message };
            match self.output.is_json() {
                true => serde_json::to_string(&line).map(|text| text + "\n").map_err(CommandError::unexpected),
                false => Ok(line.text(&self.source.containers)),
            }
        };
        let text = lines.iter().map(text).collect::<Result<String, _>>()?;
        self.output.is_read(&text)
    }

    fn nothing_since(&self, args: &Args) -> String {
        let Selection { containers, task, text } = &self.wanted;
        let mut what = if text.is_empty() { "nothing".to_owned() } else { format!("nothing with {text:?}") };
        what += " was logged";
        if !containers.is_empty() {
            what += &format!(" by {}", containers.join(", "));
        }
        if !task.is_empty() {
            what += &format!(" in task {task}");
        }
        let further = if args.follow { "" } else { "; --since looks further back" };
        format!("{what} in the last {}{further}\n", duration(f64::from(args.since)))
    }

    fn no_group(&self) -> CommandError {
        let message = format!("there is no log group {}: nothing is logged, or it was deleted", self.source.group);
        CommandError::refused("logs/no-group", message)
            .hint("`ce-aws plan` shows whether it is the deployment's, and `ce-aws apply` creates that again")
    }
}

/// Looks again and again, `pause` seconds after the last time, until a look says that nobody reads any more.
async fn follow(
    output: &Output,
    pause: f64,
    mut look: impl AsyncFnMut() -> Result<bool, CommandError>,
) -> Result<(), CommandError> {
    let clock = moment::clock()?;
    let mut is_interrupted = false;
    loop {
        tokio::time::sleep(clock.real(pause)).await;
        if is_reader_gone() {
            return Ok(());
        }
        match look().await {
            Ok(true) => is_interrupted = false,
            Ok(false) => return Ok(()),
            // A laptop that slept, a network that changed: the next look misses nothing for it.
            Err(error) if is_passing(&error) => {
                if !is_interrupted {
                    output.note(&format!("{}; retrying\n", error.message()));
                }
                is_interrupted = true;
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_passing(error: &CommandError) -> bool {
    [Cause::Throttled, Cause::Unavailable].iter().any(|cause| error.code() == cause.code())
}

fn nothing(session: &Session, name: &str) -> CommandError {
    let place = session.target(name);
    let message =
        format!("deployment {name:?} in account {}, region {} has no task that logs", place.account, place.region);
    CommandError::refused("logs/nothing-there", message)
        .hint("`ce-aws list` shows what is deployed; the log group is deleted with its deployment")
}

fn unknown(container: &str, source: &Source) -> CommandError {
    let message = format!("no container {container:?} has logged; there are {}", source.containers.join(", "));
    CommandError::refused("logs/unknown-container", message)
}
