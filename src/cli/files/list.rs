//! `ce-aws files list`.

use serde_json::json;

use crate::engine::clock::timestamp;
use crate::live::files::{Entry, NotListed, VolumePath, list};
use crate::session::{CommandError, Exit, Output, Session};
use crate::ui::text::{clean, minute};

use super::super::global::Global;
use super::super::place::{Place, failed};
use super::super::progress::bytes;
use super::super::words::FileAnd;
use super::{Mounted, find, mounted, parse};

/// List volumes, or what lies in a folder
///
/// Without a path, the volumes and the containers that mount them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file [default: ce-aws.toml], and a path that begins with the name of a volume
    #[arg(value_name = "FILE|PATH", num_args = 0..=2)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let FileAnd { which, rest } = FileAnd::of(&args.words, args.name.as_deref());
    let path = match rest {
        [] => None,
        [path] => Some(parse(path)?),
        _ => return Err(CommandError::usage("usage/volume-path", "one path is listed at a time")),
    };
    let (session, mut scope, _) = Session::of(which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    let Some(path) = path else {
        let all = mounted(&inventory);
        output.answer(&volumes(&all), || text_of_volumes(&all))?;
        return Ok(Exit::Done);
    };
    let mounted = find(&inventory, &path)?;
    let place = Place::enter(&session, &scope, &inventory, &mounted.container, "").await?;
    let entries =
        list(&place.context.aws, &place.container(), &mounted.path, &path).await.map_err(|why| match why {
            NotListed::Exec(error) => failed(error),
            unreadable @ NotListed::Unreadable => CommandError::unexpected(unreadable),
        })?;
    output.answer(&json!({ "path": path.to_string(), "entries": entries }), || text(&path, &entries))?;
    Ok(Exit::Done)
}

fn volumes(all: &[Mounted]) -> serde_json::Value {
    let one = |mounted: &Mounted| {
        json!({
            "volume": mounted.volume,
            "container": mounted.container,
            "mounted_at": mounted.path,
            "read_only": mounted.read_only,
        })
    };
    json!({ "volumes": all.iter().map(one).collect::<Vec<_>>() })
}

fn text_of_volumes(all: &[Mounted]) -> String {
    let width = all.iter().map(|mounted| mounted.volume.len()).max().unwrap_or_default();
    let line = |mounted: &Mounted| {
        let access = if mounted.read_only { ", read-only there" } else { "" };
        format!("{:width$}  {} at {}{access}\n", mounted.volume, mounted.container, mounted.path)
    };
    if all.is_empty() { "no volumes: nothing is deployed here\n".to_owned() } else { all.iter().map(line).collect() }
}

fn text(path: &VolumePath, entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let size = if entry.kind == "file" { bytes(entry.size) } else { entry.kind.to_owned() };
        let modified = minute(&timestamp(entry.modified as f64)).to_owned();
        format!("{:>4}  {:9}  {size:>12}  {modified}  {}\n", entry.mode, entry.owner, clean(&entry.name))
    };
    if entries.is_empty() { format!("{path} is empty\n") } else { entries.iter().map(line).collect() }
}
