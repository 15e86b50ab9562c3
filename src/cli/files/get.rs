//! `ce-aws files get`.

use std::path::PathBuf;

use serde_json::json;

use crate::live::files::{LIMIT, send};
use crate::live::transfer::download::download;
use crate::session::{CommandError, Exit, Output, Session};

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::place::{Place, not_transferred};
use super::super::progress::{Shown, bytes};
use super::super::whole_file::WholeFile;
use super::super::words::FileAnd;
use super::{find, parse};

/// Copy a file of the file system to this machine
///
/// It appears here only when it is whole and its SHA-256 is the one computed in the container; only you can read it. At
/// most 50 MiB. Of files that a database is writing, a copy is worth nothing: `ce-aws database dump` makes one that is.
#[derive(Debug, clap::Args)]
#[command(override_usage = "ce-aws files get [OPTIONS] [FILE] <PATH>")]
pub struct Args {
    /// Plan file [default: ce-aws.toml], and the path, which begins with the name of a volume
    #[arg(value_names = ["FILE", "PATH"], num_args = 1..=2, required = true)]
    words: Vec<String>,

    /// Name of the deployment, when there is no plan file
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Where to write it; a file of that name is not overwritten [default: its own name, here]
    #[arg(short, long, value_name = "TARGET")]
    out: Option<PathBuf>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let FileAnd { which, rest } = FileAnd::with(&args.words, args.name.as_deref(), 1);
    let [path] = rest else { return Err(CommandError::usage("usage/volume-path", "one path is copied at a time")) };
    let path = parse(path)?;
    let name = path
        .parts
        .last()
        .ok_or_else(|| CommandError::usage("usage/volume-path", format!("{path} is a volume, and not a file")))?;
    let target = args.out.clone().unwrap_or_else(|| PathBuf::from(name));
    let (session, mut scope, _) = Session::of(which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    let mounted = find(&inventory, &path)?;
    let place = Place::enter(&session, &scope, &inventory, &mounted.container, "").await?;
    let script = send(&mounted.path, &path).unwrap_or_default();
    let container = place.container();
    let copied = async {
        let mut file = WholeFile::of_user(&target)?;
        let mut shown = Shown::new(output, "waiting for the container");
        let aws = &place.context.aws;
        let copied = download(aws, &container, &script, LIMIT, &mut file, |progress| shown.at(progress));
        let announced = copied.await.map_err(|error| not_transferred(error, "no file was written"))?;
        file.finish().map(|()| announced)
    };
    let Some(announced) = unless_ctrl_c(copied).await? else {
        output.always("interrupted: no file was written\n");
        return Ok(Exit::PartWay);
    };
    let shown = target.display().to_string();
    let answer =
        json!({ "path": path.to_string(), "file": shown, "bytes": announced.size, "sha256": announced.sha256 });
    output.answer(&answer, || format!("{shown}\n  {}, SHA-256 {}\n", bytes(announced.size), announced.sha256))?;
    Ok(Exit::Done)
}
