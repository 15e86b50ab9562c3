//! `ce-aws history`.

use std::path::{Path, PathBuf};

use crate::control::clock::Clock;
use crate::control::history::{self, Stored};
use crate::control::keeper;
use crate::session::{CommandError, Exit, Output, Session, moment};
use crate::ui::history::{State, list, one};

use super::global::Global;
use super::options::Which;

/// Show past runs: who did what, when, and what came of it
///
/// Without RUN, lists the newest runs of every command that writes. With RUN, shows that run and its events. The
/// records are in the control bucket, under `runs/`; nothing else depends on them. Reads only.
#[derive(Debug, clap::Args)]
#[command(override_usage = "ce-aws history [OPTIONS] [RUN] [FILE|--name <NAME>]")]
pub struct Args {
    /// Run to show, and the plan file of the deployment unless --name is given [default: ce-aws.toml]
    #[arg(value_names = ["RUN", "FILE"], num_args = 0..=2)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// How many runs to list
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

fn is_run(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Args {
    /// The run, if one is named, and the deployment. A single word that looks like a run, and is no file, is a run.
    fn meant(&self) -> Result<(Option<&str>, Which), CommandError> {
        let (run, file) = match (self.words.as_slice(), &self.name) {
            ([], _) => (None, None),
            ([run], Some(_)) => (Some(run), None),
            ([run], None) if is_run(run) && !Path::new(run).exists() => (Some(run), None),
            ([file], None) => (None, Some(file)),
            ([run, file], None) => (Some(run), Some(file)),
            _ => {
                let message = "either a plan file or --name says which deployment is meant, not both";
                return Err(CommandError::usage("usage/deployment", message)
                    .hint("`ce-aws history [RUN] FILE`, or `ce-aws history [RUN] --name NAME`"));
            }
        };
        match run.filter(|run| !is_run(run)) {
            Some(run) => {
                Err(CommandError::usage("usage/run", format!("{run:?} is no run: expected 16 hexadecimal digits"))
                    .hint("without a run, `ce-aws history` lists them"))
            }
            None => Ok((run.map(String::as_str), Which::new(file.map(PathBuf::from), self.name.clone()))),
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
            output.answer(&json(entry, holder, true)?, || one(entry, holder))?;
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

/// A record with what follows from it; the list leaves out what happened.
fn json(entry: &history::Entry, holder: Option<&str>, has_events: bool) -> Result<serde_json::Value, CommandError> {
    let mut value = serde_json::to_value(entry).map_err(CommandError::unexpected)?;
    value["state"] = State::of(entry, holder).text().replace(' ', "-").into();
    value["seconds"] = entry.seconds().into();
    value["steps_planned"] = entry.steps_planned().into();
    value["steps_done"] = entry.steps_done().into();
    if let (Some(object), false) = (value.as_object_mut(), has_events) {
        object.shift_remove("events");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::source::Selected;

    const RUN: &str = "0123456789abcdef";

    fn meant(words: &[&str], name: Option<&str>) -> Result<(Option<String>, String), u8> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let args = Args { words, name: name.map(str::to_owned), limit: 20 };
        let (run, which) = args.meant().map_err(|error| error.exit().code())?;
        let which = match which.selected() {
            Selected::File(path) => path.display().to_string(),
            Selected::Name(name) => format!("--name {name}"),
        };
        Ok((run.map(str::to_owned), which))
    }

    #[test]
    fn a_run_is_told_from_a_plan_file() {
        let run = || Some(RUN.to_owned());
        assert_eq!(meant(&[], None), Ok((None, "ce-aws.toml".to_owned())));
        assert_eq!(meant(&["plan.toml"], None), Ok((None, "plan.toml".to_owned())));
        assert_eq!(meant(&[RUN], None), Ok((run(), "ce-aws.toml".to_owned())));
        assert_eq!(meant(&[RUN, "plan.toml"], None), Ok((run(), "plan.toml".to_owned())));
        assert_eq!(meant(&[RUN], Some("prod")), Ok((run(), "--name prod".to_owned())));
        assert_eq!(meant(&[], Some("prod")), Ok((None, "--name prod".to_owned())));
        assert_eq!(meant(&["no-run", "plan.toml"], None), Err(64));
        assert_eq!(meant(&["plan.toml"], Some("prod")), Err(64));
        assert_eq!(meant(&[RUN, "plan.toml"], Some("prod")), Err(64));
    }
}
