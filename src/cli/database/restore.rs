//! `ce-aws database restore`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::blueprint::load_dump::DUMP;
use crate::config::PlanFile;
use crate::live::database;
use crate::live::transfer::upload::{Outgoing, upload};
use crate::session::lease::of_file;
use crate::session::{CommandError, Exit, Found, Output, PLAN_FILE, Session, Source};
use crate::upgrade::limits::Limits;
use crate::upgrade::load_dump::{self, Wanted};
use crate::upgrade::run::Context;

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::options::{ChangeOptions, Timing};
use super::super::place::{Place, not_transferred};
use super::super::progress::Shown;

/// Replace what the database holds by a dump
///
/// The plan is shown first. After your consent the dump is copied to the file system through ECS Exec and checked
/// there, while everything still runs. Then Cloud Exchange is stopped and confirmed stopped, a recovery point is
/// made, and MongoDB runs once, alone: it deletes the whole database `cte` and restores the dump. The same task
/// definition starts again and is verified. When a step fails, the recovery point is restored into a new file system
/// and started (exit code 6).
///
/// Where both releases are known, a dump of another release than the one that runs fails, and is rolled back. Users and
/// passwords of MongoDB are not in the dump and stay as they are.
#[derive(Debug, clap::Args)]
#[command(override_usage = "ce-aws database restore [OPTIONS] [FILE] <DUMP>")]
pub struct Args {
    /// Plan file [default: ce-aws.toml], and the dump
    #[arg(value_names = ["FILE", "DUMP"], num_args = 1..=2, required = true)]
    words: Vec<PathBuf>,

    /// Restore even a dump of another release
    #[arg(long)]
    other_release: bool,

    #[command(flatten)]
    change: ChangeOptions,

    #[command(flatten)]
    timing: Timing,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (path, dump) = match args.words.as_slice() {
        [dump] => (Path::new(PLAN_FILE), dump),
        [path, dump] => (path.as_path(), dump),
        _ => return Err(CommandError::usage("usage/dump", "no dump is named")),
    };
    let outgoing = open(dump)?;
    let sha256 = outgoing.announced.sha256.clone();
    let work = async |session: &Session, source: &Source, file: &PlanFile, found: Found| {
        let (Found { scope, inventory }, limits) = (found, Limits::new(args.timing.deadline, args.timing.watch));
        let context = Context { session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
        let wanted = Wanted { sha256: &sha256, other_release: args.other_release };
        let mut scope = scope.clone();
        let bring = async || {
            let place = Place::find(session, &mut scope, database::CONTAINER, "").await?;
            bring(&place, outgoing, output).await
        };
        load_dump::run(context, file, inventory, wanted, bring).await
    };
    of_file(path, args.change.manner(), &global.access(), output, work).await
}

fn open(dump: &Path) -> Result<Outgoing<File>, CommandError> {
    let unreadable = |error| CommandError::unreadable(dump, &error);
    let open = || File::open(dump).map_err(unreadable);
    let mut begin = [0; 2];
    // 1f 8b: RFC 1952, 2.3.1.
    if open()?.read_exact(&mut begin).is_err() || begin != [0x1f, 0x8b] {
        let message = format!("{} is no gzip archive of mongodump", dump.display());
        return Err(CommandError::usage("usage/dump", message)
            .hint("`ce-aws database dump` makes one, as does `mongodump --db=cte --gzip --archive=DUMP`"));
    }
    Outgoing::new(open()?, open()?).map_err(unreadable)
}

/// Puts the dump where the one-shot task looks for it.
async fn bring(place: &Place, outgoing: Outgoing<File>, output: &Output) -> Result<(), CommandError> {
    output.note("copying the dump to the file system; nothing is stopped yet\n");
    let mut shown = Shown::new(output, "waiting for the container");
    let container = place.container();
    let (prepare, put) = (database::receive(DUMP), database::check_and_place(DUMP));
    let brought = async {
        let brought = upload(&place.context.aws, &container, &prepare, &put, outgoing, |progress| shown.at(progress));
        brought.await.map_err(|error| not_transferred(error, "nothing was stopped or changed"))
    };
    let brought = match unless_ctrl_c(brought).await {
        Ok(None) => Err(CommandError::unexpected("interrupted: nothing was stopped or changed")),
        ended => ended.map(drop),
    };
    if brought.is_err() {
        // Best effort: the next dump takes its place.
        database::forget(&place.context.aws, &container, DUMP).await;
    }
    brought
}
