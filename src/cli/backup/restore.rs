//! `ce-aws backup restore`.

use std::path::Path;

use crate::config::PlanFile;
use crate::session::lease::of_file;
use crate::session::{CommandError, Exit, Found, Output, PLAN_FILE, Session, Source};
use crate::upgrade::limits::Limits;
use crate::upgrade::restore_point::{self, Wanted};
use crate::upgrade::run::Context;

use super::super::global::Global;
use super::super::options::{ChangeOptions, Timing};

/// Restore a recovery point
///
/// Always into a new file system: Cloud Exchange is stopped, AWS Backup restores, everything is moved to where it was,
/// and the same release starts on it and is verified. The file system before is kept, with all its data, until `ce-aws
/// backup drop` deletes it; when a step fails, it is used again.
///
/// Whatever interrupts it: --resume continues and --rollback rolls back, from what is in AWS alone. An upgrade or
/// another restore that cannot be ended otherwise is ended by a restore: what ran before runs on the recovery point.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ce-aws backup restore [OPTIONS] [FILE] <POINT|--resume|--rollback>",
    group = clap::ArgGroup::new("what").required(true).multiple(true).args(["words", "resume", "rollback"])
)]
pub struct Args {
    /// Plan file [default: ce-aws.toml], and a recovery point: `latest`, or its ARN or the end of it as
    /// `ce-aws backup list` shows them
    #[arg(value_names = ["FILE", "POINT"], num_args = 1..=2)]
    words: Vec<String>,

    /// Finish a restore that was interrupted
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,

    /// Roll back a restore that was interrupted
    #[arg(long)]
    rollback: bool,

    /// Restore even data that another release has written
    #[arg(long, conflicts_with_all = ["resume", "rollback"])]
    other_release: bool,

    #[command(flatten)]
    change: ChangeOptions,

    #[command(flatten)]
    timing: Timing,
}

impl Args {
    /// The plan file, and the recovery point where one is meant.
    fn meant(&self) -> Result<(&str, Option<&str>), CommandError> {
        let resumes = self.resume || self.rollback;
        match self.words.as_slice() {
            [] => Ok((PLAN_FILE, None)),
            [file] if resumes => Ok((file, None)),
            [file] if file.ends_with(".toml") => Err(CommandError::usage("usage/point", "no recovery point is named")
                .hint(format!("`ce-aws backup restore {file} latest`; `ce-aws backup list {file}` shows all"))),
            [point] => Ok((PLAN_FILE, Some(point))),
            [file, point] if !resumes => Ok((file, Some(point))),
            _ => Err(CommandError::usage("usage/point", "--resume and --rollback take no recovery point")),
        }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (path, point) = args.meant()?;
    let wanted = match point {
        _ if args.resume => Wanted::Resume,
        _ if args.rollback => Wanted::Rollback,
        point => Wanted::Point { id: point.unwrap_or_default(), other_release: args.other_release },
    };
    let work = async |session: &Session, source: &Source, file: &PlanFile, found: Found| {
        let (Found { scope, inventory }, limits) = (found, Limits::new(args.timing.deadline, args.timing.watch));
        let context = Context { session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
        restore_point::run(context, file, inventory, wanted).await
    };
    of_file(Path::new(path), args.change.manner(), &global.access(), output, work).await
}
