//! `ce-aws history`.

use std::path::PathBuf;

use crate::control::clock::Clock;
use crate::control::history::{self, Stored};
use crate::control::keeper;
use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::moment;
use crate::session::output::Output;
use crate::ui::history::{State, list, one};

use super::global::Global;
use super::options::Which;

/// Show past runs: who did what, when, and what came of it
///
/// Without RUN: the newest runs of every command that writes. With RUN, as the list names it: that run and what happened
/// in it. The records are in the control bucket, under `runs/`; deleting them loses nothing else. Reads only.
#[derive(Debug, clap::Args)]
#[command(override_usage = "ce-aws history [OPTIONS] [RUN] <FILE|--name <NAME>>")]
pub struct Args {
    /// A run, where one is to be shown; and the plan file of the deployment, unless --name is given
    #[arg(value_names = ["RUN", "FILE"], num_args = 0..=2)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// How many runs to list
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

impl Args {
    /// The run that is meant, if any, and the deployment.
    fn meant(&self) -> Result<(Option<&str>, Which), CommandError> {
        let (run, file) = match (self.words.as_slice(), &self.name) {
            ([], Some(_)) => (None, None),
            ([run], Some(_)) => (Some(run), None),
            ([file], None) => (None, Some(file)),
            ([run, file], None) => (Some(run), Some(file)),
            _ => {
                let message = "either a plan file or --name says which deployment is meant";
                return Err(CommandError::usage("usage/deployment", message)
                    .hint("`ce-aws history plan.toml`, or `ce-aws history RUN plan.toml`, or with `--name NAME`"));
            }
        };
        let is_run = |run: &str| run.len() == 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
        match run.filter(|run| !is_run(run)) {
            Some(run) => {
                Err(CommandError::usage("usage/run", format!("{run:?} is no run: expected 16 hexadecimal digits"))
                    .hint("without a run, `ce-aws history` lists them"))
            }
            None => Ok((run.map(String::as_str), Which { file: file.map(PathBuf::from), name: self.name.clone() })),
        }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (run, which) = args.meant()?;
    let (session, scope, _) = Session::of(which.selected(), &global.access(), output).await?;
    let store = session.store();
    let (found, more) = history::read(&store, &scope.name, run, args.limit.into()).await?;
    let clock = Clock::new(moment::clock()?.scale());
    let holder = keeper::at_work(&store, &scope.name, clock).await?.map(|record| record.run);
    let holder = holder.as_deref();
    match (run, found.first()) {
        (Some(run), None) => {
            return Err(CommandError::usage("usage/run", format!("no run {run} of {} is on record", scope.name))
                .hint("without a run, `ce-aws history` lists them"));
        }
        (Some(_), Some(Stored::Entry(entry))) => {
            if output.is_json() {
                output.document(&json(entry, holder, true)?)?;
            } else {
                output.data(&one(entry, holder))?;
            }
        }
        _ if output.is_json() => {
            let shown = found.iter().map(|stored| match stored {
                Stored::Entry(entry) => json(entry, holder, false),
                Stored::Unreadable { key, why } => {
                    Ok(serde_json::json!({ "state": "unreadable", "key": key, "why": why }))
                }
            });
            output.document(&shown.collect::<Result<Vec<_>, _>>()?)?;
        }
        _ => output.data(&list(&session.target(&scope.name), &found, holder, more))?,
    }
    Ok(Exit::Done)
}

/// A record with its state in words; the list leaves out what happened.
fn json(entry: &history::Entry, holder: Option<&str>, has_events: bool) -> Result<serde_json::Value, CommandError> {
    let mut value = serde_json::to_value(entry).map_err(CommandError::unexpected)?;
    value["state"] = State::of(entry, holder).text().replace(' ', "-").into();
    if let (Some(object), false) = (value.as_object_mut(), has_events) {
        object.shift_remove("events");
    }
    Ok(value)
}
