//! `ce-aws database dump`.

use std::path::PathBuf;

use serde_json::json;

use crate::live::database;
use crate::live::transfer::download::download;
use crate::session::{CommandError, Exit, Output, Session};

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::options::Which;
use super::super::place::{Place, failed, not_transferred};
use super::super::progress::{Shown, bytes};
use super::super::whole_file::WholeFile;

/// Dump the database to a file on this machine
///
/// Runs mongodump in MongoDB's container, checks the archive there, and copies it here through ECS Exec, which needs
/// nothing else but is slow: about a megabyte a second at best. The file appears under its name only when it is whole
/// and its SHA-256 is the one computed in the container. It is a gzip archive of the database `cte`, for `mongorestore
/// --archive=DUMP --gzip`.
///
/// Cloud Exchange keeps running. What it writes meanwhile may be in the dump in part: each collection is as it was when
/// it was read.
///
/// The dump holds the credentials of your plug-ins in clear text. Only you can read the file; keep it so.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Where to write it; a file of that name is not overwritten
    #[arg(short, long, value_name = "DUMP")]
    out: PathBuf,

    /// Dump more than 512 MiB of data, which may take hours
    #[arg(long)]
    large: bool,
}

/// Bytes of documents. As an archive they are fewer, on the channel a third more.
const LIMIT: u64 = 512 << 20;
/// No dump that a session can carry in the hours that it may live is larger.
const LARGEST: u64 = 64 << 30;

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    if args.out.to_str().is_some_and(|out| out.starts_with("s3://")) {
        let message = "a dump is written to a file of this machine, not to S3";
        return Err(CommandError::usage("usage/dump-target", message)
            .hint("the task has no rights on your buckets; copy the file with `aws s3 cp`, encrypted with a KMS key"));
    }
    let work = async {
        let file = WholeFile::of_user(&args.out)?;
        dump(args, global, output, file).await
    };
    // From the beginning: what is interrupted earlier would leave its temporary file.
    if unless_ctrl_c(work).await?.is_none() {
        output.always("interrupted: no file was written\n");
        return Ok(Exit::PartWay);
    }
    Ok(Exit::Done)
}

async fn dump(args: &Args, global: &Global, output: &Output, mut file: WholeFile) -> Result<(), CommandError> {
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let place = Place::find(&session, &mut scope, database::CONTAINER, "").await?;
    let aws = &place.context.aws;
    let facts = database::facts(aws, &place.container()).await.map_err(not_asked)?;
    if facts.data_size > LIMIT && !args.large {
        let message =
            format!("the database holds {}, more than the {} for this way", bytes(facts.data_size), bytes(LIMIT));
        return Err(CommandError::refused("database/large", message)
            .hint("--large makes the dump anyway; at a megabyte a second it may take hours")
            .hint("`ce-aws backup create` makes a recovery point instead, of any size and within AWS"));
    }
    output.note(&format!(
        "dumping {} in {} collections; the file will hold plug-in credentials in clear text\n",
        bytes(facts.data_size),
        facts.collections
    ));
    let mut shown = Shown::new(output, "dumping in the container");
    let (container, script) = (place.container(), database::dump());
    let dump = download(aws, &container, &script, LARGEST, &mut file, |progress| shown.at(progress));
    let announced = dump.await.map_err(|error| not_transferred(error, "no file was written"))?;
    file.finish()?;
    drop(shown);
    let path = args.out.display().to_string();
    let answer = json!({
        "file": path,
        "bytes": announced.size,
        "sha256": announced.sha256,
        "database": database::NAME,
        "facts": facts,
    });
    output.answer(&answer, || {
        let version = facts.version.as_deref().map(|version| format!(" of release {version}")).unwrap_or_default();
        let server = format!("MongoDB {}, {} documents{version}", facts.server, facts.documents);
        let (size, sha256) = (bytes(announced.size), announced.sha256);
        format!("{path}\n  {size}, SHA-256 {sha256}\n  {server}\n  holds plug-in credentials in clear text\n")
    })
}

fn not_asked(why: database::NotAsked) -> CommandError {
    match why {
        database::NotAsked::Unsaid(error) => failed(error),
        unreadable => CommandError::unexpected(unreadable),
    }
}
